//! What the home's own past says of the slots ahead.

use std::collections::BTreeSet;

use forecast::{LoadModel, SolarModel, holidays};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::{PastSlot, Problem, Slot, extra};

/// How much of the past is learned from: a year, and what is needed to compare with the same season.
pub const LEARNED_FROM: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A home's use and sun, learned slot by slot. Some megabytes for a year.
pub struct Learned {
    load: LoadModel,
    solar: SolarModel,
    /// The last slot that was learned.
    last: Option<Timestamp>,
}

impl Learned {
    /// Learns these slots, oldest first. `zone` is the home's, since habits go by the wall clock; of `country`, an
    /// ISO 3166 code, the holidays are known, on which a home is used as on a Sunday.
    pub fn new(zone: TimeZone, country: Option<&str>, past: &[PastSlot]) -> Self {
        let ends = [past.first(), past.last()].into_iter().flatten();
        let years: BTreeSet<i16> = ends.map(|slot| zone.to_datetime(slot.start).year()).collect();
        // The year of the last slot may end, and the next one begin, while this is in use.
        let years = years.first().copied().unwrap_or_default()..=years.last().map_or(0, |year| year + 2);
        let days = country.into_iter().flat_map(|country| {
            years.clone().filter_map(|year| holidays::of(country, year)).flatten().collect::<Vec<_>>()
        });
        let mut learned = Self { load: LoadModel::new(zone).with_holidays(days), solar: SolarModel::new(), last: None };
        past.iter().for_each(|slot| learned.push(slot));
        learned
    }

    /// Learns one slot that is over. One that is not later than the last is left out.
    pub fn push(&mut self, slot: &PastSlot) {
        if self.last.is_some_and(|last| slot.start <= last) {
            return;
        }
        self.last = Some(slot.start);
        self.load.push(slot.start, slot.base_load_w(), slot.temperature_c);
        self.solar.push(slot.start, slot.solar_w, slot.extra(extra::SOLAR_FORECAST_W));
    }

    /// Fills in load and sun, each with its low and high. `said_w` is what a source of forecasts says of the sun in
    /// each slot. Returns what the owner should know of it.
    pub fn fill(&self, ahead: &mut [Slot], said_w: &[Option<f64>]) -> Vec<Problem> {
        let Some(now) = ahead.first().map(|slot| slot.start) else { return Vec::new() };
        self.load.fill(ahead);
        self.solar.fill(ahead, said_w);
        let unsure = self.load.foundation(slot::start_of(now)).problem();
        [unsure, self.solar.problem(now, said_w)].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn days(from: &str, until: &str, of: impl Fn(Timestamp) -> PastSlot) -> Vec<PastSlot> {
        slot::starts(at(from), at(until)).map(of).collect()
    }

    fn ahead(from: &str, hours: i64) -> Vec<Slot> {
        slot::starts(at(from), at(from) + HOUR * i32::try_from(hours).unwrap()).map(Slot::unknown).collect()
    }

    #[test]
    fn a_task_is_no_habit() {
        let past = days("2026-03-01T00:00:00Z", "2026-03-22T00:00:00Z", |start| {
            let mut slot = PastSlot { load_w: Some(300.0), ..PastSlot::unknown(start) };
            if TimeZone::UTC.to_datetime(start).hour() == 12 {
                slot.load_w = Some(2300.0);
                slot.set_extra_w(extra::TASKS_W, Some(2000.0));
            }
            slot
        });
        let mut ahead = ahead("2026-03-22T00:00:00Z", 24);
        let problems = Learned::new(TimeZone::UTC, None, &past).fill(&mut ahead, &[None; 96]);
        assert!(problems.is_empty(), "{problems:?}");
        let most = ahead.iter().filter_map(|slot| slot.load_w).fold(0.0, f64::max);
        assert!((most - 300.0).abs() < 1.0, "{most}");
    }

    #[test]
    fn a_forecast_is_corrected_by_what_it_got_wrong() {
        let sun =
            |start: Timestamp| if (8..16).contains(&TimeZone::UTC.to_datetime(start).hour()) { 600.0 } else { 0.0 };
        let past = days("2026-03-01T00:00:00Z", "2026-03-22T00:00:00Z", |start| {
            let mut slot = PastSlot { solar_w: Some(0.5 * sun(start)), ..PastSlot::unknown(start) };
            slot.set_extra_w(extra::SOLAR_FORECAST_W, Some(sun(start)));
            slot
        });
        let mut ahead = ahead("2026-03-22T00:00:00Z", 24);
        let said: Vec<Option<f64>> = ahead.iter().map(|slot| Some(sun(slot.start))).collect();
        Learned::new(TimeZone::UTC, None, &past).fill(&mut ahead, &said);
        let noon = ahead[48].solar_w.unwrap();
        assert!((noon - 300.0).abs() < 45.0, "{noon}");
    }

    #[test]
    fn holidays_of_the_country_are_sundays() {
        // Easter Monday of 2026 is the sixth of April.
        let weekend = |start: Timestamp| TimeZone::UTC.to_datetime(start).weekday().to_sunday_zero_offset() == 0;
        let past = days("2025-12-01T00:00:00Z", "2026-04-06T00:00:00Z", |start| {
            let load_w = if weekend(start) { 900.0 } else { 300.0 };
            PastSlot { load_w: Some(load_w), ..PastSlot::unknown(start) }
        });
        let expected = |country| {
            let mut ahead = ahead("2026-04-06T00:00:00Z", 24);
            Learned::new(TimeZone::UTC, country, &past).fill(&mut ahead, &[None; 96]);
            ahead[60].load_w.unwrap()
        };
        assert!(expected(Some("DE")) > expected(None) + 100.0, "{} {}", expected(Some("DE")), expected(None));
    }

    #[test]
    fn what_was_learned_is_not_learned_twice_and_nothing_is_named_a_cold_start() {
        let mut learned = Learned::new(TimeZone::UTC, None, &[]);
        let mut slots = ahead("2026-03-22T00:00:00Z", 1);
        let problems = learned.fill(&mut slots, &[None; 4]);
        assert_eq!(problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), ["cold-start"]);
        let past = |load_w| PastSlot { load_w: Some(load_w), ..PastSlot::unknown(at("2026-03-21T23:45:00Z")) };
        learned.push(&past(500.0));
        learned.push(&past(9000.0));
        learned.fill(&mut slots, &[None; 4]);
        assert_eq!(slots[0].load_w, Some(500.0));
    }
}
