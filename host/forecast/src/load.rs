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
//! The weights were searched for on every other week of the shipped year, then rounded and settled on all of
//! it, so on another home the gain may be smaller; `cargo bench --bench quality` shows what it is.

mod kinds;
mod warmth;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use model::slot;
use model::snapshot::{PastSlot, Problem, Slot};

use self::kinds::{Kind, Likeness};
use self::warmth::{Degrees, Slopes};
use crate::estimate::Estimate;
use crate::history::{History, QUARTERS};
use crate::spread::Spread;

/// Channels of the history.
const CHANNELS: usize = 2;
const LOAD: usize = 0;
const TEMPERATURE: usize = 1;

/// The lengths, in quarter-hours, over which use is compared: 15 minutes, 1, 3 and 6 hours, a day, a week.
const WINDOWS: [usize; 6] = [1, 4, 12, 24, 96, 672];
/// How much a difference in each of [`WINDOWS`] counts for what comes at once …
const NEAR: [f64; WINDOWS.len()] = [1.0, 0.5, 0.6, 0.0, 3.0, 0.5];
/// … and for what comes much later.
const FAR: [f64; WINDOWS.len()] = [0.14, 0.14, 0.2, 0.3, 1.0, 2.8];
/// Slots after which `NEAR` counts for a third.
const NEAR_SLOTS: f64 = 11.0;
/// The first slots of the ranges that share their weights, and the slot that stands for each.
const RANGES: [(usize, f64); 6] = [(0, 0.5), (2, 3.0), (4, 8.0), (12, 18.0), (24, 60.0), (96, 144.0)];
/// Days after which a day counts for a third.
const RECENT_DAYS: f64 = 22.0;
/// Days that count for less than this, against the most similar one, are left out.
const LEAST: f64 = 1e-4;
/// The square of the difference of two states of which one is not known.
const USUAL_SQUARE: f64 = 0.25;
/// How far what followed then is moved to the level that was just measured: by the last 15 minutes and
/// by the last hour.
const FOLLOW: [f64; 2] = [0.4, 0.2];
/// … but by no more than this: the logarithm of four.
const MOST_FOLLOW: f64 = 1.4;
/// Slots after which that is a third …
const FOLLOW_SLOTS: f64 = 8.0;
/// … and from which on it is less than a thousandth, and none.
const FOLLOWED: usize = 56;
/// Weights of the quarter-hours beside the one looked for.
const BESIDE: [(isize, f64); 7] = [(0, 1.0), (-1, 0.75), (1, 0.75), (-2, 0.5), (2, 0.5), (-3, 0.25), (3, 0.25)];
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

/// What a home used, and what follows from it. A year takes about 1.5 MB.
#[derive(Clone, Debug)]
pub struct LoadModel {
    history: History<CHANNELS>,
    holidays: BTreeSet<civil::Date>,
}

impl Foundation {
    /// What the owner should know, as long as there is too little.
    pub fn problem(self) -> Option<Problem> {
        let (text, assumed) = match self {
            Self::Nothing => ("nothing was measured of what the home uses".to_owned(), ""),
            Self::Level { days } => (
                format!("the use of the home is known for {:.1} hours", 24.0 * days),
                "every hour is like those that were measured",
            ),
            Self::TimeOfDay { days } => {
                (format!("the use of the home is known for {days:.1} days"), "all days of the week are much the same")
            }
            Self::Week { .. } => return None,
        };
        let (code, subject) = ("cold-start".into(), "ahead.load-w".into());
        Some(Problem { code, subject, text, assumed: assumed.into() })
    }
}

impl LoadModel {
    /// Knows nothing yet. `zone` is the home's: habits go by the wall clock.
    pub fn new(zone: TimeZone) -> Self {
        Self { history: History::new(zone), holidays: BTreeSet::new() }
    }

    /// Knows `load_w` and `temperature_c` of these slots, oldest first. What lies back more than 400 days
    /// is forgotten.
    pub fn learn(past: &[PastSlot], zone: TimeZone) -> Self {
        let mut model = Self::new(zone);
        for slot in past {
            model.push(slot.start, slot.load_w, slot.temperature_c);
        }
        model
    }

    /// Takes these days, past and to come, for Sundays; see [`crate::holidays`].
    #[must_use]
    pub fn with_holidays(mut self, days: impl IntoIterator<Item = civil::Date>) -> Self {
        self.holidays.extend(days);
        self
    }

    /// Adds what was measured in one slot that is over: the mean use without batteries and tasks, and the
    /// mean temperature outside.
    pub fn push(&mut self, start: Timestamp, load_w: Option<f64>, temperature_c: Option<f64>) {
        let load_w = load_w.filter(|load_w| load_w.is_finite()).map(|load_w| load_w.max(0.0));
        self.history.push(start, [load_w, temperature_c]);
    }

    /// How much was measured before `from`.
    pub fn foundation(&self, from: Timestamp) -> Foundation {
        let cells =
            self.history.cell(slot::start_of(from)).map_or(0, |cell| self.history.channel(LOAD).known_before(cell));
        let days = f64::from(cells) / QUARTERS as f64;
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
        self.ahead_with(from, slots, |_| None)
    }

    /// Fills in the load of slots that do not have it. `load_w` is the mean, since what is planned with is
    /// energy and money, whose expectation it gives; the median would miss a seventh of a home's use.
    pub fn fill(&self, ahead: &mut [Slot]) {
        let Some(first) = ahead.first().map(|slot| slot.start) else { return };
        let by_index: Vec<Option<f64>> = ahead.iter().map(|slot| slot.temperature_c).collect();
        let temperature_c = |start: Timestamp| {
            let index = start.duration_since(first).as_secs() / slot::SLOT_S;
            usize::try_from(index).ok().and_then(|index| by_index.get(index).copied().flatten())
        };
        let estimates = self.ahead_with(first, ahead.len(), temperature_c);
        for (slot, estimate) in ahead.iter_mut().zip(estimates) {
            if let (None, Some(estimate)) = (slot.load_w, estimate) {
                estimate.put_load(slot);
            }
        }
    }

    /// The same as [`LoadModel::ahead`], with the temperature that is forecast for the slot that begins at the given time.
    pub fn ahead_with(
        &self,
        from: Timestamp,
        slots: usize,
        temperature_c: impl Fn(Timestamp) -> Option<f64>,
    ) -> Vec<Option<Estimate>> {
        let from = slot::start_of(from);
        let starts = std::iter::successors(Some(from), |start| Some(slot::next(*start))).take(slots);
        let Some(now) = self.history.cell(from) else { return vec![None; slots] };
        let targets: Vec<Option<usize>> = starts.clone().map(|start| self.history.cell(start)).collect();
        let mut analogues = Analogues::new(self, now, targets.iter().flatten().max().copied().unwrap_or(now));
        let warmth = Warmth::new(&self.history, now, starts.map(temperature_c));
        let mut spread = Spread::new();
        targets
            .into_iter()
            .enumerate()
            .map(|(index, target)| {
                let target = target?;
                spread.clear();
                analogues.fill(&mut spread, index, target);
                let warmer_w = |warmth: &Warmth| warmth.more_w(index, analogues.degrees(index, target, warmth));
                let (mean_w, more_w) = match spread.mean_w() {
                    Some(mean_w) => (mean_w, warmth.as_ref().map_or(0.0, warmer_w)),
                    None => {
                        analogues.fill_any(&mut spread);
                        (spread.mean_w()?, 0.0)
                    }
                };
                let [low_w, median_w, high_w] = spread.quantiles_w(SHARES).map(|value| (value + more_w).max(0.0));
                Some(Estimate { mean_w: (mean_w + more_w).max(0.0), median_w, low_w, high_w })
            })
            .collect()
    }
}

/// What the temperature forecast adds to what was used on other days.
struct Warmth<'a> {
    history: &'a History<CHANNELS>,
    now: usize,
    slopes: Slopes,
    /// Of each slot ahead, from the mean of the day around it.
    ahead: Vec<Option<Degrees>>,
}

impl<'a> Warmth<'a> {
    /// `None` when there is nothing to add.
    fn new(history: &'a History<CHANNELS>, now: usize, forecast: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let slopes = Slopes::learn(history, now);
        if slopes.is_none() {
            return None;
        }
        let before = QUARTERS / 2;
        let measured = history.channel(TEMPERATURE).cells();
        let mut known: Vec<Option<f64>> = (now.saturating_sub(before)..now)
            .map(|cell| measured.get(cell).copied().filter(|value| value.is_finite()).map(f64::from))
            .collect();
        let first = known.len();
        known.extend(forecast);
        if known[first..].iter().all(Option::is_none) {
            return None;
        }
        let ahead = (first..known.len())
            .map(|at| {
                let around = &known[at.saturating_sub(before)..(at + before).min(known.len())];
                let count = around.iter().flatten().count();
                (count > 0).then(|| Degrees::of(around.iter().flatten().sum::<f64>() / count as f64))
            })
            .collect();
        Some(Self { history, now, slopes, ahead })
    }

    /// Of a slot that was measured.
    fn then(&self, cell: usize) -> Option<Degrees> {
        let (from, until) = (cell.saturating_sub(QUARTERS / 2), (cell + QUARTERS / 2).min(self.now));
        self.history.channel(TEMPERATURE).mean(from, until).map(Degrees::of)
    }

    fn more_w(&self, index: usize, elsewhere: Option<Degrees>) -> f64 {
        match (self.ahead.get(index).copied().flatten(), elsewhere) {
            (Some(here), Some(there)) => self.slopes.more_w(here, there),
            _ => 0.0,
        }
    }
}

/// One earlier day.
#[derive(Clone, Copy)]
struct Analogue {
    /// Quarter-hours back.
    cells: usize,
    weight: f64,
    /// What was used just before now, against then: logarithms of 15 minutes and of an hour.
    gaps: [f64; 2],
}

/// The earlier days, weighted by how much they are like today.
struct Analogues<'a> {
    history: &'a History<CHANNELS>,
    /// First cell that is not looked at.
    now: usize,
    /// By range.
    days: [Vec<Analogue>; RANGES.len()],
    /// Of each day of the history and of those ahead.
    kinds: Vec<Kind>,
    likeness: Likeness,
    columns: Columns,
}

/// What followed on the earlier days at the quarter-hours about the one looked for. Neighbours share most of theirs,
/// so each is gathered once.
#[derive(Default)]
struct Columns {
    /// Range of weights, and day.
    of: Option<(usize, usize)>,
    days: Vec<(Analogue, f64)>,
    /// By cell, modulo their number.
    gathered: [Option<(usize, Spread)>; BESIDE.len()],
}

impl Columns {
    /// What followed at `cell` among those that are known.
    fn at(&mut self, cell: usize, known: &[f32]) -> &Spread {
        let place = &mut self.gathered[cell % BESIDE.len()];
        let gathered = place.take().filter(|(of, _)| *of == cell).unwrap_or_else(|| {
            let mut spread = Spread::new();
            for (day, weight) in &self.days {
                let value = cell.checked_sub(day.cells).and_then(|source| known.get(source));
                if let Some(value) = value.filter(|value| value.is_finite()) {
                    spread.add(*value, 1.0, *weight);
                }
            }
            (cell, spread)
        });
        &place.insert(gathered).1
    }
}

/// The range of weights that a slot ahead belongs to.
fn range(index: usize) -> usize {
    RANGES.iter().rposition(|(first, _)| index >= *first).unwrap_or(0)
}

impl<'a> Analogues<'a> {
    fn new(model: &'a LoadModel, now: usize, last: usize) -> Self {
        let history = &model.history;
        let kinds: Vec<Kind> = (0..=last / QUARTERS)
            .map(|day| {
                let date = history.date(day * QUARTERS);
                Kind::new(date, model.holidays.contains(&date))
            })
            .collect();
        let likeness = Likeness::learn(history, &kinds, now);
        let state = state(history, now);
        let scales = RANGES.map(|(_, middle)| {
            let near = (-middle / NEAR_SLOTS).exp();
            std::array::from_fn::<f64, { WINDOWS.len() }, _>(|w| FAR[w] + (NEAR[w] - FAR[w]) * near)
        });
        let mut days: [Vec<Analogue>; RANGES.len()] = Default::default();
        for ago in 1..=now / QUARTERS + 1 {
            let recent = (-(ago as f64) / RECENT_DAYS).exp();
            let cells = ago * QUARTERS;
            let differences = now.checked_sub(cells).map(|then| differences(&state, &self::state(history, then)));
            let gaps = differences.map_or([0.0; 2], |all| [all[0], all[1]].map(Option::unwrap_or_default));
            for (days, scale) in days.iter_mut().zip(&scales) {
                let distance = differences.map_or(1.0, |differences| {
                    let square = |difference: Option<f64>| difference.map_or(USUAL_SQUARE, |d| d * d);
                    differences.iter().zip(scale).map(|(d, a)| square(*d) * a).sum()
                });
                days.push(Analogue { cells, weight: recent * (-distance).exp(), gaps });
            }
        }
        for days in &mut days {
            let most = days.iter().map(|day| day.weight).fold(0.0, f64::max);
            days.retain(|day| day.weight >= LEAST * most);
        }
        Self { history, now, days, kinds, likeness, columns: Columns::default() }
    }

    /// Fills in what followed on earlier days.
    fn fill(&mut self, spread: &mut Spread, index: usize, target: usize) {
        let range = range(index);
        let known = self.now.min(self.history.channel(LOAD).cells().len());
        if index < FOLLOWED {
            self.fill_followed(spread, index, target);
            return;
        }
        let of = (range, target / QUARTERS);
        if self.columns.of != Some(of) {
            let days = self.weights(range, target).collect();
            self.columns = Columns { of: Some(of), days, ..Columns::default() };
        }
        for (beside, share) in BESIDE {
            if let Some(cell) = target.checked_add_signed(beside) {
                spread.add_all(self.columns.at(cell, &self.history.channel(LOAD).cells()[..known]), share);
            }
        }
    }

    /// As [`Analogues::fill`], moved to the level that was just measured.
    fn fill_followed(&self, spread: &mut Spread, index: usize, target: usize) {
        let follow = FOLLOW.map(|share| share * (-(index as f64) / FOLLOW_SLOTS).exp());
        let cells = self.history.channel(LOAD).cells();
        let known = self.now.min(cells.len());
        for (day, weight) in self.weights(range(index), target) {
            let level =
                (day.gaps[0] * follow[0] + day.gaps[1] * follow[1]).clamp(-MOST_FOLLOW, MOST_FOLLOW).exp() as f32;
            for (beside, share) in BESIDE {
                let cell = (target - day.cells).checked_add_signed(beside).filter(|cell| *cell < known);
                if let Some(value) = cell.map(|cell| cells[cell]).filter(|value| value.is_finite()) {
                    spread.add(value, level, weight * share);
                }
            }
        }
    }

    /// The earlier days with what each counts for the day of `target`.
    fn weights(&self, range: usize, target: usize) -> impl Iterator<Item = (Analogue, f64)> {
        let kind = self.kinds[target / QUARTERS];
        self.days[range].iter().filter_map(move |day| {
            let source = target.checked_sub(day.cells)?;
            Some((*day, day.weight * self.likeness.of(kind, self.kinds[source / QUARTERS])))
        })
    }

    /// How warm it was on the earlier days.
    fn degrees(&self, index: usize, target: usize, warmth: &Warmth) -> Option<Degrees> {
        let (mut degrees, mut total) = (Degrees::default(), 0.0);
        for (day, weight) in self.weights(range(index), target) {
            let source = target - day.cells;
            if let Some(then) = (source < self.now).then(|| warmth.then(source)).flatten() {
                degrees.add(then, weight);
                total += weight;
            }
        }
        (total > 0.0).then(|| {
            let mut mean = Degrees::default();
            mean.add(degrees, 1.0 / total);
            mean
        })
    }

    /// Everything that was measured in the last days, whatever the time of day.
    fn fill_any(&self, spread: &mut Spread) {
        let cells = self.history.channel(LOAD).cells();
        let known = self.now.min(cells.len());
        for value in &cells[known.saturating_sub(7 * QUARTERS)..known] {
            if value.is_finite() {
                spread.add(*value, 1.0, 1.0);
            }
        }
    }
}

type State = [Option<f64>; WINDOWS.len()];

fn state(history: &History<CHANNELS>, cell: usize) -> State {
    WINDOWS.map(|width| history.channel(LOAD).mean(cell.saturating_sub(width), cell).map(|mean| mean.max(FLOOR_W).ln()))
}

/// `None`: not known of one of both.
fn differences(a: &State, b: &State) -> State {
    std::array::from_fn(|w| Some(a[w]? - b[w]?))
}

#[cfg(test)]
mod tests;
