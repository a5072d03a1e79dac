//! What was measured, by day and quarter-hour of the home's wall clock.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, civil};
use model::slot;

/// Quarter-hours of a day by the clock.
pub(super) const QUARTERS: usize = 96;
/// Older days are forgotten: a year, and what is needed to compare with the same season.
const MOST_DAYS: usize = 400;
/// Days by which the history may be longer, so that it is not moved for every slot.
const SLACK_DAYS: usize = 30;

/// Numbers by cell, which is a quarter-hour of a local day.
#[derive(Clone, Debug)]
pub(super) struct Channel {
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

    pub(super) fn cells(&self) -> &[f32] {
        &self.cells
    }

    /// Mean of the cells from `from` to before `until`, when at least half of them are known.
    pub(super) fn mean(&self, from: usize, until: usize) -> Option<f64> {
        let last = self.cells.len();
        let width = until.checked_sub(from)?;
        let (from, until) = (from.min(last), until.min(last));
        let count = self.counts[until] - self.counts[from];
        (count > 0 && 2 * count as usize >= width).then(|| (self.sums[until] - self.sums[from]) / f64::from(count))
    }

    /// How many cells before `cell` are known.
    pub(super) fn known_before(&self, cell: usize) -> u32 {
        self.counts[cell.min(self.cells.len())]
    }
}

/// Load and temperature. The hour that a clock change leaves out is unknown, and the one that it repeats
/// is the mean of both.
#[derive(Clone, Debug)]
pub(super) struct History {
    zone: TimeZone,
    /// The day of the first cell; none until something was measured.
    first: Option<civil::Date>,
    pub(super) load: Channel,
    pub(super) temperature: Channel,
}

impl History {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, first: None, load: Channel::new(), temperature: Channel::new() }
    }

    /// Enters what was measured in one slot. What is not finite is unknown, and what lies before the first
    /// slot that was entered is left out.
    pub(super) fn push(&mut self, start: Timestamp, load_w: Option<f64>, temperature_c: Option<f64>) {
        let start = slot::start_of(start);
        let known = |value: Option<f64>| value.filter(|value| value.is_finite());
        let (load_w, temperature_c) = (known(load_w), known(temperature_c));
        if load_w.is_none() && temperature_c.is_none() {
            return;
        }
        self.first.get_or_insert_with(|| self.zone.to_datetime(start).date());
        let Some(mut cell) = self.cell(start) else { return };
        if let Some(days @ 1..) = (cell / QUARTERS).checked_sub(MOST_DAYS + SLACK_DAYS) {
            let days = days + SLACK_DAYS;
            self.load.forget(days * QUARTERS);
            self.temperature.forget(days * QUARTERS);
            self.first = Some(self.date(days * QUARTERS));
            cell -= days * QUARTERS;
        }
        if let Some(load_w) = load_w {
            self.load.set(cell, load_w);
        }
        if let Some(temperature_c) = temperature_c {
            self.temperature.set(cell, temperature_c);
        }
    }

    /// The cell of a slot, also of one to come; `None` before the first day or without any.
    pub(super) fn cell(&self, start: Timestamp) -> Option<usize> {
        let local = self.zone.to_datetime(start);
        let days = self.first?.until(local.date()).ok()?.get_days();
        let quarter = usize::try_from(local.hour()).ok()? * 4 + usize::try_from(local.minute()).ok()? / 15;
        Some(usize::try_from(days).ok()? * QUARTERS + quarter)
    }

    /// The date of the cell's day.
    pub(super) fn date(&self, cell: usize) -> civil::Date {
        self.first.unwrap_or_default().saturating_add(Span::new().days((cell / QUARTERS) as i64))
    }
}
