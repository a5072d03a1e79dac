//! What each payload becomes: one file, one snapshot. Shapes as the integrations publish them, values
//! made up.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::fmt::Write as _;

use serde_json::Value;
use wattwright_forecast::prices::{Parsed, PriceBook, Rules, csv, nordpool, nordpool_lists};

fn rules() -> Rules {
    Rules::new("prices.import")
}

fn read(name: &str) -> String {
    let path = format!("{}/tests/payloads/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&read(name)).unwrap()
}

fn lists(name: &str) -> Parsed {
    nordpool_lists::parse(&json(name), &rules())
}

fn core(name: &str) -> Parsed {
    nordpool::parse(&json(name), None, &rules())
}

/// Slots with a line for each, equal neighbours and the middle of long lists left out, and problems.
fn shown(parsed: &Parsed) -> String {
    let slots = &parsed.slots;
    let mut text = format!("{} slots\n", slots.len());
    for (index, slot) in slots.iter().enumerate() {
        if index == 4 && slots.len() > 12 {
            text.push_str("  …\n");
        }
        if index < 4 || index + 4 >= slots.len() || slots.len() <= 12 {
            let minutes = slot.end.duration_since(slot.start).as_mins();
            writeln!(text, "  {} {minutes} min {:.5}", slot.start, slot.price_per_kwh).unwrap();
        }
    }
    for problem in &parsed.problems {
        writeln!(text, "{} {}: {}", problem.subject, problem.code, problem.text).unwrap();
        if !problem.assumed.is_empty() {
            writeln!(text, "  assumed: {}", problem.assumed).unwrap();
        }
    }
    text
}

macro_rules! snapshot {
    ($name:ident, $parsed:expr) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), shown(&$parsed));
        }
    };
}

snapshot!(nordpool_day, core("nordpool_day.json"));
snapshot!(nordpool_spring_92, core("nordpool_spring_92.json"));
snapshot!(nordpool_autumn_100, core("nordpool_autumn_100.json"));
snapshot!(nordpool_reordered, core("nordpool_reordered.json"));
snapshot!(nordpool_duplicates, core("nordpool_duplicates.json"));
snapshot!(nordpool_gaps, core("nordpool_gaps.json"));
snapshot!(nordpool_overlap, core("nordpool_overlap.json"));
snapshot!(nordpool_one_spike, core("nordpool_one_spike.json"));
snapshot!(nordpool_strange_entries, core("nordpool_strange_entries.json"));
snapshot!(nordpool_two_areas, core("nordpool_two_areas.json"));
snapshot!(nordpool_wrong_area, nordpool::parse(&json("nordpool_day.json"), Some("SE3"), &rules()));
snapshot!(nordpool_no_object, nordpool::parse(&Value::Null, None, &rules()));
snapshot!(nordpool_no_list, nordpool::parse(&serde_json::json!({"SE3": 1}), None, &rules()));
snapshot!(nordpool_lists_today_only, lists("nordpool_lists_today_only.json"));
snapshot!(nordpool_lists_both_days, lists("nordpool_lists_both_days.json"));
snapshot!(nordpool_lists_spring_92, lists("nordpool_lists_spring_92.json"));
snapshot!(nordpool_lists_autumn_100, lists("nordpool_lists_autumn_100.json"));
snapshot!(nordpool_lists_autumn_duplicate, lists("nordpool_lists_autumn_duplicate.json"));
snapshot!(nordpool_lists_cents, lists("nordpool_lists_cents.json"));
snapshot!(nordpool_lists_mwh_as_kwh, lists("nordpool_lists_mwh_as_kwh.json"));
snapshot!(nordpool_lists_half_null, lists("nordpool_lists_half_null.json"));
snapshot!(
    nordpool_lists_unknown_unit,
    nordpool_lists::parse(&serde_json::json!({"unit": "MJ", "raw_today": []}), &rules())
);
snapshot!(nordpool_lists_missing, nordpool_lists::parse(&serde_json::json!({}), &rules()));
snapshot!(csv_series, csv::parse(&read("prices.csv"), "import_price_eur_per_kwh", &rules()));
snapshot!(csv_hourly, csv::parse(&read("prices_hourly.csv"), "price_per_kwh", &rules()));
snapshot!(csv_wrong_column, csv::parse(&read("prices_hourly.csv"), "spot", &rules()));

#[test]
fn two_areas_are_told_apart_by_name() {
    let parsed = nordpool::parse(&json("nordpool_two_areas.json"), Some("SE4"), &rules());
    assert_eq!(parsed.slots.len(), 1);
    assert_eq!(parsed.slots[0].start.to_string(), "2026-11-24T00:00:00Z");
    assert!(parsed.problems.is_empty());
}

/// Each quarter-hour of a day with a clock change has one price, from both sources the same, and none
/// of the neighbours has.
#[test]
fn clock_changes_leave_no_gap_in_the_book() {
    for (day, first, end, quarters) in [
        ("spring_92", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 92),
        ("autumn_100", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 100),
    ] {
        let (first, end) = (first.parse().unwrap(), end.parse().unwrap());
        let mut books = [PriceBook::new(), PriceBook::new()];
        books[0].merge(&core(&format!("nordpool_{day}.json")).slots);
        books[1].merge(&lists(&format!("nordpool_lists_{day}.json")).slots);
        let mut count = 0;
        for start in model::slot::starts(first, end) {
            let prices = books.each_ref().map(|book| book.price_at(start).unwrap());
            assert!((prices[0] - prices[1]).abs() < 1e-5, "{day} {start}: {prices:?}");
            count += 1;
        }
        assert_eq!(count, quarters);
        for book in &books {
            assert_eq!(book.known_until(), Some(end));
            assert_eq!(book.price_at(first - jiff::SignedDuration::from_secs(1)), None);
        }
    }
}
