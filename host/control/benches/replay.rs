//! A simulated month of 10,000 ticks with two reloads in between, at full speed: recorded in a journal on
//! disk, then replayed bit for bit. Fails when a tick differs.
//!
//! `cargo bench -p wattwright-control --bench replay`; another number of ticks as an argument, and `--json`
//! for a list of `{name, value, unit, floor, ratio}`.

#[path = "../../engine/src/guests.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is the engine's tests', and not all of it is needed here")]
mod guests;
#[path = "../tests/it/month.rs"]
mod month;
#[path = "../tests/it/strategies.rs"]
#[allow(dead_code, reason = "it is the tests'")]
mod strategies;

use std::error::Error;
use std::time::{Duration, Instant};

use journal::Journal;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let ticks = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(month::MONTH);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("journal.db");
    let journal = Journal::open(&path)?;

    let begun = Instant::now();
    let mut recorded = month::record(&journal, ticks)?;
    let recording = begun.elapsed();
    let begun = Instant::now();
    let different = month::replay_all(&journal, &recorded)?;
    let replaying = begun.elapsed();
    let versions = journal.referenced_hashes()?.len();
    drop(journal);
    let journal_mb = std::fs::metadata(&path)?.len() as f64 / 1e6;

    recorded.writing.sort_unstable();
    let percentile = |percent: usize| recorded.writing[(recorded.writing.len() - 1) * percent / 100];
    if arguments.iter().any(|argument| argument == "--json") {
        let figure = |name: &str, value: f64, unit: &str| json!({ "name": name, "value": value, "unit": unit, "floor": null, "ratio": null });
        println!(
            "{}",
            json!([
                figure("replay_ticks", recorded.ids.len() as f64, "1"),
                figure("replay_different", different.len() as f64, "1"),
                figure("replay_record", per_tick(recording, ticks), "ms/tick"),
                figure("replay_replay", per_tick(replaying, ticks), "ms/tick"),
                figure("journal_write_p50", percentile(50).as_secs_f64() * 1e3, "ms"),
                figure("journal_write_p99", percentile(99).as_secs_f64() * 1e3, "ms"),
                figure("journal_size", journal_mb, "MB"),
            ])
        );
    } else {
        println!(
            "{ticks} ticks of {versions} versions of strategies recorded in {recording:.1?}, {:.2} ms each",
            per_tick(recording, ticks)
        );
        println!(
            "writing one into the journal: p50 {:.2?}, p99 {:.2?}; the journal has {journal_mb:.1} MB",
            percentile(50),
            percentile(99)
        );
        println!("replayed in {replaying:.1?}, {:.2} ms each; {} differ", per_tick(replaying, ticks), different.len());
    }
    match different.first() {
        None => Ok(()),
        Some(first) => Err(format!("{} of {ticks} ticks differ, the first is {first:#?}", different.len()).into()),
    }
}

fn per_tick(took: Duration, ticks: usize) -> f64 {
    took.as_secs_f64() * 1e3 / ticks as f64
}
