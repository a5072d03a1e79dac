//! Measured slots from readings: means weighted by time.

use jiff::{SignedDuration, Timestamp};
use model::snapshot::{PastSlot, extra};
use model::{Measured, slot};

/// A value of a slot that was known for less than this share of it is unknown.
const LEAST_COVERAGE: f64 = 0.5;

const CHANNELS: usize = 9;

fn channels(measured: &Measured) -> [Option<f64>; CHANNELS] {
    let Measured {
        grid_w,
        solar_w,
        load_w,
        battery_w,
        soc_pct,
        temperature_c,
        tasks_w,
        tasks_unknown_w,
        unexplained_w,
    } = *measured;
    [grid_w, solar_w, load_w, battery_w, soc_pct, temperature_c, tasks_w, tasks_unknown_w, unexplained_w]
        .map(|value| value.filter(|v| v.is_finite()))
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
    last: Option<(Timestamp, Measured)>,
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
    pub fn push(&mut self, at: Timestamp, measured: Measured) -> Vec<PastSlot> {
        let Some((from, held)) = self.last else {
            self.last = Some((at, measured));
            return Vec::new();
        };
        if at <= from {
            return Vec::new();
        }
        self.last = Some((at, measured));

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

    fn cover(&mut self, held: &Measured, from: Timestamp, until: Timestamp) {
        let seconds = until.duration_since(from).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        for (sum, value) in self.open.iter_mut().zip(channels(held)) {
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
        let [grid, solar, load, battery, soc, temperature, tasks, tasks_unknown, unexplained] = sums;
        let mut slot = PastSlot {
            end,
            solar_w: solar.mean(),
            load_w: load.mean(),
            grid_w: grid.mean(),
            battery_w: battery.mean(),
            soc_pct: soc.last(),
            temperature_c: temperature.mean(),
            ..PastSlot::unknown(start)
        };
        // What is usual needs no words.
        let unusual = |sum: Sum| sum.mean().filter(|mean| *mean != 0.0);
        slot.set_extra_w(extra::TASKS_W, unusual(tasks));
        // A part of the slot is enough for it not to be known.
        let most_w = tasks_unknown.value_seconds / slot::SLOT_S as f64;
        slot.set_extra_w(extra::TASKS_UNKNOWN_W, Some(most_w).filter(|most_w| *most_w > 0.0));
        slot.set_extra_w(extra::UNEXPLAINED_W, unusual(unexplained));
        Some(slot)
    }
}

#[cfg(test)]
mod tests;
