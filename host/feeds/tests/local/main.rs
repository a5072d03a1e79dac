//! Sources at a local server and at a made-up Home Assistant.
//!
//! Payloads are those of `forecast`'s tests (`host/forecast/tests/payloads.rs` says where their shapes come
//! from).

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

mod fallback;
mod home;
mod server;
mod sky;
mod sources;
mod trouble;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use forecast::prices::Rules;
use jiff::{SignedDuration, Timestamp};
use wattwright_feeds::{Cache, Feeds, HomePort, HttpLimits, RawSource, Settings};

/// The prices of the payloads are around this.
fn now() -> Timestamp {
    at("2026-11-24T10:07:00Z")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn payload(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../forecast/tests/payloads").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Shorter than usual, since some servers here never answer, and longer than any other takes on a busy machine.
const WITHIN: Duration = Duration::from_secs(2);

fn feeds_with(sources: &[String], folder: &Path, home: Option<Arc<dyn HomePort>>, currency: &str) -> Feeds {
    feeds_of(sources, folder, home, currency, (0.5, WITHIN))
}

/// Whose dice show `die` each time, and whose servers have to answer within some time.
fn feeds_of(
    sources: &[String],
    folder: &Path,
    home: Option<Arc<dyn HomePort>>,
    currency: &str,
    (die, total): (f64, Duration),
) -> Feeds {
    let sources = sources.iter().map(|text| toml::from_str::<RawSource>(text).unwrap().check(folder).unwrap());
    let rules = Rules::new("prices.import").in_currency(currency);
    let settings = Settings {
        limits: HttpLimits { connect: total, total, most_bytes: 1 << 20 },
        cache: Some(Cache::new(folder.join("cache"))),
        dice: Arc::new(move || die),
    };
    Feeds::new(sources.collect(), rules, settings, home).unwrap()
}

fn feeds(sources: &[String], folder: &Path) -> Feeds {
    feeds_with(sources, folder, None, "EUR")
}

fn energy_charts(url: &str) -> String {
    format!("source = 'energy-charts'\nzone = 'DE-LU'\nurl = '{url}'")
}

fn awattar(url: &str) -> String {
    format!("source = 'awattar'\nzone = 'DE-LU'\nurl = '{url}'")
}

/// An answer of Energy-Charts with the quarter-hours from `from` until `until` and one price.
fn charts(from: Timestamp, until: Timestamp, price: f64) -> String {
    let starts: Vec<i64> = model::slot::starts(from, until).map(|start| start.as_second()).collect();
    let prices = vec![price; starts.len()];
    serde_json::json!({"unix_seconds": starts, "price": prices, "unit": "EUR / MWh"}).to_string()
}

/// An answer of aWATTar with the hours from `from` until `until` and one price.
fn hours(from: Timestamp, until: Timestamp, price: f64) -> String {
    let starts = model::slot::starts(from, until).step_by(4).map(|start| start.as_millisecond());
    let entry = |start: i64| {
        serde_json::json!({
            "start_timestamp": start, "end_timestamp": start + 3_600_000, "marketprice": price, "unit": "Eur/MWh"
        })
    };
    serde_json::json!({ "data": starts.map(entry).collect::<Vec<_>>() }).to_string()
}
