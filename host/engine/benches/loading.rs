//! What it takes to load a strategy: `cargo bench --profile dev -p wattwright-engine --bench loading`.
//!
//! Cold here, cold in a process of its own, and warm from the cache; the floor of each, wasmtime's compiling
//! and loading and nothing else, is measured in the same run, in turns, and the best round of each counts.
//! Another file than the shipped strategy: `… --bench loading -- FILE.wasm`.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "common/figures.rs"]
mod figures;

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use figures::Figures;
use wattwright_engine::{ChildCompiler, CompileLimits, Compiler, Engine, EngineConfig, compile_child};
use wit_component::ComponentEncoder;

const ROUNDS: usize = 12;

const NAMES: [&str; 5] = ["compile-bare", "load-cold-in-process", "load-cold", "load-bare", "load-warm"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|command| command == "compile") {
        return compile_child(&CompileLimits::default());
    }
    let shipped = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));
    let file = arguments.iter().find(|argument| argument.ends_with(".wasm")).map_or(shipped, PathBuf::from);
    match std::fs::read(&file) {
        Ok(bytes) => measure(&bytes),
        Err(error) => println!("{}: not measured: {error}", file.display()),
    }
    ExitCode::SUCCESS
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

#[allow(unsafe_code)]
fn measure(bytes: &[u8]) {
    let engine = |config| Engine::new(config).unwrap();
    let here = engine(EngineConfig::default());
    let program = std::env::current_exe().unwrap();
    let limits = CompileLimits::default();
    let compiler = Compiler::Child(ChildCompiler { program, arguments: vec!["compile".into()], limits });
    let there = engine(EngineConfig { compiler, ..EngineConfig::default() });
    let folder = tempfile::tempdir().unwrap();
    let warm = engine(EngineConfig { cache: Some(folder.path().join("cache")), ..EngineConfig::default() });
    let size = warm.load(bytes).unwrap().size_bytes();

    let bare = bare_engine();
    let is_component = bytes.get(4) == Some(&0x0d);
    let component = if is_component {
        bytes.to_vec()
    } else {
        ComponentEncoder::default().module(bytes).unwrap().encode().unwrap()
    };
    let artefact = bare.precompile_component(&component).unwrap();
    let mut best = [Duration::MAX; NAMES.len()];
    for _ in 0..ROUNDS {
        let ways: [&dyn Fn(); NAMES.len()] = [
            &|| drop(black_box(bare.precompile_component(&component).unwrap())),
            &|| drop(black_box(here.load(bytes).unwrap())),
            &|| drop(black_box(there.load(bytes).unwrap())),
            // SAFETY: it was compiled above by the same engine.
            &|| drop(black_box(unsafe { wasmtime::component::Component::deserialize(&bare, &artefact) }.unwrap())),
            &|| assert!(warm.load(bytes).unwrap().from_cache()),
        ];
        for (best, way) in best.iter_mut().zip(ways) {
            let begun = Instant::now();
            way();
            *best = (*best).min(begun.elapsed());
        }
    }
    let mut figures = Figures::default();
    figures.add("file", size as f64, "bytes", None);
    figures.add("machine-code", artefact.len() as f64, "bytes", None);
    for (i, (name, took)) in NAMES.iter().zip(best).enumerate() {
        let floor = best[if i < 3 { 0 } else { 3 }];
        figures.add(name, took.as_secs_f64() * 1e3, "ms", Some(floor.as_secs_f64() * 1e3));
    }
    figures.print();
}
