//! Slots: quarters of an hour `[start, end)` in UTC.

use jiff::{SignedDuration, Timestamp};

/// Length of a slot in seconds.
pub const SLOT_S: i64 = 900;

/// Start of the slot that contains `at`. Every UTC offset in use today is a multiple of a quarter of an
/// hour, so slots line up with local time everywhere.
pub fn start_of(at: Timestamp) -> Timestamp {
    let s = at.as_second() - at.as_second().rem_euclid(SLOT_S);
    Timestamp::from_second(s).unwrap_or(at)
}

/// Start of the slot after the one that begins at `start`.
pub fn next(start: Timestamp) -> Timestamp {
    start.checked_add(SignedDuration::from_secs(SLOT_S)).unwrap_or(Timestamp::MAX)
}

/// The starts of the slots from the one that contains `from` up to `until`.
pub fn starts(from: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(start_of(from)), |start| Some(next(*start))).take_while(move |start| *start < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_begins_at_the_quarter_hour_at_or_before() {
        let at: Timestamp = "2026-11-24T10:29:59.9Z".parse().unwrap();
        assert_eq!(start_of(at).to_string(), "2026-11-24T10:15:00Z");
        assert_eq!(start_of(start_of(at)), start_of(at));
        assert_eq!(start_of("1969-12-31T23:59:59Z".parse().unwrap()).to_string(), "1969-12-31T23:45:00Z");
    }

    #[test]
    fn an_autumn_day_in_berlin_has_a_hundred_slots() {
        let from = "2026-10-24T22:00:00Z".parse().unwrap();
        let until = "2026-10-25T23:00:00Z".parse().unwrap();
        assert_eq!(starts(from, until).count(), 100);
    }
}
