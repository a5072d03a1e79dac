//! 1, 10 and 50 shadows, each of them `rule-based`: how long control is held up by handing a tick over, how
//! long it takes until all have answered and are recorded, and what the bare calls alone would take.
//!
//! `cargo bench -p wattwright-control --bench shadows`; with `-- --json` a list of `{name, value, unit, floor,
//! ratio}`.

#[path = "../../engine/src/guests.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is the engine's tests', and not all of it is needed here")]
mod guests;
#[path = "../tests/it/month.rs"]
#[allow(dead_code, reason = "it is the tests'")]
mod month;
#[path = "../tests/it/record.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is the tests'")]
mod record;
#[path = "../tests/it/strategies.rs"]
#[allow(dead_code, reason = "it is the tests'")]
mod strategies;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Engine, EngineConfig, Library, LibraryConfig};
use guard::SceneRecord;
use journal::Journal;
use model::{Input, Roster, Tick};
use serde_json::json;
use tokio::sync::watch;
use wattwright_control::shadows::{Look, Shadows};

use crate::record::{Event, FakeRecord};

const MOST: usize = 50;
const LOOKS: usize = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let bytes = month::rule_based()?;
    for number in 0..MOST {
        std::fs::write(folder.path().join(format!("{number}.wasm")), named(&bytes, &name(number)))?;
    }
    let config = LibraryConfig { folder: Some(folder.path().to_owned()), ..LibraryConfig::default() };
    let library = Arc::new(Library::open(Engine::new(EngineConfig::default())?, config)?);
    let mut changes = library.changes();
    while (0..MOST).any(|number| library.current(&name(number)).is_none()) {
        changes.changed().await?;
    }
    let (tick, scene) = a_tick()?;
    let snapshot = Arc::new(tick.input.snapshot.clone());
    let is_json = std::env::args().any(|argument| argument == "--json");
    let mut figures = Vec::new();
    for count in [1, 10, MOST] {
        let roster = Arc::new(Roster { shadows: (0..count).map(name).collect(), ..Roster::default() });
        let (record, mut events) = FakeRecord::new();
        let (_changes, roster_changes) = watch::channel(roster.clone());
        let shadows = Shadows::start(library.clone(), record, roster_changes);
        let (mut handing, mut answering, mut calling) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..LOOKS {
            let look = Look { tick: 1, snapshot: snapshot.clone(), scene: scene.clone(), roster: roster.clone() };
            let begun = Instant::now();
            shadows.look(look);
            handing.push(begun.elapsed());
            for _ in 0..count {
                match events.recv().await {
                    Some(Event::Shadow(shadow)) if shadow.plan.is_some() => {}
                    other => return Err(format!("a shadow has no plan: {other:?}").into()),
                }
            }
            answering.push(begun.elapsed());
            calling.push(bare(&library, &tick, count)?);
        }
        let (handing, answering, calling) = (median(handing), median(answering), median(calling));
        if is_json {
            figures.push(json!({ "name": format!("shadows_{count}_handed_over"), "value": handing.as_secs_f64() * 1e6, "unit": "us", "floor": null, "ratio": null }));
            let (value, floor) = (answering.as_secs_f64() * 1e3, calling.as_secs_f64() * 1e3);
            figures.push(json!({ "name": format!("shadows_{count}_answered"), "value": value, "unit": "ms", "floor": floor, "ratio": value / floor }));
        } else {
            println!(
                "{count} shadows: control hands a tick over in {handing:.1?}; all answered, judged and handed to the record after {answering:.2?}, the bare calls alone {calling:.2?}"
            );
        }
    }
    if is_json {
        println!("{}", serde_json::Value::Array(figures));
    }
    Ok(())
}

/// As long as `rule-based`, so that it can stand in its place.
fn name(number: usize) -> String {
    format!("shadow-{number:03}")
}

fn named(component: &[u8], name: &str) -> Vec<u8> {
    const OWN: &[u8] = b"rule-based";
    let mut bytes = component.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(OWN.len()).position(|window| window == OWN) {
        bytes[at + found..at + found + OWN.len()].copy_from_slice(name.as_bytes());
        at += found + OWN.len();
    }
    bytes
}

/// A tick in the middle of a month.
fn a_tick() -> Result<(Tick, Arc<SceneRecord>), Box<dyn Error>> {
    let journal = Journal::in_memory()?;
    let recorded = month::record(&journal, 50)?;
    let id = *recorded.ids.last().ok_or("no tick")?;
    let scene = journal.scene(id)?.ok_or("no scene")?;
    Ok((journal.tick(id)?.ok_or("no tick")?, Arc::new(serde_json::from_slice(&scene)?)))
}

fn bare(library: &Library, tick: &Tick, count: usize) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    for number in 0..count {
        let strategy = library.current(&name(number)).ok_or("not loaded")?;
        let settings = strategy.complete_settings(&json!({})).map_err(|problems| format!("{problems:?}"))?;
        strategy.decide(&Input { snapshot: tick.input.snapshot.clone(), settings, memory: Vec::new() })?;
    }
    Ok(begun.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
