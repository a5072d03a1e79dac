//! What a reload takes, and what a loaded strategy costs:
//! `cargo bench --profile dev -p wattwright-engine --bench reload`.
//!
//! A line each: `name value unit floor ratio`. The floor of a reload is wasmtime's compiling of the same
//! bytes and nothing else, in the same run, in turns; the median of all rounds counts. How long a file has
//! to be unchanged before it is read is configured and no work: `reload-rest` is without it. The floor of
//! the memory is the machine code. Another file than the shipped strategy: `… --bench reload -- FILE.wasm`.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "common/figures.rs"]
mod figures;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use figures::Figures;
use wattwright_engine::{Engine, EngineConfig, Library, LibraryConfig, Pace, Strategy};
use wit_component::ComponentEncoder;

const ROUNDS: usize = 15;

const LOADED: usize = 20;

fn main() {
    let shipped = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));
    let file = std::env::args().skip(1).find(|argument| argument.ends_with(".wasm")).map_or(shipped, PathBuf::from);
    match std::fs::read(&file) {
        Ok(bytes) => {
            // First, before anything else made memory that is free again.
            let mut figures = Figures::default();
            memory(&bytes, &mut figures);
            reload(&bytes, &mut figures);
            figures.print();
        }
        Err(error) => println!("{}: not measured: {error}", file.display()),
    }
}

/// The same strategy as another file: with a section that means nothing.
fn distinct(bytes: &[u8], number: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let payload = format!("\u{4}noop{number:06}");
    bytes.extend([0, u8::try_from(payload.len()).unwrap()]);
    bytes.extend(payload.bytes());
    bytes
}

fn component(bytes: &[u8]) -> Vec<u8> {
    match bytes.get(4) {
        Some(0x0d) => bytes.to_vec(),
        _ => ComponentEncoder::default().module(bytes).unwrap().encode().unwrap(),
    }
}

/// wasmtime with the settings that the engine gives it.
fn bare_engine() -> wasmtime::Engine {
    let mut config = wasmtime::Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true);
    wasmtime::Engine::new(&config).unwrap()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn put(folder: &Path, bytes: &[u8]) -> Instant {
    let half = folder.join("half");
    std::fs::write(&half, bytes).unwrap();
    let closed = Instant::now();
    std::fs::rename(half, folder.join("a.wasm")).unwrap();
    closed
}

/// From a file that is closed to one that is in use.
fn reload(bytes: &[u8], figures: &mut Figures) {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), bytes);
    let (name, engine) = {
        let engine = Engine::new(EngineConfig::default()).unwrap();
        (engine.load(bytes).unwrap().description().name.clone(), engine)
    };
    let pace = Pace::default();
    let config = LibraryConfig { folder: Some(folder.path().to_owned()), pace, ..LibraryConfig::default() };
    let library = Library::open(engine, config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bare = bare_engine();
    let (mut floors, mut totals) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let bytes = distinct(bytes, round);
        let component = component(&bytes);
        let begun = Instant::now();
        drop(std::hint::black_box(bare.precompile_component(&component).unwrap()));
        floors.push(begun.elapsed());

        let before = library.current(&name).unwrap().hash().to_owned();
        let mut changes = library.changes();
        let closed = put(folder.path(), &bytes);
        while library.current(&name).unwrap().hash() == before {
            runtime.block_on(changes.changed()).unwrap();
        }
        totals.push(closed.elapsed());
        let error = library.entries()[0].error.clone();
        assert_eq!(error, None);
    }
    let (floor, total, settle) = (median(floors), median(totals), pace.settle.as_secs_f64() * 1e3);
    figures.add("reload-total", total, "ms", Some(floor + settle));
    figures.add("reload-settle", settle, "ms", Some(settle));
    figures.add("reload-rest", total - settle, "ms", Some(floor));
}

/// What is resident for each of some loaded strategies.
fn memory(bytes: &[u8], figures: &mut Figures) {
    let code = bare_engine().precompile_component(&component(bytes)).unwrap().len();
    // Machine code from the cache, so that it is not the compiler's memory that is measured.
    let folder = tempfile::tempdir().unwrap();
    let config = EngineConfig { cache: Some(folder.path().join("cache")), ..EngineConfig::default() };
    let engine = Engine::new(config).unwrap();
    let files: Vec<_> = (0..=LOADED).map(|number| distinct(bytes, number)).collect();
    for file in &files {
        engine.load(file).unwrap();
    }
    let first = engine.load(&files[0]).unwrap();
    let before = resident_kb();
    let loaded: Vec<Strategy> = files[1..].iter().map(|file| engine.load(file).unwrap()).collect();
    assert!(loaded.iter().chain([&first]).all(Strategy::from_cache));
    let each = (resident_kb() - before) / LOADED as f64;
    figures.add("memory-per-strategy", each, "kB", Some(code as f64 / 1024.0));
}

fn resident_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(f64::NAN)
}
