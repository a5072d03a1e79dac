//! What the home will use, learned from what it used.
//!
//! A day like today is looked for among the days before: at the same time of day the home was then in
//! a similar state (what it used in the last quarter-hour, hour, three hours, day and week), the more
//! recent the better, the same day of the week better still. What followed then, weighted by how
//! similar it was, is the distribution of what will follow now: its mean, its median and the marks
//! below and above which a tenth of it lies. So the next hours follow what was just measured, an empty
//! house stays empty, and nothing has to be fitted: learning is appending.
//!
//! ```text
//! PastSlot ─> History (day × quarter-hour by the wall clock)
//!             now: state of each earlier day at this time ─> weight of that day ─> Spread ─> Estimate
//! ```
//!
//! The method is an analogue ensemble (Delle Monache et al., "Probabilistic weather prediction with an
//! analog ensemble", Monthly Weather Review 141, 2013) with the kernel weights of local regression.
//! The weights were chosen on every other week of the shipped year; `cargo bench --bench quality` shows
//! how good the result is.

mod history;
mod spread;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use model::slot;
use model::snapshot::PastSlot;

use self::history::{History, QUARTERS};
use self::spread::Spread;
use crate::estimate::Estimate;

/// The lengths, in quarter-hours, over which use is compared: 15 minutes, 1, 3 and 6 hours, a day, a week.
const WINDOWS: [usize; 6] = [1, 4, 12, 24, 96, 672];
/// How much a difference in each of [`WINDOWS`] counts for what comes at once …
const NEAR: [f64; WINDOWS.len()] = [1.0, 1.0, 0.6, 0.0, 0.75, 0.5];
/// … and for what comes much later.
const FAR: [f64; WINDOWS.len()] = [0.14, 0.14, 0.2, 0.3, 1.0, 1.0];
/// Slots after which `NEAR` counts for a third.
const NEAR_SLOTS: f64 = 8.0;
/// The first slots of the ranges that share their weights, and the slot that stands for each.
const RANGES: [(usize, f64); 5] = [(0, 1.0), (4, 8.0), (12, 18.0), (24, 60.0), (96, 144.0)];
/// Days after which a day counts for a third.
const RECENT_DAYS: f64 = 22.0;
/// What a day counts for that is not like today at all.
const LEAST: f64 = 0.0;
/// What another day of the week counts for, when both are working days, and when they are not.
const OTHER_DAY: f64 = 0.35;
const OTHER_KIND: f64 = 0.13;
/// Weights of the quarter-hours beside the one looked for.
const BESIDE: [(isize, f64); 5] = [(0, 1.0), (-1, 0.5), (1, 0.5), (-2, 0.33), (2, 0.33)];
/// Use below this is all the same.
const FLOOR_W: f64 = 50.0;
/// The shares that make `low_w`, `median_w` and `high_w`.
const SHARES: [f64; 3] = [0.1, 0.5, 0.9];

/// How much is known of what a home uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Foundation {
    /// Nothing was measured: nothing can be said.
    Nothing,
    /// Less than a day: every hour is expected to be like those that were measured.
    Level {
        /// Days' worth of measured slots.
        days: f64,
    },
    /// Less than two weeks: the time of day is known, the day of the week hardly.
    TimeOfDay {
        /// Days' worth of measured slots.
        days: f64,
    },
    /// Two weeks and more.
    Week {
        /// Days' worth of measured slots.
        days: f64,
    },
}

/// What a home used, and what follows from it. A year takes about 700 kB.
#[derive(Clone, Debug)]
pub struct LoadModel {
    history: History,
}

impl LoadModel {
    /// Knows nothing yet. `zone` is the home's: habits go by the wall clock.
    pub fn new(zone: TimeZone) -> Self {
        Self { history: History::new(zone) }
    }

    /// Knows `load_w` of these slots, oldest first; what lies back more than 400 days is forgotten.
    pub fn learn(past: &[PastSlot], zone: TimeZone) -> Self {
        let mut model = Self::new(zone);
        for slot in past {
            if let Some(load_w) = slot.load_w {
                model.push(slot.start, load_w);
            }
        }
        model
    }

    /// Adds the mean use of one slot that is over, without batteries and tasks.
    pub fn push(&mut self, start: Timestamp, load_w: f64) {
        self.history.push(start, load_w.max(0.0));
    }

    /// How much was measured before `from`.
    pub fn foundation(&self, from: Timestamp) -> Foundation {
        let days = self.history.cell(slot::start_of(from)).map_or(0.0, |cell| self.history.days_before(cell));
        match days {
            0.0 => Foundation::Nothing,
            _ if days < 1.0 => Foundation::Level { days },
            _ if days < 14.0 => Foundation::TimeOfDay { days },
            _ => Foundation::Week { days },
        }
    }

    /// What is expected of `slots` slots from the one that contains `from`. Nothing that was measured in
    /// this slot or after it is looked at, so the past can be forecast as it would have been then.
    /// `None` where nothing is known to judge from.
    pub fn ahead(&self, from: Timestamp, slots: usize) -> Vec<Option<Estimate>> {
        let from = slot::start_of(from);
        let Some(now) = self.history.cell(from) else { return vec![None; slots] };
        let analogues = Analogues::new(&self.history, now);
        let mut spread = Spread::new();
        std::iter::successors(Some(from), |start| Some(slot::next(*start)))
            .take(slots)
            .enumerate()
            .map(|(index, start)| {
                let target = self.history.cell(start)?;
                spread.clear();
                analogues.fill(&mut spread, index, target);
                let mean_w = match spread.mean_w() {
                    Some(mean_w) => mean_w,
                    None => {
                        analogues.fill_any(&mut spread);
                        spread.mean_w()?
                    }
                };
                let [low_w, median_w, high_w] = spread.quantiles_w(SHARES);
                Some(Estimate { mean_w, median_w, low_w, high_w })
            })
            .collect()
    }
}

/// The earlier days, weighted by how much they are like today.
struct Analogues<'a> {
    history: &'a History,
    /// First cell that is not looked at.
    now: usize,
    /// By range and by days back, from one day back on.
    weights: [Vec<f64>; RANGES.len()],
}

impl<'a> Analogues<'a> {
    fn new(history: &'a History, now: usize) -> Self {
        let state = state(history, now);
        let mut weights: [Vec<f64>; RANGES.len()] = std::array::from_fn(|_| Vec::with_capacity(now / QUARTERS + 2));
        let scales = RANGES.map(|(_, middle)| {
            let near = (-middle / NEAR_SLOTS).exp();
            std::array::from_fn::<f64, { WINDOWS.len() }, _>(|w| FAR[w] + (NEAR[w] - FAR[w]) * near)
        });
        for days in 1..=now / QUARTERS + 1 {
            let recent = (-(days as f64) / RECENT_DAYS).exp();
            let squares = now.checked_sub(days * QUARTERS).map(|then| differences(&state, &self::state(history, then)));
            for (weights, scale) in weights.iter_mut().zip(&scales) {
                let distance = squares.map_or(1.0, |squares| squares.iter().zip(scale).map(|(s, a)| s * a).sum());
                weights.push(recent * ((-distance).exp() + LEAST));
            }
        }
        Self { history, now, weights }
    }

    fn fill(&self, spread: &mut Spread, index: usize, target: usize) {
        let range = RANGES.iter().rposition(|(first, _)| index >= *first).unwrap_or(0);
        let weekday = self.history.date(target).weekday();
        let kinds: [f64; 7] = std::array::from_fn(|ago| {
            let other = weekday.wrapping_sub(ago as i64);
            match (weekday, other) {
                (a, b) if a == b => 1.0,
                (a, b) if is_working_day(a) && is_working_day(b) => OTHER_DAY,
                _ => OTHER_KIND,
            }
        });
        let (cells, bins) = (self.history.cells(), self.history.bins());
        let known = self.now.min(cells.len());
        for (index, weight) in self.weights[range].iter().enumerate() {
            let days = index + 1;
            let Some(source) = target.checked_sub(days * QUARTERS) else { break };
            if source >= self.now {
                continue;
            }
            let weight = weight * kinds[days % 7];
            for (beside, share) in BESIDE {
                let Some(cell) = source.checked_add_signed(beside).filter(|cell| *cell < known) else { continue };
                let value = cells[cell];
                if value.is_finite() {
                    spread.add(bins[cell], value, weight * share);
                }
            }
        }
    }

    /// Everything that was measured in the last days, whatever the time of day.
    fn fill_any(&self, spread: &mut Spread) {
        let known = self.now.min(self.history.cells().len());
        for cell in known.saturating_sub(7 * QUARTERS)..known {
            let value = self.history.cells()[cell];
            if value.is_finite() {
                spread.add(self.history.bins()[cell], value, 1.0);
            }
        }
    }
}

fn is_working_day(day: civil::Weekday) -> bool {
    !matches!(day, civil::Weekday::Saturday | civil::Weekday::Sunday)
}

type State = [Option<f64>; WINDOWS.len()];

fn state(history: &History, cell: usize) -> State {
    WINDOWS.map(|width| history.mean_before(cell, width).map(|mean| mean.max(FLOOR_W).ln()))
}

/// Squares of the differences. What one of both does not know differs by the usual amount.
fn differences(a: &State, b: &State) -> [f64; WINDOWS.len()] {
    std::array::from_fn(|w| match (a[w], b[w]) {
        (Some(a), Some(b)) => (a - b).powi(2),
        _ => 0.25,
    })
}
