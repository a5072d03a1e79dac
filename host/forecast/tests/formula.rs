//! From any set of documents and any tariff: every price is that of the hand formula, and no gap goes
//! unreported.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use wattwright_forecast::prices::{Basis, Document, Heading, PriceSlot, Rules};
use wattwright_forecast::{RawTariff, Shelf, Tariff};

const QUARTERS: i64 = 192;
const START_S: i64 = 1_795_478_400;

fn quarter(index: i64) -> Timestamp {
    Timestamp::from_second(START_S + index * 900).unwrap()
}

/// A document for one of the places: ranges in order, apart, of 15, 30 or 60 minutes.
fn document() -> impl Strategy<Value = (usize, Document)> {
    let step = prop_oneof![Just(1_i64), Just(2), Just(4)];
    let ranges = prop::collection::vec((0..3_i64, -50..300_i32), 0..60);
    (0..3_usize, 0..QUARTERS, step, ranges).prop_map(|(place, first, step, ranges)| {
        let mut at = first;
        let mut slots = Vec::new();
        for (skip, price) in ranges {
            // One of three leaves something out.
            at += if skip == 0 { step } else { 0 };
            let (start, end) = (quarter(at), quarter(at + step));
            slots.push(PriceSlot { start, end, price_per_kwh: f64::from(price) / 1000.0 });
            at += step;
        }
        let basis = BASES[place];
        (place, Document { heading: Heading { basis, ..Heading::default() }, slots, problems: Vec::new() })
    })
}

const BASES: [Basis; 3] = [Basis::Market, Basis::Total, Basis::Market];

proptest! {
    #[test]
    fn any_documents(documents in prop::collection::vec(document(), 0..8)) {
        let rules = Rules::new("prices.import");
        let mut shelf = Shelf::new(BASES.iter().map(|basis| (format!("{basis:?}"), *basis)), rules);
        for (place, document) in &documents {
            shelf.put(*place, document);
        }
        let raw: RawTariff = toml::from_str(
            "import = { vat_pct = 19, component = [{ name = 'm', market = 1.0 }, { name = 'f', rate = 0.15 }] }\n\
             export = { component = [{ name = 'm', market = 1.0 }] }",
        ).unwrap();
        let tariff = Tariff::new(&raw, &TimeZone::UTC).unwrap();

        // By hand: the last document of the first place that covers the quarter.
        let covering = |place: usize, at: Timestamp| documents.iter().rev().filter(|(p, _)| *p == place)
            .find_map(|(_, d)| d.slots.iter().find(|slot| slot.start <= at && at < slot.end))
            .map(|slot| slot.price_per_kwh);
        let end = documents.iter().flat_map(|(_, d)| &d.slots).map(|slot| slot.end).max();
        prop_assert_eq!(shelf.known_until(), end);
        let mut missing = 0;
        for index in 0..QUARTERS {
            let at = quarter(index);
            let prices = tariff.prices(at, &shelf, None);
            let first = (0..3).find_map(|place| Some((place, covering(place, at)?)));
            let market = covering(0, at).or_else(|| covering(2, at));
            let import = first.map(|(place, price)| if place == 1 { price } else { (price + 0.15) * 1.19 });
            match (prices.import.per_kwh, import) {
                (Some(found), Some(by_hand)) => prop_assert!((found - by_hand).abs() < 1e-12),
                (found, by_hand) => prop_assert_eq!(found, by_hand),
            }
            prop_assert_eq!(prices.export.per_kwh, market);
            missing += i64::from(first.is_none() && end.is_some_and(|end| at < end));
        }
        let problems = shelf.problems(quarter(0), quarter(QUARTERS));
        let gap = problems.iter().find(|problem| problem.code == "gap");
        prop_assert_eq!(gap.is_some(), missing > 0);
        if let Some(gap) = gap {
            let expected = format!("{missing} quarter-hours ");
            prop_assert!(gap.text.starts_with(&expected), "{}", gap.text);
        }
    }
}

/// One window as numbers: minutes of the day, days of the week as bits from Monday, months as bits.
#[derive(Clone, Debug)]
struct Window {
    rate: f64,
    from: i64,
    to: i64,
    days: u8,
    months: u16,
}

fn window() -> impl Strategy<Value = Window> {
    let time = || (0..96_i64).prop_map(|quarter| quarter * 15);
    (0..400_i32, time(), time(), 1..128_u8, 1..4096_u16).prop_map(|(rate, from, to, days, months)| Window {
        rate: f64::from(rate) / 1000.0,
        from,
        to: if from == to { to + 15 } else { to },
        days,
        months,
    })
}

impl Window {
    fn toml(&self) -> String {
        const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let days: Vec<&str> =
            NAMES.into_iter().enumerate().filter(|(i, _)| self.days >> i & 1 == 1).map(|(_, n)| n).collect();
        let months: Vec<u8> = (1..=12).filter(|month| self.months >> (month - 1) & 1 == 1).collect();
        let (from, to) = (clock(self.from), clock(self.to));
        format!("{{ rate = {}, from = '{from}', to = '{to}', days = {days:?}, months = {months:?} }}", self.rate)
    }

    /// By plain arithmetic on seconds of local time since 1970.
    fn contains(&self, local_s: i64) -> bool {
        let minute = local_s.rem_euclid(86_400) / 60;
        let day = local_s.div_euclid(86_400);
        let on = |day: i64| {
            // 1 January 1970 was a Thursday.
            let weekday = (day + 3).rem_euclid(7);
            self.days >> weekday & 1 == 1 && self.months >> (month_of(day) - 1) & 1 == 1
        };
        if self.from < self.to {
            (self.from..self.to).contains(&minute) && on(day)
        } else {
            (minute >= self.from && on(day)) || (minute < self.to && on(day - 1))
        }
    }
}

/// The month of a day since 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn month_of(day: i64) -> i64 {
    let z = day + 719_468;
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    if month < 10 { month + 3 } else { month - 9 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any windows, any zone of the database, around a change of its clock.
    #[test]
    fn any_windows_in_any_zone(
        windows in prop::collection::vec(window(), 0..4),
        zone in any::<prop::sample::Index>(),
        change in any::<prop::sample::Index>(),
        market in -500..500_i32,
        vat_pct in 0..30_i32,
    ) {
        let names: Vec<_> = jiff::tz::db().available().collect();
        let zone = TimeZone::get(names[zone.index(names.len())].as_str()).unwrap();
        let first: Timestamp = "2021-11-24T00:00:00Z".parse().unwrap();
        let last: Timestamp = "2031-11-24T00:00:00Z".parse().unwrap();
        let changes: Vec<Timestamp> =
            zone.following(first).map(|change| change.timestamp()).take_while(|change| *change < last).collect();
        let around = if changes.is_empty() { first } else { changes[change.index(changes.len())] };

        let windows_toml: Vec<String> = windows.iter().map(Window::toml).collect();
        let raw: RawTariff = toml::from_str(&format!(
            "import = {{ vat_pct = {vat_pct}, component = [\
               {{ name = 'm', market = 1.02 }},\
               {{ name = 'grid', rate = 0.09, windows = [{}] }},\
               {{ name = 'tax', rate = 0.02, vat_pct = 0 }},\
             ] }}",
            windows_toml.join(", ")
        )).unwrap();
        let tariff = Tariff::new(&raw, &zone).unwrap();
        let market = f64::from(market) / 1000.0;
        let from = model::slot::start_of(around) - SignedDuration::from_hours(30);
        for at in model::slot::starts(from, from + SignedDuration::from_hours(60)) {
            let local_s = at.as_second() + i64::from(zone.to_offset(at).seconds());
            let grid = windows.iter().find(|window| window.contains(local_s)).map_or(0.09, |window| window.rate);
            let by_hand = (market * 1.02 + grid) * (1.0 + f64::from(vat_pct) / 100.0) + 0.02;
            let priced = tariff.import(at, Some(market));
            let found = priced.per_kwh.unwrap();
            prop_assert!((found - by_hand).abs() < 1e-12, "{:?} {at}: {found}, by hand {by_hand}", zone.iana_name());
            let sum: f64 = priced.parts.iter().map(|part| part.net.unwrap() + part.vat.unwrap()).sum();
            prop_assert!((sum - found).abs() < 1e-12);
        }
    }
}
