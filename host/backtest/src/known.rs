//! What was known at each moment.

use forecast::SeriesRow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::slot;
use model::snapshot::{PastSlot, Slot};

use crate::forecasts::{AHEAD, Forecasts};

/// Slots behind.
const BEHIND: usize = 192;
/// Local hour from which tomorrow's prices are there.
const PUBLISHED_HOUR: i8 = 13;

/// What a strategy is told of what is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foresight {
    /// All prices of the two days ahead; else today's, and from 13:00 on tomorrow's.
    pub prices: bool,
    /// Load and sun as they will be; else as the daemon's models forecast them from what was measured.
    pub home: bool,
}

impl Foresight {
    /// As it would have been then.
    pub const KNOWN: Self = Self { prices: false, home: false };
    /// As it came.
    pub const PERFECT: Self = Self { prices: true, home: true };
}

/// What is known at each moment of a series.
pub struct Knowing<'a> {
    foresight: Foresight,
    zone: TimeZone,
    forecasts: &'a Forecasts<'a>,
}

impl<'a> Knowing<'a> {
    /// Of the series that the forecasts are of.
    pub fn new(foresight: Foresight, zone: TimeZone, forecasts: &'a Forecasts<'a>) -> Self {
        Self { foresight, zone, forecasts }
    }

    /// Whether forecasts are needed.
    pub fn is_forecast(&self) -> bool {
        !self.foresight.home
    }

    /// The slots ahead, from the `k`th of the series on.
    pub fn ahead(&self, rows: &[SeriesRow], k: usize) -> Vec<Slot> {
        let rows = &rows[k..(k + AHEAD).min(rows.len())];
        let Some(first) = rows.first() else { return Vec::new() };
        let published = self.published(first.start);
        let slot = |row: &SeriesRow| {
            let priced = self.foresight.prices || row.start < published;
            let foreseen = |value: f64| self.foresight.home.then_some(value);
            Slot {
                import_price: priced.then_some(row.import_price),
                export_price: priced.then_some(row.export_price),
                solar_w: foreseen(row.solar_w),
                load_w: foreseen(row.load_w),
                ..Slot::unknown(row.start)
            }
        };
        let mut ahead: Vec<Slot> = rows.iter().map(slot).collect();
        if self.is_forecast() {
            self.forecasts.fill(k, &mut ahead);
        }
        ahead
    }

    /// Until when prices are published.
    fn published(&self, now: Timestamp) -> Timestamp {
        let local = now.to_zoned_datetime(self.zone.clone());
        let days = if local.hour() >= PUBLISHED_HOUR { 2 } else { 1 };
        let midnight = (0..days).try_fold(local, |day, _| day.tomorrow()).and_then(|day| day.start_of_day());
        midnight.map_or(Timestamp::MAX, |day| day.timestamp())
    }

    /// Local time minus UTC, seconds.
    pub fn utc_offset_s(&self, now: Timestamp) -> i32 {
        self.zone.to_offset(now).seconds()
    }

    /// What was measured before the `k`th slot.
    pub fn past(rows: &[SeriesRow], k: usize) -> Vec<PastSlot> {
        let past = |row: &SeriesRow| PastSlot {
            start: row.start,
            end: slot::next(row.start),
            import_price: Some(row.import_price),
            export_price: Some(row.export_price),
            solar_w: Some(row.solar_w),
            load_w: Some(row.load_w),
            grid_w: None,
            battery_w: None,
            soc_pct: None,
            temperature_c: Some(row.temperature_c),
            extras: Vec::new(),
        };
        rows[k.saturating_sub(BEHIND)..k].iter().map(past).collect()
    }
}
