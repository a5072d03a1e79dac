//! What was measured, by day and quarter-hour.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, civil};
use model::slot;

/// Quarter-hours of a day by the clock.
pub(crate) const QUARTERS: usize = 96;
/// Older days are forgotten: a year, and what is needed to compare with the same season.
const MOST_DAYS: usize = 400;
/// Days by which the history may be longer, so that it is not moved for every slot.
const SLACK_DAYS: usize = 30;

/// Numbers by cell, which is a quarter-hour of a local day.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    /// NaN: unknown.
    cells: Vec<f32>,
    /// Before each cell, and after the last one: the sum of what is known …
    sums: Vec<f64>,
    /// … and how many that are.
    counts: Vec<u32>,
}

impl Channel {
    fn new() -> Self {
        Self { cells: Vec::new(), sums: vec![0.0], counts: vec![0] }
    }

    fn set(&mut self, cell: usize, value: f64) {
        let value = value as f32;
        let changed = match self.cells.get_mut(cell) {
            Some(before) => {
                *before = if before.is_nan() { value } else { 0.5 * (*before + value) };
                cell
            }
            None => {
                let first = self.cells.len();
                self.cells.resize(cell, f32::NAN);
                self.cells.push(value);
                first
            }
        };
        self.sum_from(changed);
    }

    fn forget(&mut self, cells: usize) {
        self.cells.drain(..cells.min(self.cells.len()));
        self.sum_from(0);
    }

    fn sum_from(&mut self, cell: usize) {
        if cell == 0 {
            *self = Self { cells: std::mem::take(&mut self.cells), ..Self::new() };
        }
        self.sums.truncate(cell + 1);
        self.counts.truncate(cell + 1);
        let (mut sum, mut count) = (self.sums[cell], self.counts[cell]);
        for value in &self.cells[cell..] {
            if value.is_finite() {
                sum += f64::from(*value);
                count += 1;
            }
            self.sums.push(sum);
            self.counts.push(count);
        }
    }

    pub(crate) fn cells(&self) -> &[f32] {
        &self.cells
    }

    /// Mean of the cells from `from` to before `until`, when at least half of them are known.
    pub(crate) fn mean(&self, from: usize, until: usize) -> Option<f64> {
        let last = self.cells.len();
        let width = until.checked_sub(from)?;
        let (from, until) = (from.min(last), until.min(last));
        let count = self.counts[until] - self.counts[from];
        (count > 0 && 2 * count as usize >= width).then(|| (self.sums[until] - self.sums[from]) / f64::from(count))
    }

    /// How many cells before `cell` are known.
    pub(crate) fn known_before(&self, cell: usize) -> u32 {
        self.counts[cell.min(self.cells.len())]
    }
}

/// Channels that share their cells. The hour that a clock change leaves out is unknown, and the one that
/// it repeats is the mean of both.
#[derive(Clone, Debug)]
pub(crate) struct History<const N: usize> {
    zone: TimeZone,
    /// The day of the first cell; none until something was measured.
    first: Option<civil::Date>,
    channels: [Channel; N],
}

impl<const N: usize> History<N> {
    /// Days begin at midnight in `zone`.
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { zone, first: None, channels: std::array::from_fn(|_| Channel::new()) }
    }

    /// Enters what was measured in one slot. What is not finite is unknown, and what lies before the first
    /// slot that was entered is left out.
    pub(crate) fn push(&mut self, start: Timestamp, values: [Option<f64>; N]) {
        let values = values.map(|value| value.filter(|value| value.is_finite()));
        if values.iter().all(Option::is_none) {
            return;
        }
        let start = slot::start_of(start);
        self.first.get_or_insert_with(|| self.zone.to_datetime(start).date());
        let Some(mut cell) = self.cell(start) else { return };
        if let Some(days @ 1..) = (cell / QUARTERS).checked_sub(MOST_DAYS + SLACK_DAYS) {
            let days = days + SLACK_DAYS;
            for channel in &mut self.channels {
                channel.forget(days * QUARTERS);
            }
            self.first = Some(self.date(days * QUARTERS));
            cell -= days * QUARTERS;
        }
        for (channel, value) in self.channels.iter_mut().zip(values) {
            if let Some(value) = value {
                channel.set(cell, value);
            }
        }
    }

    /// The cell of a slot, also of one to come; `None` before the first day or without any.
    pub(crate) fn cell(&self, start: Timestamp) -> Option<usize> {
        let local = self.zone.to_datetime(start);
        let days = self.first?.until(local.date()).ok()?.get_days();
        let quarter = usize::try_from(local.hour()).ok()? * 4 + usize::try_from(local.minute()).ok()? / 15;
        Some(usize::try_from(days).ok()? * QUARTERS + quarter)
    }

    /// The date of the cell's day.
    pub(crate) fn date(&self, cell: usize) -> civil::Date {
        self.first.unwrap_or_default().saturating_add(Span::new().days((cell / QUARTERS) as i64))
    }

    pub(crate) fn channel(&self, channel: usize) -> &Channel {
        &self.channels[channel]
    }
}
