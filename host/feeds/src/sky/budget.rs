//! A day's requests, where a source counts them. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What was asked on one day; kept across restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// In UTC, by which Solcast counts.
    day: Option<Date>,
    requests: u32,
}

impl Spent {
    /// Notes requests.
    pub(crate) fn add(&mut self, now: Timestamp, requests: u32) {
        *self = Self { day: Some(day(now)), requests: self.on(now).saturating_add(requests) };
    }

    /// When there are requests left again; `None`: there are now.
    pub(crate) fn until(&self, now: Timestamp, requests: u32, per_day: u32) -> Option<Timestamp> {
        if self.on(now).saturating_add(requests) <= per_day {
            return None;
        }
        let midnight = day(now).tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
        Some(midnight.timestamp())
    }

    fn on(&self, now: Timestamp) -> u32 {
        if self.day == Some(day(now)) { self.requests } else { 0 }
    }
}

fn day(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_so_many_requests_and_the_next_as_many_again() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut spent = Spent::default();
        let now = at("2026-11-24T23:50:00Z");
        spent.add(now, 8);
        assert_eq!(spent.until(now, 2, 10), None);
        spent.add(now, 1);
        assert_eq!(spent.until(now, 2, 10), Some(at("2026-11-25T00:00:00Z")));
        assert_eq!(spent.until(at("2026-11-25T00:00:00Z"), 2, 10), None);
        spent.add(at("2026-11-25T00:00:00Z"), 2);
        assert_eq!(spent.until(at("2026-11-25T00:00:00Z"), 8, 10), None);
        assert!(spent.until(at("2026-11-25T00:00:00Z"), 9, 10).is_some());
    }
}
