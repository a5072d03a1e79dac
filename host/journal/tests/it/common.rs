//! A tick with every field set, for the tests.

use jiff::{SignedDuration, Timestamp};
use model::Tick;

pub fn full_tick() -> Tick {
    serde_json::from_str(include_str!("common/full-tick.json")).unwrap()
}

pub fn tick_at(at: Timestamp) -> Tick {
    Tick { at, ..full_tick() }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// As JSON, which tells `-0.0` from `0.0` and NaN from nothing.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}
