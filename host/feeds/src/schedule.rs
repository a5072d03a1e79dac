//! When a source is worth asking. Pure: the time and a die are passed in.

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::feed::FetchError;
use crate::http::HttpError;

/// A source that has answered is asked again at this distance, for corrections.
const AGAIN: SignedDuration = SignedDuration::from_hours(6);
/// A source that others make unnecessary, to compare.
const COMPARE: SignedDuration = SignedDuration::from_hours(24);
/// A source that should have tomorrow by now.
const WAITING: SignedDuration = SignedDuration::from_mins(15);
/// First pause after a failure; doubles up to the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// The same where asking again is what is wrong: too often, or not allowed.
const FIRST_LONG_PAUSE: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_LONG_PAUSE: SignedDuration = SignedDuration::from_hours(6);
/// Not all homes ask in the second in which prices come out.
pub(crate) const SPREAD: SignedDuration = SignedDuration::from_mins(10);

/// When a market says the prices of the next day, and how far they go.
#[derive(Clone, Debug, PartialEq)]
pub struct Horizon {
    zone: TimeZone,
    published: Time,
    /// How much earlier than midnight a day of the market ends.
    ends_early: SignedDuration,
}

impl Horizon {
    /// The coupled day-ahead market of Europe: about 13:00 in Brussels, for a whole day there.
    pub fn europe() -> Self {
        let zone = TimeZone::get("Europe/Brussels").unwrap_or(TimeZone::UTC);
        Self { zone, published: Time::constant(13, 0, 0, 0), ends_early: SignedDuration::ZERO }
    }

    /// Octopus: about 16:00 in London, until 23:00 there.
    pub fn octopus() -> Self {
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        Self { zone, published: Time::constant(16, 0, 0, 0), ends_early: SignedDuration::from_hours(1) }
    }

    /// Until when prices should be known at `now`: the end of today, after publication that of tomorrow.
    /// `die`, 0 to 1, puts off the publication by up to ten minutes, so that not all homes ask at once.
    pub fn knowable_until(&self, now: Timestamp, die: f64) -> Timestamp {
        let local = self.zone.to_datetime(earlier(now, SPREAD.mul_f64(die)));
        let days = if local.time() < self.published { 1 } else { 2 };
        let end = self.midnight(local.date(), days);
        end.checked_sub(self.ends_early).unwrap_or(end)
    }

    /// When more should be known than at `now`.
    pub fn next_publication(&self, now: Timestamp, die: f64) -> Timestamp {
        let spread = SPREAD.mul_f64(die);
        let seen = earlier(now, spread);
        let at = |date: jiff::civil::Date| self.zone.to_timestamp(date.to_datetime(self.published)).ok();
        let today = self.today(seen);
        let next = at(today).filter(|time| *time > seen).or_else(|| at(today.tomorrow().ok()?));
        next.map_or(later(now, AGAIN), |next| later(next, spread))
    }

    /// Today of the market.
    pub(crate) fn today(&self, now: Timestamp) -> jiff::civil::Date {
        self.zone.to_datetime(now).date()
    }

    /// The midnight with which the day begins that is `days` after today.
    pub(crate) fn midnight_after(&self, now: Timestamp, days: i64) -> Timestamp {
        self.midnight(self.today(now), days)
    }

    fn midnight(&self, date: jiff::civil::Date, days: i64) -> Timestamp {
        let date = date.saturating_add(jiff::Span::new().days(days));
        // Only at the ends of the calendar is there none.
        date.to_zoned_datetime(self.zone.clone()).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }
}

/// How a source has been doing; kept across restarts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// When it last answered with something of use.
    pub succeeded_at: Option<Timestamp>,
    /// How often it failed since.
    pub failures: u32,
    /// Not to be asked before.
    pub not_before: Option<Timestamp>,
    /// What went wrong the last time; `None`: nothing.
    pub error: Option<String>,
}

impl Health {
    /// Notes an answer.
    pub(crate) fn success(&mut self, now: Timestamp) {
        *self = Self { succeeded_at: Some(now), ..Self::default() };
    }

    /// Notes a failure. `die`: 0 to 1.
    pub(crate) fn failure(&mut self, now: Timestamp, error: &FetchError, die: f64) {
        let (first, longest, asked) = match error {
            FetchError::Http(HttpError::Limited { retry_after }) => {
                (FIRST_LONG_PAUSE, LONGEST_LONG_PAUSE, *retry_after)
            }
            FetchError::Http(HttpError::Refused { .. } | HttpError::Address(_)) | FetchError::Secret { .. } => {
                (FIRST_LONG_PAUSE, LONGEST_LONG_PAUSE, None)
            }
            FetchError::Http(HttpError::Server { retry_after, .. }) => (FIRST_PAUSE, LONGEST_PAUSE, *retry_after),
            _ => (FIRST_PAUSE, LONGEST_PAUSE, None),
        };
        let doubled = first.checked_mul(1_i32 << self.failures.min(12)).map_or(longest, |pause| pause.min(longest));
        // From half to one and a half, so that homes that failed together do not come back together.
        let jittered = doubled.as_secs_f64() * (0.5 + die);
        let pause = match asked {
            // Never earlier than asked for.
            Some(asked) => asked.as_secs_f64() + die * SPREAD.as_secs_f64().min(asked.as_secs_f64() / 4.0),
            None => jittered,
        };
        let pause = Duration::try_from_secs_f64(pause).unwrap_or_default();
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.checked_add(pause).ok();
        self.error = Some(error.with_causes());
    }

    /// When the source is to be asked next. `covered`: whether prices are known as far as they can be, from it
    /// or from better ones; `needed`: whether better ones leave something to it. `die`: 0 to 1, the same each
    /// time for one source.
    pub(crate) fn due(&self, now: Timestamp, horizon: &Horizon, covered: bool, needed: bool, die: f64) -> Timestamp {
        self.next(now, needed, |at| {
            if covered {
                later(at, AGAIN).min(horizon.next_publication(at, die))
            } else {
                // The source is late, or has a gap.
                later(at, WAITING)
            }
        })
    }

    /// The same for a source that has something new at a fixed distance.
    pub(crate) fn due_every(&self, now: Timestamp, every: SignedDuration, needed: bool, die: f64) -> Timestamp {
        self.next(now, needed, |at| later(at, every.saturating_add(SPREAD.min(every / 4).mul_f64(die))))
    }

    fn next(&self, now: Timestamp, needed: bool, again: impl FnOnce(Timestamp) -> Timestamp) -> Timestamp {
        let wanted = match self.succeeded_at {
            None => now,
            Some(at) if needed => again(at),
            Some(at) => later(at, COMPARE),
        };
        self.not_before.map_or(wanted, |not_before| wanted.max(not_before))
    }
}

pub(crate) fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
