//! Days with a clock change, from every source, and every change of every time zone in ten years.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::fmt::Write as _;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wattwright_forecast::prices::mapping::{Mapped, Mapping};
use wattwright_forecast::prices::{
    Basis, Document, PriceBook, Rules, awattar, energi_data_service, energy_charts, entsoe, epex_spot, nordpool,
    nordpool_lists, octopus, smard, tibber,
};

/// A day or more in the making: ranges of `minutes` each, with a price that no other has.
struct Day {
    zone: TimeZone,
    minutes: i64,
    starts: Vec<Timestamp>,
    end: Timestamp,
}

impl Day {
    fn new(zone: &TimeZone, minutes: i64, from: Timestamp, end: Timestamp) -> Self {
        let step = SignedDuration::from_mins(minutes);
        let starts = std::iter::successors(Some(from), |start| Some(*start + step)).take_while(|start| *start < end);
        Self { zone: zone.clone(), minutes, starts: starts.collect(), end }
    }

    /// Per MWh.
    fn price(index: usize) -> f64 {
        index as f64 * 1.25 - 20.0
    }

    /// One object for each range, from its start, its end and its price per MWh.
    fn entries(&self, entry: impl Fn(Timestamp, Timestamp, f64) -> Value) -> Vec<Value> {
        let step = SignedDuration::from_mins(self.minutes);
        self.starts.iter().enumerate().map(|(i, start)| entry(*start, *start + step, Self::price(i))).collect()
    }

    /// With the offset, as Home Assistant writes times.
    fn local(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// As the clock on the wall shows them.
    fn wall(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    fn check(&self, name: &str, document: &Document) {
        let context = format!("{name}, {} minutes, from {}", self.minutes, self.local(self.starts[0]));
        assert_eq!(document.problems, [], "{context}");
        let mut book = PriceBook::new();
        book.merge(&document.slots);
        let quarters: Vec<Timestamp> = model::slot::starts(self.starts[0], self.end).collect();
        for (index, quarter) in quarters.iter().enumerate() {
            let expected = Self::price(index / usize::try_from(self.minutes / 15).unwrap()) / 1000.0;
            let found = book.price_at(*quarter);
            assert!(found.is_some_and(|found| (found - expected).abs() < 1e-12), "{context}, {quarter}: {found:?}");
        }
        assert_eq!(book.known_until(), Some(self.end), "{context}");
        assert_eq!(book.price_at(self.starts[0] - SignedDuration::from_secs(1)), None, "{context}");
    }
}

fn rules() -> Rules {
    Rules::new("prices.import")
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn mapped(mapping: &str) -> Mapped {
    toml::from_str::<Mapping>(mapping).unwrap().check().unwrap()
}

/// Every source in turn gets the day in its own shape.
fn check_all(day: &Day) {
    let rules = rules();
    let zulu = |at: Timestamp| at.to_string();

    let list = day.entries(|start, end, price| json!({"start": zulu(start), "end": zulu(end), "price": price}));
    day.check("nordpool", &nordpool::parse(&json!({ "X": list }), None, None, &rules));

    let list = day.entries(
        |start, end, price| json!({"start": day.local(start), "end": day.local(end), "value": price / 1000.0}),
    );
    day.check("nordpool_lists", &nordpool_lists::parse(&json!({ "raw_today": list }), Basis::Market, &rules));

    let list =
        day.entries(|start, _, price| json!({"start_time": day.local(start), "price": price / 1000.0, "level": "X"}));
    day.check("tibber action", &tibber::action(&json!({"prices": {"Home": list}}), None, &rules));

    let list = day.entries(
        |start, _, price| json!({"startsAt": day.local(start), "total": price / 1000.0, "energy": price / 1000.0}),
    );
    let info = json!({ "currentSubscription": { "priceInfo": { "today": list, "tomorrow": [] } } });
    let answer = tibber::graphql(&text(&json!({"data": {"viewer": {"homes": [info]}}})), None, &rules);
    day.check("tibber graphql, total", &answer.total);
    day.check("tibber graphql, market", &answer.market);

    let list = day.entries(|start, end, price| {
        json!({"start_time": day.local(start), "end_time": day.local(end), "price_eur_per_mwh": price})
    });
    day.check("epex_spot", &epex_spot::parse(&json!({ "data": list }), Basis::Market, &rules));

    let list = day.entries(
        |start, end, price| json!({"start": day.local(start), "end": day.local(end), "value_inc_vat": price / 1000.0}),
    );
    day.check("octopus event", &octopus::event(&json!({ "rates": list }), &rules));

    let mut list = day.entries(|start, end, price| {
        json!({"valid_from": zulu(start), "valid_to": zulu(end), "value_inc_vat": price / 10.0, "payment_method": null})
    });
    list.reverse();
    let page = text(&json!({"results": list, "next": null}));
    day.check("octopus rates", &octopus::rates(&page, octopus::DIRECT_DEBIT, &rules).0);

    let list =
        day.entries(|start, _, price| json!({"time": day.local(start).replace('T', " "), "price": price / 1000.0}));
    let attributes = json!({"prices_today": list, "prices_tomorrow": []});
    day.check("entsoe sensor", &entsoe::sensor(&attributes, "EUR/kWh", Basis::Market, &rules));
    day.check("entsoe", &entsoe::document(entsoe_xml(day).as_bytes(), "Z", &rules));

    let list = day.entries(|start, _, price| json!({"hour": day.local(start), "price": price / 1000.0}));
    let attributes = json!({"unit": "kWh", "raw_today": list, "raw_tomorrow": null});
    day.check("energi_data_service sensor", &energi_data_service::sensor(&attributes, Basis::Market, &rules));

    let mut list = day.entries(|start, _, price| {
        json!({"TimeUTC": zulu(start).trim_end_matches('Z'), "PriceArea": "DK1", "DayAheadPriceEUR": price})
    });
    list.reverse();
    let answer = text(&json!({ "records": list }));
    day.check("energi_data_service", &energi_data_service::records(&answer, "DK1", &rules));

    let times = day.entries(|start, _, _| json!(start.as_second()));
    let prices = day.entries(|_, _, price| json!(price));
    let answer = text(&json!({"unix_seconds": times, "price": prices, "unit": "EUR / MWh"}));
    day.check("energy_charts", &energy_charts::parse(&answer, "DE-LU", &rules));

    let list = day.entries(|start, end, price| {
        let (start, end) = (start.as_millisecond(), end.as_millisecond());
        json!({"start_timestamp": start, "end_timestamp": end, "marketprice": price, "unit": "Eur/MWh"})
    });
    day.check("awattar", &awattar::parse(&text(&json!({ "data": list })), "AT", &rules));

    let list = day.entries(|start, _, price| json!([start.as_millisecond(), price]));
    day.check("smard", &smard::parse(&text(&json!({ "series": list })), "DE-LU", &rules));

    check_wall_clock(day);
}

/// The hardest shape: local times without an offset.
fn check_wall_clock(day: &Day) {
    let zone = day.zone.iana_name().unwrap();
    let mapping = mapped(&format!("lists = ['x']\nunit = 'EUR/MWh'\ntimezone = '{zone}'"));
    let list = day.entries(|start, _, price| json!({"start": day.wall(start), "price": price}));
    day.check("mapping", &mapping.parse(&json!({ "x": list }), &rules()));
}

fn entsoe_xml(day: &Day) -> String {
    let minute = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%MZ").to_string();
    let mut xml = format!(
        "<Publication_MarketDocument><TimeSeries><in_Domain.mRID>Z</in_Domain.mRID>\
         <currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>\
         <curveType>A03</curveType><Period><timeInterval><start>{}</start><end>{}</end></timeInterval>\
         <resolution>PT{}M</resolution>",
        minute(day.starts[0]),
        minute(day.end),
        day.minutes
    );
    for (index, _) in day.starts.iter().enumerate() {
        let (position, price) = (index + 1, Day::price(index));
        write!(xml, "<Point><position>{position}</position><price.amount>{price}</price.amount></Point>").unwrap();
    }
    xml + "</Period></TimeSeries></Publication_MarketDocument>"
}

#[test]
fn days_of_92_and_100_quarters_from_every_source() {
    for (zone, day, quarters) in [
        ("Europe/Berlin", date(2026, 3, 29), 92),
        ("Europe/Berlin", date(2026, 10, 25), 100),
        ("Europe/London", date(2026, 3, 29), 92),
        ("Europe/London", date(2026, 10, 25), 100),
        ("America/New_York", date(2026, 3, 8), 92),
        ("America/New_York", date(2026, 11, 1), 100),
        ("Europe/Berlin", date(2026, 11, 24), 96),
    ] {
        let zone = TimeZone::get(zone).unwrap();
        let midnight = |day: jiff::civil::Date| day.to_zoned_datetime(zone.clone()).unwrap().timestamp();
        for minutes in [15, 30, 60] {
            let day = Day::new(&zone, minutes, midnight(day), midnight(day.tomorrow().unwrap()));
            assert_eq!(day.starts.len() as i64, quarters * 15 / minutes);
            check_all(&day);
        }
    }
}

/// Two days around each change of each zone, from five years back to five years ahead.
#[test]
fn every_change_of_every_zone_in_ten_years() {
    let first: Timestamp = "2021-11-24T00:00:00Z".parse().unwrap();
    let last: Timestamp = "2031-11-24T00:00:00Z".parse().unwrap();
    let day = SignedDuration::from_hours(24);
    let mut changes = 0;
    let mut zones = 0;
    for name in jiff::tz::db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        zones += 1;
        for change in zone.following(first).take_while(|change| change.timestamp() < last) {
            let around = model::slot::start_of(change.timestamp());
            check_wall_clock(&Day::new(&zone, 15, around - day, around + day));
            changes += 1;
        }
    }
    println!("{zones} zones, {changes} changes");
    assert!(zones > 400 && changes > 3000, "{zones} zones, {changes} changes");
}
