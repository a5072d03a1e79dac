//! Measured slots from readings: means weighted by time.

use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::PastSlot;

/// A value of a slot that was known for less than this share of it is unknown.
const LEAST_COVERAGE: f64 = 0.5;

/// What was known at one moment. Signs as everywhere; `None`: unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Import positive, export negative.
    pub grid_w: Option<f64>,
    /// Zero or more.
    pub solar_w: Option<f64>,
    /// Without batteries.
    pub load_w: Option<f64>,
    /// All batteries; discharge positive, charge negative.
    pub battery_w: Option<f64>,
    /// All batteries.
    pub soc_pct: Option<f64>,
    /// Outside.
    pub temperature_c: Option<f64>,
}

const CHANNELS: usize = 6;

impl Sample {
    fn channels(&self) -> [Option<f64>; CHANNELS] {
        [self.grid_w, self.solar_w, self.load_w, self.battery_w, self.soc_pct, self.temperature_c]
            .map(|value| value.filter(|v| v.is_finite()))
    }
}

/// Sum and duration of one channel in the open slot.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    value_seconds: f64,
    seconds: f64,
    last: f64,
}

impl Sum {
    fn covered(&self) -> bool {
        self.seconds >= LEAST_COVERAGE * slot::SLOT_S as f64
    }

    fn mean(&self) -> Option<f64> {
        self.covered().then(|| self.value_seconds / self.seconds)
    }

    fn last(&self) -> Option<f64> {
        self.covered().then_some(self.last)
    }
}

/// Turns samples into measured slots. A sample holds until the next one, but never longer than
/// `longest_hold`, so that a pause in the readings leaves a gap and not a guess.
#[derive(Clone, Debug)]
pub struct Accumulator {
    longest_hold: SignedDuration,
    last: Option<(Timestamp, Sample)>,
    open: [Sum; CHANNELS],
}

impl Accumulator {
    /// An empty one.
    pub fn new(longest_hold: SignedDuration) -> Self {
        Self { longest_hold, last: None, open: Default::default() }
    }

    /// Takes what is known at `at` and returns the slots that are over by then, oldest first. A slot
    /// in which less than half of the time is covered for every value is left out. A sample that is
    /// not later than the one before it (the clock was set back) is ignored.
    pub fn push(&mut self, at: Timestamp, sample: Sample) -> Vec<PastSlot> {
        let Some((from, held)) = self.last else {
            self.last = Some((at, sample));
            return Vec::new();
        };
        if at <= from {
            return Vec::new();
        }
        self.last = Some((at, sample));

        let until = at.min(from.saturating_add(self.longest_hold).unwrap_or(at));
        let mut done = Vec::new();
        let mut start = slot::start_of(from);
        // What is over is closed once, and slots that nothing covers are not walked through.
        while start <= until {
            let end = slot::next(start);
            self.cover(&held, from.max(start), until.min(end));
            if at < end {
                return done;
            }
            done.extend(self.close(start, end));
            start = end;
        }
        done
    }

    fn cover(&mut self, held: &Sample, from: Timestamp, until: Timestamp) {
        let seconds = until.duration_since(from).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        for (sum, value) in self.open.iter_mut().zip(held.channels()) {
            if let Some(value) = value {
                sum.value_seconds += value * seconds;
                sum.seconds += seconds;
                sum.last = value;
            }
        }
    }

    fn close(&mut self, start: Timestamp, end: Timestamp) -> Option<PastSlot> {
        let sums = std::mem::take(&mut self.open);
        if !sums.iter().any(Sum::covered) {
            return None;
        }
        let [grid, solar, load, battery, soc, temperature] = sums;
        Some(PastSlot {
            start,
            end,
            import_price: None,
            export_price: None,
            solar_w: solar.mean(),
            load_w: load.mean(),
            grid_w: grid.mean(),
            battery_w: battery.mean(),
            soc_pct: soc.last(),
            temperature_c: temperature.mean(),
            extras: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
