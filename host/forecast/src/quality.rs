//! How good a forecast is: played through a past that is known, and compared with what came.
//!
//! At every full hour the next 48 hours are forecast from what was measured before, by the model and by
//! what anybody can do without one. All are scored on the same slots.
//!
//! The mean absolute error favours the median, the root of the mean square the mean. So both are shown,
//! each with the number that the forecast offers for it; the baselines mostly have one number for both.
//! The pinball loss judges low and high: a low estimate above what came costs nine times as much as one
//! that is as far below it, and the high one the other way round.

mod score;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::slot;

pub use self::score::{Range, Score};
use crate::estimate::Estimate;

/// How far is looked ahead, in slots.
pub const SLOTS: usize = 192;

/// What anybody can forecast with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The latest day that is known at this quarter-hour.
    SameSlotYesterday,
    /// A week before.
    SameSlotLastWeek,
    /// Mean of the seven latest days that are known at this quarter-hour, low and high from the same.
    LastSevenDays,
    /// The same of 28 days, and with their median.
    LastFourWeeks,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SameSlotYesterday, Self::SameSlotLastWeek, Self::LastSevenDays, Self::LastFourWeeks];
}

/// Measured means of consecutive slots.
#[derive(Clone, Debug)]
pub struct Measured {
    first: Timestamp,
    values: Vec<Option<f64>>,
    /// Slots that the wall clock is ahead of UTC.
    offsets: Vec<i64>,
}

impl Measured {
    /// `values` of consecutive slots from the one that starts at `first`. A day before is the same time
    /// on the wall clock of `zone`.
    pub fn new(first: Timestamp, values: Vec<Option<f64>>, zone: &TimeZone) -> Self {
        let starts = std::iter::successors(Some(first), |start| Some(slot::next(*start)));
        let offset = |start| i64::from(zone.to_offset(start).seconds()) / slot::SLOT_S;
        let offsets = starts.take(values.len()).map(offset).collect();
        Self { first, values, offsets }
    }

    fn start(&self, index: usize) -> Timestamp {
        self.first.saturating_add(SignedDuration::from_secs(index as i64 * slot::SLOT_S)).unwrap_or(self.first)
    }

    /// The slot so many days before by the wall clock.
    fn before(&self, index: usize, days: usize) -> Option<usize> {
        let same = index.checked_sub(96 * days)?;
        usize::try_from(same as i64 + self.offsets.get(index)? - self.offsets.get(same)?).ok()
    }

    /// What was measured on the latest `count` days before `now`, latest first.
    fn latest(&self, index: usize, now: usize, count: usize) -> Vec<f64> {
        (1..)
            .map_while(|days| self.before(index, days))
            .filter(|source| *source < now)
            .take(count)
            .filter_map(|source| self.values[source])
            .collect()
    }

    fn baseline(&self, baseline: Baseline, index: usize, now: usize) -> Option<Estimate> {
        let one = |value: f64| Estimate { mean_w: value, median_w: value, low_w: value, high_w: value };
        match baseline {
            Baseline::SameSlotYesterday => self.latest(index, now, 1).first().copied().map(one),
            Baseline::SameSlotLastWeek => self.before(index, 7).and_then(|source| self.values[source]).map(one),
            Baseline::LastSevenDays => {
                let estimate = of_values(self.latest(index, now, 7))?;
                Some(Estimate { median_w: estimate.mean_w, ..estimate })
            }
            Baseline::LastFourWeeks => of_values(self.latest(index, now, 28)),
        }
    }

    /// Scores a baseline at every `step`-th slot from `from` on.
    pub fn score_baseline(&self, baseline: Baseline, from: usize, step: usize) -> Score {
        self.walk(from, step, |now| (now..now + SLOTS).map(|index| self.baseline(baseline, index, now)).collect())
    }

    /// Scores a forecast that is made at every `step`-th slot from `from` on; it is given the start of
    /// the first slot to forecast, and answers for [`SLOTS`] slots.
    pub fn score(
        &self,
        from: usize,
        step: usize,
        mut forecast: impl FnMut(Timestamp) -> Vec<Option<Estimate>>,
    ) -> Score {
        self.walk(from, step, |now| forecast(self.start(now)))
    }

    fn walk(&self, from: usize, step: usize, mut forecast: impl FnMut(usize) -> Vec<Option<Estimate>>) -> Score {
        let mut score = Score::default();
        let last = self.values.len().saturating_sub(SLOTS);
        for now in (from..=last).step_by(step) {
            for (ahead, estimate) in forecast(now).into_iter().enumerate() {
                if let Some(came) = self.values.get(now + ahead).copied().flatten() {
                    score.add(ahead, came, estimate);
                }
            }
        }
        score
    }
}

fn of_values(mut values: Vec<f64>) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let at = share * (values.len() - 1) as f64;
        let (low, part) = (at.floor() as usize, at.fract());
        let high = (low + 1).min(values.len() - 1);
        values[low] + part * (values[high] - values[low])
    };
    Some(Estimate {
        mean_w: values.iter().sum::<f64>() / values.len() as f64,
        median_w: quantile(0.5),
        low_w: quantile(0.1),
        high_w: quantile(0.9),
    })
}
