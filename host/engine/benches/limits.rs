//! What each limit costs: `cargo bench --profile dev -p wattwright-engine --bench limits`.
//!
//! All settings are measured in turns, round by round, and the best round of each counts, so that a busy
//! machine disturbs all of them alike. A strategy's file can be given instead of the shipped one:
//! `… --bench limits -- FILE.wasm`. The shipped ones are built by `cargo xtask build`.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../src/guests.rs"]
mod guests;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use guests::Guest;
use wattwright_engine::{Engine, EngineConfig, Instruments, Strategy};

const ROUNDS: usize = 12;

/// A product of two matrices of 64 × 64 numbers, 64 times: little but arithmetic and loads.
const TIGHT_LOOP: &str = "
    (local $n i32) (local $i i32) (local $j i32) (local $k i32) (local $sum f64)
    (loop $again
        (local.set $i (i32.const 0))
        (loop $rows
            (local.set $j (i32.const 0))
            (loop $columns
                (local.set $sum (f64.const 0))
                (local.set $k (i32.const 0))
                (loop $products
                    (local.set $sum (f64.add (local.get $sum) (f64.mul
                        (f64.load offset=131072 (i32.add (i32.shl (local.get $i) (i32.const 9))
                            (i32.shl (local.get $k) (i32.const 3))))
                        (f64.load offset=196608 (i32.add (i32.shl (local.get $k) (i32.const 9))
                            (i32.shl (local.get $j) (i32.const 3)))))))
                    (br_if $products (i32.lt_u
                        (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 64))))
                (f64.store offset=262144
                    (i32.add (i32.shl (local.get $i) (i32.const 9)) (i32.shl (local.get $j) (i32.const 3)))
                    (local.get $sum))
                (br_if $columns (i32.lt_u
                    (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 64))))
            (br_if $rows (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
        (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 64))))
    (i32.const 8192)";

const SETTINGS: [(&str, Instruments); 7] = [
    ("none", instruments(false, false, false)),
    ("epochs", instruments(false, true, false)),
    ("fuel", instruments(true, false, false)),
    ("fuel + epochs", instruments(true, true, false)),
    ("NaN", instruments(false, false, true)),
    ("epochs + NaN", instruments(false, true, true)),
    ("all three", instruments(true, true, true)),
];

const fn instruments(fuel: bool, epochs: bool, canonical_nans: bool) -> Instruments {
    Instruments { fuel, epochs, canonical_nans }
}

fn main() {
    let file = std::env::args().skip(1).find(|argument| argument.ends_with(".wasm")).map(PathBuf::from);
    let shipped = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));
    let file = file.unwrap_or(shipped);
    measure("64 matrix products, 64 × 64", &Guest::deciding(TIGHT_LOOP).bytes(), 1);
    match std::fs::read(&file) {
        Ok(bytes) => measure(&file.display().to_string(), &bytes, 50),
        Err(error) => println!("{}: not measured: {error}", file.display()),
    }
}

/// Prints the best time of a call with each setting, and its ratio to that with none.
fn measure(what: &str, bytes: &[u8], calls: u32) {
    let config = EngineConfig { deadline: Duration::from_secs(600), fuel: u64::MAX, ..EngineConfig::default() };
    let strategies = SETTINGS.map(|(_, instruments)| {
        let engine = Engine::with_instruments(config.clone(), instruments).unwrap();
        engine.load(bytes).unwrap()
    });
    let mut input = guests::input();
    input.snapshot.ahead = slots(192);
    input.settings = strategies[0].complete_settings(&input.settings).unwrap();
    let mut best = [Duration::MAX; SETTINGS.len()];
    for _ in 0..ROUNDS {
        for (best, strategy) in best.iter_mut().zip(&strategies) {
            let begun = Instant::now();
            for _ in 0..calls {
                strategy.decide(&input).unwrap();
            }
            *best = (*best).min(begun.elapsed() / calls);
        }
    }
    let fuel = strategies.last().and_then(|strategy: &Strategy| Some(strategy.decide(&input).ok()?.fuel));
    let fuel = fuel.unwrap_or_default();
    println!("{what}: {fuel} fuel a call");
    for (((name, _), took), strategy) in SETTINGS.iter().zip(best).zip(&strategies) {
        let ratio = took.as_secs_f64() / best[0].as_secs_f64();
        let rate = fuel as f64 / took.as_secs_f64() / 1e9;
        let compile = strategy.compile_time();
        println!("  {name:14} {took:>10.1?}  {ratio:.2} ×  {rate:.2}e9 fuel/s  compiled in {compile:.1?}");
    }
}

/// Prices and sun of two days, from the sample's own first slot on.
fn slots(count: usize) -> Vec<model::snapshot::Slot> {
    let mut start = guests::input().snapshot.now;
    (0..count)
        .map(|i| {
            let phase = i as f64 / 96.0 * std::f64::consts::TAU;
            let mut slot = model::snapshot::Slot::unknown(start);
            start = model::slot::next(start);
            slot.import_price = Some(0.28 + 0.12 * phase.sin());
            slot.export_price = Some(0.08);
            slot.solar_w = Some((900.0 * (phase * 0.5).sin()).max(0.0));
            slot.load_w = Some(300.0);
            slot
        })
        .collect()
}
