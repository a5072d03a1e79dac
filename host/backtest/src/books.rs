//! What is noted on the way through a series: money and energy in all and by day and month, and the charge of each
//! battery.

use forecast::SeriesRow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::slot::SLOT_S;
use simulator::{Account, Home, Step, Totals};

use crate::Played;

/// The accounts of one way.
pub(crate) struct Books {
    zone: TimeZone,
    total: Account,
    day: Split,
    month: Split,
}

/// An account for each day or month.
struct Split {
    format: &'static str,
    label: String,
    account: Account,
}

impl Split {
    fn new(format: &'static str, home: &Home) -> Self {
        Self { format, label: String::new(), account: Account::of(home) }
    }

    fn close(&mut self, played: &mut Played) {
        if self.label.is_empty() {
            return;
        }
        let cost = self.account.totals().cost_adjusted_eur;
        if self.format == "%F" {
            played.days.push(cost);
        } else {
            played.months.push((self.label.clone(), cost));
        }
    }
}

impl Books {
    pub(crate) fn new(home: &Home, zone: TimeZone) -> Self {
        Self { zone, total: Account::of(home), day: Split::new("%F", home), month: Split::new("%Y-%m", home) }
    }

    /// A slot begins, and a new day or month where it does.
    pub(crate) fn begin(&mut self, start: Timestamp, home: &Home, played: &mut Played) {
        let local = start.to_zoned_datetime(self.zone.clone());
        for split in [&mut self.day, &mut self.month] {
            let label = local.strftime(split.format).to_string();
            if label != split.label {
                split.close(played);
                *split = Split { label, ..Split::new(split.format, home) };
            }
        }
        played.socs_pct.resize_with(home.batteries().len(), Vec::new);
        for (socs_pct, battery) in played.socs_pct.iter_mut().zip(home.batteries()) {
            socs_pct.push(battery.soc_pct());
        }
    }

    /// A slot is over.
    pub(crate) fn add(&mut self, step: &Step, home: &Home, row: &SeriesRow) {
        for account in [&mut self.total, &mut self.day.account, &mut self.month.account] {
            account.add(step, home, row.import_price, row.export_price, SLOT_S as f64);
        }
    }

    /// The series is over.
    pub(crate) fn close(mut self, played: &mut Played) -> Totals {
        let totals = self.total.totals();
        self.day.close(played);
        self.month.close(played);
        played.totals = Some(totals);
        totals
    }
}
