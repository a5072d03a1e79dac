//! Payloads with bytes changed, left out and doubled: no parser fails, and whatever comes out can be relied
//! upon.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use wattwright_forecast::prices::mapping::Mapping;
use wattwright_forecast::prices::{
    Basis, Document, Rules, Unit, awattar, csv, energi_data_service, energy_charts, entsoe, epex_spot, nordpool,
    nordpool_lists, octopus, smard, tibber,
};

const FILES: [&str; 17] = [
    "nordpool_day.json",
    "nordpool_lists_both_days.json",
    "tibber_action.json",
    "tibber_graphql.json",
    "epex_spot.json",
    "epex_spot_mwh.json",
    "octopus_event.json",
    "octopus_rates.json",
    "octopus_rates_payments.json",
    "entsoe_sensor.json",
    "entsoe_two_resolutions.xml",
    "energi_data_service_sensor.json",
    "energi_data_service.json",
    "energy_charts.json",
    "awattar.json",
    "smard_week.json",
    "prices.csv",
];

/// Every parser gets everything: what is meant for another one, too.
fn parse_all(bytes: &[u8], rules: &Rules) -> Vec<Document> {
    let mut documents = vec![
        octopus::rates(bytes, octopus::DIRECT_DEBIT, rules).0,
        entsoe::document(bytes, "10Y1001A1001A82H", rules),
        energi_data_service::records(bytes, "DK1", rules),
        energy_charts::parse(bytes, "DE-LU", rules),
        awattar::parse(bytes, "AT", rules),
        smard::parse(bytes, "DE-LU", rules),
        csv::parse(&String::from_utf8_lossy(bytes), "import_price_eur_per_kwh", Unit::PER_KWH, rules),
    ];
    let answer = tibber::graphql(bytes, None, rules);
    documents.extend([answer.total, answer.market]);
    let now = rules.around.unwrap();
    let _ = smard::weeks(bytes, now, now);
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        let mapping = "lists = ['raw_today', 'data', 'rates']\nunit = 'EUR/kWh'\ntimezone = 'Europe/Berlin'";
        let mapped = toml::from_str::<Mapping>(mapping).unwrap().check().unwrap();
        documents.extend([
            nordpool::parse(&value, None, None, rules),
            nordpool_lists::parse(&value, Basis::Market, rules),
            tibber::action(&value, Some("Home"), rules),
            epex_spot::parse(&value, Basis::Market, rules),
            octopus::event(&value, rules),
            entsoe::sensor(&value, "EUR/kWh", Basis::Market, rules),
            energi_data_service::sensor(&value, Basis::Market, rules),
            mapped.parse(&value, rules),
        ]);
    }
    documents
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn no_damage_goes_through(
        file in prop::sample::select(&FILES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..6),
    ) {
        let path = format!("{}/tests/payloads/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len().max(1));
            match how {
                0 if at < bytes.len() => bytes[at] = byte,
                // Digits are where the damage is that parses.
                1 if at < bytes.len() => bytes[at] = b'0' + byte % 10,
                2 => drop(bytes.drain(at..(at + usize::from(byte) % 40).min(bytes.len()))),
                _ => {
                    let copied = bytes[at..(at + usize::from(byte)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, copied);
                }
            }
        }
        let now: Timestamp = "2026-11-24T10:07:00Z".parse().unwrap();
        let rules = Rules::new("prices.import").around(now);
        for document in parse_all(&bytes, &rules) {
            for slot in &document.slots {
                prop_assert!(slot.start < slot.end);
                prop_assert_eq!(model::slot::start_of(slot.start), slot.start);
                prop_assert_eq!(model::slot::start_of(slot.end), slot.end);
                prop_assert!((-0.6..=2.0).contains(&slot.price_per_kwh));
            }
            for pair in document.slots.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
                let gap = pair[0].end < pair[1].start;
                prop_assert!(!gap || !document.problems.is_empty(), "a gap without a word: {:?}", document);
            }
        }
    }
}
