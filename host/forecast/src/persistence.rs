//! Tomorrow is like yesterday: solar and load of a slot ahead are what was measured in the same
//! quarter-hour a day before, else two days before. Whoever uses it marks it as such (origin
//! `persistence`).
//!
//! The day before means 24 hours before in UTC: what depends on the sun stays with it, and on the two
//! days after a clock change the load is off by an hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::snapshot::{PastSlot, Slot};

/// How many days back are looked at.
const DAYS: i64 = 2;

/// The value of the latest day that has one, and the lowest and highest when at least two have one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Estimate {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

/// Fills solar and load, each with its low and high, into those slots that do not have them. Unknown
/// stays what has no past.
pub fn fill(ahead: &mut [Slot], past: &[PastSlot]) {
    let by_start: BTreeMap<Timestamp, &PastSlot> = past.iter().map(|slot| (slot.start, slot)).collect();
    for slot in ahead {
        if slot.solar_w.is_none() {
            let solar = estimate(slot.start, &by_start, |past| past.solar_w);
            (slot.solar_w, slot.solar_low_w, slot.solar_high_w) = (solar.value, solar.low, solar.high);
        }
        if slot.load_w.is_none() {
            let load = estimate(slot.start, &by_start, |past| past.load_w);
            (slot.load_w, slot.load_low_w, slot.load_high_w) = (load.value, load.low, load.high);
        }
    }
}

fn estimate(
    start: Timestamp,
    past: &BTreeMap<Timestamp, &PastSlot>,
    column: impl Fn(&PastSlot) -> Option<f64>,
) -> Estimate {
    let values: Vec<f64> = (1..=DAYS)
        .filter_map(|days| start.checked_sub(SignedDuration::from_hours(24 * days)).ok())
        .filter_map(|before| column(past.get(&before)?))
        .filter(|value| value.is_finite())
        .collect();
    let bound = |pick: fn(f64, f64) -> f64| (values.len() > 1).then(|| values.iter().copied().reduce(pick)).flatten();
    Estimate { value: values.first().copied(), low: bound(f64::min), high: bound(f64::max) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn past(start: &str, solar_w: Option<f64>, load_w: Option<f64>) -> PastSlot {
        let start = at(start);
        PastSlot {
            start,
            end: model::slot::next(start),
            import_price: None,
            export_price: None,
            solar_w,
            load_w,
            grid_w: None,
            battery_w: None,
            soc_pct: None,
            temperature_c: None,
            extras: Vec::new(),
        }
    }

    #[test]
    fn the_day_before_counts_more_than_the_one_before_it() {
        let past =
            [past("2026-11-22T10:00:00Z", Some(500.0), Some(300.0)), past("2026-11-23T10:00:00Z", Some(100.0), None)];
        let mut ahead = [Slot::unknown(at("2026-11-24T10:00:00Z"))];
        fill(&mut ahead, &past);
        let [slot] = &ahead;
        assert_eq!(slot.solar_w, Some(100.0));
        assert_eq!((slot.solar_low_w, slot.solar_high_w), (Some(100.0), Some(500.0)));
        assert_eq!((slot.load_w, slot.load_low_w), (Some(300.0), None));
    }

    #[test]
    fn beyond_a_day_it_is_two_days_before_and_without_a_past_unknown() {
        let past = [past("2026-11-24T10:00:00Z", Some(7.0), Some(8.0))];
        let mut ahead = [
            Slot::unknown(at("2026-11-26T10:00:00Z")),
            Slot::unknown(at("2026-11-26T10:15:00Z")),
            Slot::unknown(at("2026-11-27T10:00:00Z")),
        ];
        fill(&mut ahead, &past);
        assert_eq!(ahead.each_ref().map(|slot| slot.solar_w), [Some(7.0), None, None]);
        assert_eq!(ahead.each_ref().map(|slot| slot.load_w), [Some(8.0), None, None]);
    }

    #[test]
    fn what_is_known_better_stays() {
        let past = [past("2026-11-23T10:00:00Z", Some(100.0), Some(200.0))];
        let mut slot = Slot::unknown(at("2026-11-24T10:00:00Z"));
        slot.solar_w = Some(42.0);
        let mut ahead = [slot];
        fill(&mut ahead, &past);
        assert_eq!((ahead[0].solar_w, ahead[0].load_w), (Some(42.0), Some(200.0)));
    }
}
