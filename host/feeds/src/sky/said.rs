//! What one source said. Pure.

use forecast::WeatherHour;
use forecast::solar::outlook::SolarPeriod;
use jiff::{SignedDuration, Timestamp};
use model::snapshot::Problem;
use serde::{Deserialize, Serialize};

use crate::schedule::{earlier, later};

/// Kept this long after it is over, for what was measured since.
const KEEP: SignedDuration = SignedDuration::from_hours(24);
/// Nobody knows more; what is said of later is a mistake.
const FURTHEST: SignedDuration = SignedDuration::from_hours(8 * 24);

/// What one source said, or both kinds of one that is asked for both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// In order of time.
    pub weather: Vec<WeatherHour>,
    /// Quarter-hours in order of time.
    pub solar: Vec<SolarPeriod>,
    /// What was wrong with the answer.
    pub problems: Vec<Problem>,
}

impl Said {
    /// The moments of which anything can be said at `now`.
    pub(crate) fn window(now: Timestamp) -> (Timestamp, Timestamp) {
        (earlier(now, KEEP), later(now, FURTHEST))
    }

    /// Takes an answer in. It replaces what was said from its first moment on, and nothing before.
    pub(crate) fn replace(&mut self, new: Self, now: Timestamp) {
        let (from, until) = Self::window(now);
        let kept = |start: Timestamp| (from..until).contains(&start);
        if let Some(first) = new.weather.first() {
            self.weather.retain(|hour| hour.start < first.start);
        }
        if let Some(first) = new.solar.first() {
            self.solar.retain(|period| period.start < first.start);
        }
        self.weather.extend(new.weather);
        self.weather.retain(|hour| kept(hour.start));
        self.solar.extend(new.solar);
        self.solar.retain(|period| kept(period.start));
        self.problems = new.problems;
    }

    /// Mean power of the slot that begins at `start`.
    pub(crate) fn solar_w(&self, start: Timestamp) -> Option<f64> {
        of_slot(&self.solar, start)
    }

    /// The end of what is said of the sun.
    pub(crate) fn solar_until(&self) -> Option<Timestamp> {
        self.solar.last().map(|period| period.end)
    }
}

/// Looks a slot up in a list of slots.
pub(super) fn of_slot(slots: &[SolarPeriod], start: Timestamp) -> Option<f64> {
    let index = slots.binary_search_by_key(&start, |period| period.start).ok()?;
    Some(slots[index].power_w)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn solar(starts: &[&str], power_w: f64) -> Said {
        let slot = |start: &&str| SolarPeriod { start: at(start), end: model::slot::next(at(start)), power_w };
        Said { solar: starts.iter().map(slot).collect(), ..Said::default() }
    }

    #[test]
    fn an_answer_replaces_what_it_speaks_of_and_nothing_before() {
        let mut said = solar(&["2026-06-01T09:45:00Z", "2026-06-01T10:00:00Z", "2026-06-01T10:15:00Z"], 100.0);
        let now = at("2026-06-01T10:07:00Z");
        said.replace(solar(&["2026-06-01T10:00:00Z"], 200.0), now);
        assert_eq!(said.solar_w(at("2026-06-01T09:45:00Z")), Some(100.0));
        assert_eq!(said.solar_w(at("2026-06-01T10:00:00Z")), Some(200.0));
        assert_eq!(said.solar_w(at("2026-06-01T10:15:00Z")), None);
    }

    #[test]
    fn what_is_long_over_or_too_far_is_left_out() {
        let mut said = Said::default();
        let now = at("2026-06-01T10:07:00Z");
        let starts = ["1970-01-01T00:00:00Z", "2026-05-31T10:00:00Z", "2026-06-01T10:00:00Z", "2036-06-01T10:00:00Z"];
        said.replace(solar(&starts, 1.0), now);
        assert_eq!(said.solar.len(), 1);
    }
}
