//! What was measured, by day and quarter-hour of the home's wall clock.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use model::slot;

use super::spread;

/// Quarter-hours of a day by the clock.
pub(super) const QUARTERS: usize = 96;
/// Older days are forgotten: a year, and what is needed to compare with the same season.
const MOST_DAYS: usize = 400;

/// Means by cell, which is a quarter-hour of a local day. The hour that a clock change leaves out is
/// unknown, and the one that it repeats is the mean of both.
#[derive(Clone, Debug)]
pub(super) struct History {
    zone: TimeZone,
    first: civil::Date,
    /// NaN: unknown.
    cells: Vec<f32>,
    /// Of each cell, see [`spread::bin`].
    bins: Vec<u8>,
    /// Before each cell, and after the last one: the sum of what is known …
    sums: Vec<f64>,
    /// … and how many that are.
    counts: Vec<u32>,
}

impl History {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, first: civil::Date::ZERO, cells: Vec::new(), bins: Vec::new(), sums: vec![0.0], counts: vec![0] }
    }

    /// Enters the mean of one slot. What is not finite or before the first day is left out.
    pub(super) fn push(&mut self, start: Timestamp, value: f64) {
        if !value.is_finite() {
            return;
        }
        let local = self.zone.to_datetime(slot::start_of(start));
        if self.cells.is_empty() {
            self.first = local.date();
        }
        let Some(cell) = self.cell_of(local) else { return };
        if cell >= QUARTERS * (MOST_DAYS + 30) {
            self.forget(cell / QUARTERS - MOST_DAYS);
            return self.push(start, value);
        }
        if let Some(&before) = self.cells.get(cell) {
            self.cells[cell] = if before.is_nan() { value as f32 } else { 0.5 * (before + value as f32) };
            return self.sum_from(cell);
        }
        let from = self.cells.len();
        self.cells.resize(cell, f32::NAN);
        self.cells.push(value as f32);
        self.sum_from(from);
    }

    fn forget(&mut self, days: usize) {
        self.cells.drain(..(days * QUARTERS).min(self.cells.len()));
        self.first = self.first.saturating_add(jiff::Span::new().days(days as i64));
        self.sum_from(0);
    }

    fn sum_from(&mut self, cell: usize) {
        self.sums.truncate(cell + 1);
        self.counts.truncate(cell + 1);
        self.bins.truncate(cell);
        self.bins.extend(self.cells[cell..].iter().map(|value| spread::bin(*value)));
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

    fn cell_of(&self, local: civil::DateTime) -> Option<usize> {
        let days = self.first.until(local.date()).ok()?.get_days();
        let quarter = local.hour() as usize * 4 + local.minute() as usize / 15;
        Some(usize::try_from(days).ok()? * QUARTERS + quarter)
    }

    /// The cell of a slot, also of one to come; `None` before the first day or without any.
    pub(super) fn cell(&self, start: Timestamp) -> Option<usize> {
        (!self.cells.is_empty()).then(|| self.cell_of(self.zone.to_datetime(start)))?
    }

    /// The date of the cell's day.
    pub(super) fn date(&self, cell: usize) -> civil::Date {
        self.first.saturating_add(jiff::Span::new().days((cell / QUARTERS) as i64))
    }

    pub(super) fn cells(&self) -> &[f32] {
        &self.cells
    }

    pub(super) fn bins(&self) -> &[u8] {
        &self.bins
    }

    /// Mean of the `width` cells before `cell`, when at least half of them are known.
    pub(super) fn mean_before(&self, cell: usize, width: usize) -> Option<f64> {
        let last = self.cells.len();
        let (from, until) = (cell.saturating_sub(width).min(last), cell.min(last));
        let count = self.counts[until] - self.counts[from];
        (2 * count as usize >= width).then(|| (self.sums[until] - self.sums[from]) / f64::from(count))
    }

    /// How many days' worth of cells before `cell` are known.
    pub(super) fn days_before(&self, cell: usize) -> f64 {
        f64::from(self.counts[cell.min(self.cells.len())]) / QUARTERS as f64
    }
}
