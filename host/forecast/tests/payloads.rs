//! What each payload becomes: one file, one snapshot. Values are made up, shapes are those of public
//! documentation and source:
//!
//! | files | shape from |
//! |---|---|
//! | `nordpool_*` | home-assistant/core, tests/components/nordpool/snapshots/test_services.ambr |
//! | `nordpool_lists_*` | custom-components/nordpool, README |
//! | `tibber_action*` | home-assistant/core, homeassistant/components/tibber/services.py |
//! | `tibber_graphql*` | developer.tibber.com, the schema's `PriceInfo` |
//! | `epex_spot*` | mampfes/ha_epex_spot, custom_components/epex_spot/sensor.py and README |
//! | `awattar_sensor` | openkfw/smartenergy.awattar, README |
//! | `awattar*` | awattar.de/services/api |
//! | `octopus_event` | BottlecapDave/HomeAssistant-OctopusEnergy, _docs/entities/electricity.md |
//! | `octopus_*` | docs.octopus.energy, REST guide |
//! | `entsoe_sensor` | JaccoR/hass-entso-e, custom_components/entsoe/sensor.py |
//! | `entsoe_*.xml` | JaccoR/hass-entso-e, custom_components/entsoe/test/datasets; the platform's RESTful API guide |
//! | `energi_data_service_{sensor,ore}` | MTrab/energidataservice, custom_components/energidataservice/sensor.py |
//! | `energi_data_service*` | energidataservice.dk, data sets `DayAheadPrices` and `Elspotprices` |
//! | `energy_charts*` | api.energy-charts.info; mampfes/ha_epex_spot, EPEXSpot/EnergyCharts |
//! | `smard_*` | smard.api.bund.dev |

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;
use wattwright_forecast::prices::mapping::{Mapped, Mapping};
use wattwright_forecast::prices::{
    Basis, Document, Exchange, PriceBook, Rules, Unit, awattar, csv, energi_data_service, energy_charts, entsoe,
    epex_spot, mapping, nordpool, nordpool_lists, octopus, smard, tibber,
};

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

fn lists(name: &str) -> Document {
    nordpool_lists::parse(&json(name), Basis::Market, &rules())
}

fn core(name: &str) -> Document {
    nordpool::parse(&json(name), None, None, &rules())
}

const DE_LU: &str = "10Y1001A1001A82H";

fn bytes(name: &str) -> Vec<u8> {
    read(name).into_bytes()
}

/// The first half of a payload.
fn half(name: &str) -> Vec<u8> {
    let mut bytes = bytes(name);
    bytes.truncate(bytes.len() / 2);
    bytes
}

fn now() -> Timestamp {
    "2026-11-24T10:07:00Z".parse().unwrap()
}

fn xml(name: &str) -> Document {
    entsoe::document(&bytes(name), DE_LU, &rules().around(now()))
}

fn charts(name: &str) -> Document {
    energy_charts::parse(&bytes(name), "DE-LU", &rules().around(now()))
}

fn mapped(text: &str) -> Mapped {
    toml::from_str::<Mapping>(text).unwrap().check().unwrap()
}

/// The heading, slots with a line for each, equal neighbours and the middle of long lists left out, and problems.
fn shown(parsed: &Document) -> String {
    let slots = &parsed.slots;
    let heading = &parsed.heading;
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".into());
    let unit = heading.unit.map_or_else(|| "?".into(), |unit| unit.to_string());
    let mut text = format!(
        "{}, zone {}, {} in {unit}, {:?}: {} slots\n",
        heading.origin,
        or_nothing(&heading.zone),
        or_nothing(&heading.currency),
        heading.basis,
        slots.len()
    );
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
snapshot!(nordpool_wrong_area, nordpool::parse(&json("nordpool_day.json"), Some("SE3"), None, &rules()));
snapshot!(nordpool_no_object, nordpool::parse(&Value::Null, None, None, &rules()));
snapshot!(nordpool_no_list, nordpool::parse(&serde_json::json!({"SE3": 1}), None, None, &rules()));
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
    nordpool_lists::parse(&serde_json::json!({"unit": "MJ", "raw_today": []}), Basis::Market, &rules())
);
snapshot!(nordpool_lists_missing, nordpool_lists::parse(&serde_json::json!({}), Basis::Market, &rules()));
snapshot!(csv_series, csv::parse(&read("prices.csv"), "import_price_eur_per_kwh", Unit::PER_KWH, &rules()));
snapshot!(csv_hourly, csv::parse(&read("prices_hourly.csv"), "price_per_kwh", Unit::PER_KWH, &rules()));
snapshot!(csv_wrong_column, csv::parse(&read("prices_hourly.csv"), "spot", Unit::PER_KWH, &rules()));

snapshot!(
    csv_in_cents,
    csv::parse("timestamp_utc,ct\n2026-11-24T10:00:00Z,31.4\n", "ct", Unit::HUNDREDTHS_PER_KWH, &rules())
);

snapshot!(tibber_action, tibber::action(&json("tibber_action.json"), Some("Home"), &rules()));
snapshot!(tibber_action_hours, tibber::action(&json("tibber_action.json"), Some("Cabin"), &rules()));
snapshot!(tibber_action_no_home_named, tibber::action(&json("tibber_action.json"), None, &rules()));
snapshot!(tibber_action_no_such_home, tibber::action(&json("tibber_action.json"), Some("Boat"), &rules()));
snapshot!(tibber_action_no_prices, tibber::action(&Value::Null, None, &rules()));
snapshot!(tibber_graphql_total, tibber::graphql(&bytes("tibber_graphql.json"), None, &rules()).total);
snapshot!(tibber_graphql_market, tibber::graphql(&bytes("tibber_graphql.json"), None, &rules()).market);
snapshot!(tibber_graphql_market_gap, {
    let payload = read("tibber_graphql.json").replace("\"energy\": 0.0968", "\"energy\": null");
    tibber::graphql(payload.as_bytes(), None, &rules()).market
});
snapshot!(tibber_graphql_unsubscribed, {
    let home = Some("c70dcbe5-4485-4821-933d-a8a86452737b");
    tibber::graphql(&bytes("tibber_graphql.json"), home, &rules()).total
});
snapshot!(tibber_graphql_refused, tibber::graphql(&bytes("tibber_graphql_refused.json"), None, &rules()).total);
snapshot!(tibber_graphql_half, tibber::graphql(&half("tibber_graphql.json"), None, &rules()).total);

snapshot!(epex_spot, epex_spot::parse(&json("epex_spot.json"), Basis::Total, &rules()));
snapshot!(epex_spot_mwh, epex_spot::parse(&json("epex_spot_mwh.json"), Basis::Market, &rules()));
snapshot!(epex_spot_net_ct, epex_spot::parse(&json("epex_spot_net_ct.json"), Basis::Total, &rules()));
snapshot!(epex_spot_gbp, epex_spot::parse(&json("epex_spot_gbp.json"), Basis::Market, &rules()));
snapshot!(epex_spot_rank, epex_spot::parse(&json("epex_spot_rank.json"), Basis::Market, &rules()));
snapshot!(epex_spot_no_list, epex_spot::parse(&serde_json::json!({}), Basis::Market, &rules()));
snapshot!(epex_spot_empty, epex_spot::parse(&serde_json::json!({"data": []}), Basis::Market, &rules()));
snapshot!(awattar_sensor, epex_spot::parse(&json("awattar_sensor.json"), Basis::Market, &rules()));

snapshot!(octopus_event, octopus::event(&json("octopus_event.json"), &rules().in_currency("GBP")));
snapshot!(octopus_event_no_rates, octopus::event(&serde_json::json!({}), &rules()));
snapshot!(octopus_rates, octopus::rates(&bytes("octopus_rates.json"), octopus::DIRECT_DEBIT, &rules()).0);
snapshot!(octopus_rates_payments, {
    octopus::rates(&bytes("octopus_rates_payments.json"), octopus::DIRECT_DEBIT, &rules().around(now())).0
});
snapshot!(octopus_rates_without_now, {
    octopus::rates(&bytes("octopus_rates_payments.json"), octopus::DIRECT_DEBIT, &rules()).0
});
snapshot!(octopus_no_product, octopus::rates(&bytes("octopus_no_product.json"), octopus::DIRECT_DEBIT, &rules()).0);
snapshot!(octopus_half, octopus::rates(&half("octopus_rates.json"), octopus::DIRECT_DEBIT, &rules()).0);
snapshot!(octopus_wrong_currency, {
    octopus::rates(&bytes("octopus_rates.json"), octopus::DIRECT_DEBIT, &rules().in_currency("EUR")).0
});

snapshot!(entsoe_sensor, entsoe::sensor(&json("entsoe_sensor.json"), "EUR/kWh", Basis::Market, &rules()));
snapshot!(entsoe_sensor_unit, entsoe::sensor(&json("entsoe_sensor.json"), "EUR/MJ", Basis::Market, &rules()));
snapshot!(entsoe_a03, xml("entsoe_a03.xml"));
snapshot!(entsoe_a01, xml("entsoe_a01.xml"));
snapshot!(entsoe_two_auctions, xml("entsoe_two_auctions.xml"));
snapshot!(entsoe_two_resolutions, xml("entsoe_two_resolutions.xml"));
snapshot!(entsoe_duplicate, xml("entsoe_duplicate.xml"));
snapshot!(entsoe_outside, xml("entsoe_outside.xml"));
snapshot!(entsoe_wrong_zone, xml("entsoe_pln.xml"));
snapshot!(entsoe_no_data, xml("entsoe_no_data.xml"));
snapshot!(entsoe_denied, xml("entsoe_denied.xml"));
snapshot!(entsoe_laughs, xml("entsoe_laughs.xml"));
snapshot!(entsoe_half, entsoe::document(&half("entsoe_a03.xml"), DE_LU, &rules()));
snapshot!(entsoe_html, entsoe::document(b"<html><body>503</body></html>", DE_LU, &rules()));
snapshot!(entsoe_other_currency, {
    entsoe::document(&bytes("entsoe_pln.xml"), "10YPL-AREA-----S", &rules().in_currency("EUR"))
});
snapshot!(entsoe_exchanged, {
    let exchange = Some(Exchange { from: "EUR".into(), rate: 11.2 });
    entsoe::document(&bytes("entsoe_a03.xml"), DE_LU, &Rules { exchange, ..rules().in_currency("SEK") })
});

snapshot!(energi_data_service_sensor, {
    energi_data_service::sensor(&json("energi_data_service_sensor.json"), Basis::Market, &rules().in_currency("DKK"))
});
snapshot!(energi_data_service_ore, {
    energi_data_service::sensor(&json("energi_data_service_ore.json"), Basis::Total, &rules().in_currency("DKK"))
});
snapshot!(energi_data_service, {
    energi_data_service::records(&bytes("energi_data_service.json"), "DK1", &rules().in_currency("DKK"))
});
snapshot!(energi_data_service_in_euros, {
    energi_data_service::records(&bytes("energi_data_service.json"), "DK2", &rules().in_currency("EUR"))
});
snapshot!(energi_data_service_hours, {
    energi_data_service::records(&bytes("energi_data_service_hours.json"), "DK1", &rules().in_currency("DKK"))
});
snapshot!(energi_data_service_wrong_area, {
    energi_data_service::records(&bytes("energi_data_service.json"), "NO2", &rules())
});

snapshot!(energy_charts, charts("energy_charts.json"));
snapshot!(energy_charts_nulls, charts("energy_charts_nulls.json"));
snapshot!(energy_charts_unequal, charts("energy_charts_unequal.json"));
snapshot!(energy_charts_strange, charts("energy_charts_strange.json"));
snapshot!(energy_charts_unit, charts("energy_charts_unit.json"));
snapshot!(energy_charts_empty, charts("energy_charts_empty.json"));
snapshot!(energy_charts_half, energy_charts::parse(&half("energy_charts.json"), "DE-LU", &rules()));
snapshot!(energy_charts_nothing, energy_charts::parse(b"", "DE-LU", &rules()));

snapshot!(awattar, awattar::parse(&bytes("awattar.json"), "DE-LU", &rules().around(now())));
snapshot!(awattar_seconds, awattar::parse(&bytes("awattar_seconds.json"), "DE-LU", &rules().around(now())));
snapshot!(awattar_units, awattar::parse(&bytes("awattar_units.json"), "AT", &rules()));

snapshot!(smard_week, smard::parse(&bytes("smard_week.json"), "DE-LU", &rules().around(now())));

const LOCAL: &str = r#"
    lists = ["/rates/today", "/rates/tomorrow"]
    start = "from"
    end = "till"
    price = "usage"
    unit = "ct/kWh"
    includes = "total"
    timezone = "Europe/Amsterdam"
"#;
snapshot!(mapping_local, mapped(LOCAL).parse(&json("mapping_local.json"), &rules()));
snapshot!(mapping_without_list, mapped(LOCAL).parse(&json("energy_charts.json"), &rules()));
snapshot!(
    mapping_bare_numbers,
    mapped("lists = ['price']\nunit = 'EUR/MWh'").parse(&json("energy_charts.json"), &rules())
);
snapshot!(mapping_nonsense_in_time_stamps, {
    let entry = |time: &str| serde_json::json!({"start": time, "price": 0.1});
    // A leap second, a 25th hour, a day that is none, an offset that is none, a letter O.
    let times = [
        "2026-11-24T09:59:60Z",
        "2026-11-24T25:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-24T10:00:00+99:00",
        "2026-11-24T1O:00:00Z",
        "2026-11-24T11:00:00Z",
        "2026-11-24T11:15:00.000Z",
    ];
    mapped("lists = ['x']\nunit = 'EUR/kWh'").parse(&serde_json::json!({"x": times.map(entry)}), &rules())
});

#[test]
fn the_next_page_is_told() {
    let next = |name: &str| octopus::rates(&bytes(name), octopus::DIRECT_DEBIT, &rules()).1;
    assert!(next("octopus_rates.json").unwrap().ends_with("?page=2"));
    assert_eq!(next("octopus_rates_payments.json"), None);
}

#[test]
fn the_weeks_that_have_something_of_a_range_are_found() {
    let until = now() + jiff::SignedDuration::from_hours(48);
    let weeks = smard::weeks(&bytes("smard_index.json"), now(), until).unwrap();
    assert_eq!(weeks, [1_795_388_400_000]);
    let sunday = "2026-11-22T10:00:00Z".parse().unwrap();
    assert_eq!(smard::weeks(&bytes("smard_index.json"), sunday, until).unwrap().len(), 2);
    assert!(smard::weeks(&half("smard_index.json"), now(), until).unwrap_err().contains("ends in the middle"));
}

#[test]
fn a_mapping_that_cannot_be_used_says_why() {
    let error = |text: &str| toml::from_str::<Mapping>(text).unwrap().check().unwrap_err().to_string();
    assert_eq!(error("lists = []\nunit = 'EUR/kWh'"), mapping::MappingError::Lists.to_string());
    assert!(error("lists = ['x']\nunit = 'EUR'").starts_with("`unit`: `EUR` is no unit"));
    assert!(error("lists = ['x']\nunit = 'EUR/kWh'\ntimezone = 'CET/Nowhere'").contains("is no IANA time zone"));
}

#[test]
fn two_areas_are_told_apart_by_name() {
    let parsed = nordpool::parse(&json("nordpool_two_areas.json"), Some("SE4"), None, &rules());
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
