//! How long the page waits for a day and for a year of history, from a journal of 35,040 ticks: a year of slots.
//!
//! `cargo bench -p wattwright-server --bench history`; with `-- --json` a list of `{name, value, unit, floor, ratio}`.
//! The floor of a question about a year, or about what is a year old, is the same question about the last day.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "a measurement, with helpers of the tests")]

#[path = "../tests/it/common.rs"]
mod common;

use std::time::Instant;

use axum::http::{Method, StatusCode};
use common::{Fixture, NOW, past_slot, tick};
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::Tick;
use model::snapshot::{PastSlot, Slot};
use serde_json::{Value, json};

const TICKS: i64 = 35_040;
const TIMES: usize = 15;
const SLOT: SignedDuration = SignedDuration::from_mins(15);
/// What a real tick knows of the slots ahead.
const AHEAD: i64 = 192;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let figures = runtime.block_on(measured());
    if std::env::args().any(|argument| argument == "--json") {
        println!("{figures}");
    } else {
        println!("{figures:#}");
    }
}

async fn measured() -> Value {
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new(0);
    let journal = Journal::open(folder.path().join("journal.db")).unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let recording = fill(&journal, now);
    fixture.server.journal = journal.clone();
    let ago = |days: i64| now - SignedDuration::from_hours(24 * days);

    let day = time(&fixture, &format!("/api/energy?by=day&from={}", ago(1))).await;
    let mut figures = vec![
        figure("recording a tick", recording, "us", None),
        figure("size of a year", journal.size_bytes() as f64 / 1e6, "MB", None),
        figure("energy of a day", day, "us", None),
    ];
    for by in ["day", "week", "month"] {
        let year = time(&fixture, &format!("/api/energy?by={by}&from={}", ago(364))).await;
        figures.push(figure(&format!("energy of a year by {by}"), year, "us", Some(day)));
    }
    let newest = time(&fixture, "/api/ticks?limit=50").await;
    let oldest = time(&fixture, &format!("/api/ticks?limit=50&until={}", ago(360))).await;
    figures.push(figure("newest 50 decisions", newest, "us", None));
    figures.push(figure("50 decisions a year ago", oldest, "us", Some(newest)));
    let last = time(&fixture, &format!("/api/ticks/{TICKS}")).await;
    let first = time(&fixture, "/api/ticks/100").await;
    figures.push(figure("the newest decision whole", last, "us", None));
    figures.push(figure("a decision a year ago whole", first, "us", Some(last)));
    let today = time(&fixture, &format!("/api/decisions?from={}", ago(1))).await;
    let then = format!("/api/decisions?from={}&until={}", ago(360), ago(359));
    figures.push(figure("slots of the last day", today, "us", None));
    figures.push(figure("slots of a day a year ago", time(&fixture, &then).await, "us", Some(today)));
    Value::Array(figures)
}

/// A year of ticks and slots, and how long recording one took, microseconds.
fn fill(journal: &Journal, now: Timestamp) -> f64 {
    let mut slots: Vec<PastSlot> = Vec::new();
    let begun = Instant::now();
    for n in (0..TICKS).rev() {
        let at = now - SLOT * i32::try_from(n).unwrap();
        journal.record(&full(at), None).unwrap();
        let wave = (n % 96) as f64;
        let start = model::slot::start_of(at);
        slots.push(PastSlot {
            grid_w: Some(300.0 - 10.0 * wave),
            solar_w: Some(20.0 * wave),
            battery_w: Some(100.0 - wave),
            export_price: Some(0.08),
            ..past_slot(start)
        });
    }
    let recording = begun.elapsed().as_secs_f64() * 1e6 / TICKS as f64;
    journal.record_past(&slots).unwrap();
    recording
}

/// As large as a real one: with two days ahead, and a plan.
fn full(at: Timestamp) -> Tick {
    let mut tick = tick(at);
    let price = |n: i64| Some(0.2 + 0.001 * (n % 96) as f64);
    tick.input.snapshot.ahead = (0..AHEAD)
        .map(|n| {
            let start = model::slot::start_of(at) + SLOT * i32::try_from(n).unwrap();
            Slot {
                import_price: price(n),
                export_price: Some(0.08),
                solar_w: Some(7.5 * n as f64),
                ..Slot::unknown(start)
            }
        })
        .collect();
    tick.strategy = serde_json::from_value(json!({ "name": "rule-based", "version": "0.1.0", "hash": "00" })).unwrap();
    tick.plan = serde_json::from_value(json!({
        "summary": "Holds for the evening", "actions": [], "outlook": [], "memory": []
    }))
    .ok();
    tick
}

/// The median of some answers, microseconds.
async fn time(fixture: &Fixture, path: &str) -> f64 {
    let path = path.replace('+', "%2B");
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let (status, _, body) = fixture.ask(Method::GET, &path, &[]).await;
        times.push(begun.elapsed().as_secs_f64() * 1e6);
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        assert!(body.len() > 2, "{path}: nothing");
    }
    times.sort_by(f64::total_cmp);
    times[TIMES / 2]
}

fn figure(name: &str, value: f64, unit: &str, floor: Option<f64>) -> Value {
    json!({ "name": name, "value": value, "unit": unit, "floor": floor, "ratio": floor.map(|floor| value / floor) })
}
