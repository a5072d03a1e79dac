//! One source, how it is doing and what it said. Pure.

use forecast::{WeatherHour, weather};
use jiff::{SignedDuration, Timestamp};
use model::snapshot::Problem;
use serde::{Deserialize, Serialize};

use super::ask::Answer;
use super::budget::Spent;
use super::merge::Voice;
use super::question::Question;
use super::said::Said;
use super::source::{RawSolarSource, RawWeatherSource, Site};
use crate::feed::FetchError;
use crate::schedule::{Health, earlier};

/// A source that has not answered for so long stands back behind those that have.
const FRESH: SignedDuration = SignedDuration::from_hours(6);
/// Weather that was said before is not used.
const WEATHER_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// Who is asked for what: what is kept belongs to exactly this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Key {
    pub weather: Option<RawWeatherSource>,
    pub solar: Option<RawSolarSource>,
    pub site: Site,
}

impl Key {
    /// An answer without anything of use for those who asked is a failure.
    pub(super) fn useful(&self, answer: Answer, now: Timestamp) -> Result<Answer, FetchError> {
        let is_known = |hour: &WeatherHour| hour.temperature_c.or(hour.cloud_cover_pct).is_some();
        let said = &answer.said;
        let weather = weather::known_until(&said.weather).is_some_and(|until| until > now);
        let weather = weather && said.weather.iter().any(is_known);
        let solar = said.solar_until().is_some_and(|until| until > now);
        if (self.weather.is_some() && weather) || (self.solar.is_some() && solar) {
            return Ok(answer);
        }
        let problem = said.problems.first().map(|problem| problem.text.clone());
        Err(FetchError::Useless(problem.unwrap_or_else(|| "the answer says nothing of the time ahead".into())))
    }
}

/// One source, how it is doing and what it said.
pub(super) struct Feed {
    pub key: Key,
    pub question: Question,
    pub health: Health,
    pub said: Said,
    pub spent: Spent,
    /// For sources that are at hand.
    pub looked_at: Option<Timestamp>,
    /// 0 to 1; always the same, so that a time that was spread does not move.
    pub die: f64,
}

impl Feed {
    pub(super) fn is_fresh(&self, now: Timestamp, site: &Site) -> bool {
        let lasts = FRESH.max(self.question.every(site).saturating_mul(2));
        self.health.succeeded_at.is_some_and(|at| at > earlier(now, lasts))
    }

    pub(super) fn voice(&self) -> Voice<'_> {
        Voice { name: self.question.name(), said: &self.said }
    }

    /// Whether weather that it said is not used any more.
    pub(super) fn is_too_old(&self, now: Timestamp) -> bool {
        self.health.succeeded_at.is_some_and(|at| at <= earlier(now, WEATHER_LASTS))
    }

    /// What is wrong with a source that is needed.
    pub(super) fn problem(
        &self,
        (subject, what): (&str, &str),
        until: Option<Timestamp>,
        now: Timestamp,
        too_old: bool,
    ) -> Option<Problem> {
        let name = self.question.name();
        let ahead = until.filter(|until| *until > now);
        let old = ahead.filter(|_| too_old).and(self.health.succeeded_at);
        let (code, text) = match (&self.health.error, old) {
            (Some(error), _) => ("missing", format!("`{name}` gave no {what}: {error}")),
            (None, Some(at)) => ("stale", format!("`{name}` told the {what} at {at}, more than a day ago")),
            (None, None) => return None,
        };
        let assumed = match (old, ahead) {
            (Some(_), _) => "nothing: what it said before is more than a day old".to_owned(),
            (None, Some(until)) => format!("what it said before, until {until}"),
            (None, None) => String::new(),
        };
        Some(Problem { code: code.into(), subject: subject.into(), text, assumed })
    }
}
