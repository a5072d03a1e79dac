//! The tariffs that are shipped as examples.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use wattwright_forecast::{RawTariff, Tariff};

#[derive(Deserialize)]
struct File {
    tariff: RawTariff,
}

fn tariff(name: &str) -> Tariff {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tariffs").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    Tariff::new(&file.tariff, &TimeZone::UTC).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Each example at times that tell, with its components.
#[test]
fn examples() {
    for (name, market, times) in [
        ("de-dynamic-14a.toml", Some(0.1), ["2026-11-24T01:00:00Z", "2026-11-24T17:00:00Z", "2026-07-24T17:00:00Z"]),
        ("de-fixed.toml", None, ["2026-11-24T01:00:00Z", "2026-11-24T17:00:00Z", "2026-07-24T17:00:00Z"]),
        ("at-hourly.toml", Some(-0.02), ["2026-07-24T10:00:00Z", "2026-11-24T10:00:00Z", "2027-01-01T10:00:00Z"]),
        ("nl-dynamic.toml", Some(0.1), ["2026-11-24T01:00:00Z", "2026-11-24T17:00:00Z", "2026-07-24T17:00:00Z"]),
        ("dk-spot.toml", Some(0.75), ["2026-11-24T01:00:00Z", "2026-11-24T17:00:00Z", "2026-07-24T17:00:00Z"]),
        ("no-spot-support.toml", Some(1.5), ["2026-11-24T01:00:00Z", "2026-11-24T12:00:00Z", "2026-11-28T12:00:00Z"]),
        ("se-spot.toml", Some(-0.1), ["2026-11-24T01:00:00Z", "2026-11-24T12:00:00Z", "2026-07-24T12:00:00Z"]),
        ("uk-time-of-use.toml", None, ["2026-11-24T01:00:00Z", "2026-07-24T04:15:00Z", "2026-07-24T04:30:00Z"]),
        ("uk-economy-7.toml", None, ["2026-11-24T01:00:00Z", "2026-07-24T07:15:00Z", "2026-07-24T07:30:00Z"]),
    ] {
        let tariff = tariff(name);
        let mut text = String::new();
        for time in times {
            let at: Timestamp = time.parse().unwrap();
            for (what, priced) in [("import", tariff.import(at, market)), ("export", tariff.export(at, market))] {
                writeln!(text, "{time} {what} {:.6}", priced.per_kwh.unwrap()).unwrap();
                for part in priced.parts {
                    writeln!(text, "  {}: {:.6} + {:.6}", part.name, part.net.unwrap(), part.vat.unwrap()).unwrap();
                }
            }
        }
        insta::assert_snapshot!(name.trim_end_matches(".toml"), text);
    }
}

#[test]
fn no_example_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tariffs");
    let this = include_str!("tariffs.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".toml") {
            assert!(this.contains(&name), "{name} is not tested");
            tariff(&name);
        }
    }
}
