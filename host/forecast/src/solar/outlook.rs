//! What sources say of the sun's power, each in its own periods.

use jiff::Timestamp;
use model::slot;
use model::snapshot::Problem;
use serde::{Deserialize, Serialize};

/// What is said of one period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SolarPeriod {
    /// First instant.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
    /// Mean.
    pub power_w: f64,
}

/// Periods in order of time without overlap, and what was wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// May have gaps.
    pub periods: Vec<SolarPeriod>,
    /// Of a payload.
    pub problems: Vec<Problem>,
}

/// More is no home's.
const MOST_W: f64 = 1e6;

impl Outlook {
    /// Sorts, and leaves out and names what is no period, is said twice or cannot be.
    pub(super) fn tidy(mut periods: Vec<SolarPeriod>, mut problems: Vec<Problem>) -> Self {
        let count = periods.len();
        periods.retain(|period| period.start < period.end && (0.0..=MOST_W).contains(&period.power_w));
        if periods.len() < count {
            problems.push(problem(
                "implausible",
                format!("{} of {count} periods are below 0 W, above 1 MW or without length", count - periods.len()),
                "they are left out",
            ));
        }
        periods.sort_by_key(|period| period.start);
        let mut overlaps = 0;
        let mut kept: Vec<SolarPeriod> = Vec::with_capacity(periods.len());
        for period in periods {
            match kept.last() {
                Some(last) if period.start < last.end => overlaps += 1,
                _ => kept.push(period),
            }
        }
        if overlaps > 0 {
            problems.push(problem("overlap", format!("{overlaps} periods overlap an earlier one"), "the earlier one"));
        }
        Self { periods: kept, problems }
    }

    /// An answer that cannot be read at all.
    pub(super) fn unreadable(text: String) -> Self {
        Self { periods: Vec::new(), problems: vec![problem("shape", text, "")] }
    }

    /// Mean power of each slot that is covered to the last second; `None` elsewhere.
    pub fn of_slots(&self, starts: impl IntoIterator<Item = Timestamp>) -> Vec<Option<f64>> {
        starts.into_iter().map(|start| self.of_slot(start)).collect()
    }

    fn of_slot(&self, start: Timestamp) -> Option<f64> {
        let end = slot::next(start);
        let first = self.periods.partition_point(|period| period.end <= start);
        let (mut sum_ws, mut covered_s) = (0.0, 0.0);
        for period in self.periods[first..].iter().take_while(|period| period.start < end) {
            let seconds = period.end.min(end).duration_since(period.start.max(start)).as_secs_f64();
            sum_ws += period.power_w * seconds;
            covered_s += seconds;
        }
        (covered_s >= end.duration_since(start).as_secs_f64()).then(|| sum_ws / covered_s)
    }

    /// First moment of which nothing more is said.
    pub fn known_until(&self) -> Option<Timestamp> {
        self.periods.last().map(|period| period.end)
    }
}

/// What all roofs give together. Of a slot of which one says nothing, nothing is known.
pub fn sum_of_slots<'a>(
    outlooks: impl IntoIterator<Item = &'a Outlook>,
    starts: impl IntoIterator<Item = Timestamp>,
) -> Vec<Option<f64>> {
    let outlooks: Vec<&Outlook> = outlooks.into_iter().collect();
    starts
        .into_iter()
        .map(|start| {
            let all: Option<Vec<f64>> = outlooks.iter().map(|outlook| outlook.of_slot(start)).collect();
            all.filter(|all| !all.is_empty()).map(|all| all.iter().sum())
        })
        .collect()
}

pub(super) fn problem(code: &str, text: String, assumed: &str) -> Problem {
    Problem { code: code.into(), subject: "ahead.solar-w".into(), text, assumed: assumed.into() }
}
