//! What the sandbox costs: `rule-based` on 192 slots ahead, as a component and called natively, in turns
//! in one run. Checks first that both give the same plan.
//!
//! `cargo bench -p wattwright-engine`, after the plugin was built to `target/plugins/rule-based.wasm`
//! (another place: `RULE_BASED_WASM`). With `-- --json` it prints a list of
//! `{name, value, unit, floor, ratio}`, the native call being the floor.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use model::snapshot::Slot;
use serde_json::{Value, json};
use wattwright_engine::{Engine, EngineConfig};

/// Calls of each kind that are counted, after those that warm up.
const CALLS: usize = 2000;
const WARM_UP: usize = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::var_os("RULE_BASED_WASM").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm")),
        PathBuf::from,
    );
    let strategy = Engine::new(EngineConfig::default())?.load_file(&path)?;
    let settings = strategy.complete_settings(&Value::Null).map_err(|problems| format!("{problems:?}"))?;
    let input = model::Input { snapshot: serde_json::from_value(snapshot())?, settings, memory: Vec::new() };
    let native_input = wattwright_strategy::testing::input_from_json(&serde_json::to_string(&input)?)?;

    let answer = strategy.decide(&input)?;
    let native = rule_based::decide(&native_input)?;
    let same = answer.plan.summary == native.summary
        && answer.plan.actions.len() == native.actions.len()
        && answer.plan.outlook.len() == native.outlook.len()
        && answer.plan.outlook.iter().zip(&native.outlook).all(|(a, b)| a.grid_w == b.grid_w);
    if !same {
        return Err(
            format!("the sandboxed and the native plan differ: {}, {}", answer.plan.summary, native.summary).into()
        );
    }

    let mut sandboxed_us = Vec::with_capacity(CALLS);
    let mut native_us = Vec::with_capacity(CALLS);
    for call in 0..WARM_UP + CALLS {
        let begun = Instant::now();
        black_box(strategy.decide(black_box(&input)))?;
        let between = Instant::now();
        black_box(rule_based::decide(black_box(&native_input)))?;
        if call >= WARM_UP {
            sandboxed_us.push((between - begun).as_secs_f64() * 1e6);
            native_us.push(between.elapsed().as_secs_f64() * 1e6);
        }
    }
    report(&mut sandboxed_us, &mut native_us);
    Ok(())
}

fn report(sandboxed_us: &mut [f64], native_us: &mut [f64]) {
    sandboxed_us.sort_by(f64::total_cmp);
    native_us.sort_by(f64::total_cmp);
    let is_json = std::env::args().any(|arg| arg == "--json");
    let mut figures = Vec::new();
    for (name, percent) in [("p50", 50), ("p99", 99)] {
        let at = |times: &[f64]| times[(times.len() - 1) * percent / 100];
        let (value, floor) = (at(sandboxed_us), at(native_us));
        if !is_json {
            println!(
                "decide, 192 slots, {name}: sandboxed {value:.0} µs, native {floor:.0} µs, ratio {:.2}, sandbox adds {:.0} µs",
                value / floor,
                value - floor
            );
        }
        figures.push(json!({
            "name": format!("decide_rule_based_192_slots_{name}"), "value": value, "unit": "us", "floor": floor,
            "ratio": value / floor,
        }));
    }
    if is_json {
        println!("{}", Value::Array(figures));
    }
}

/// Two days of prices with a valley and a peak, sun at noon, one battery.
fn snapshot() -> Value {
    let now = "2026-06-24T06:00:00Z";
    let mut start = now.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let ahead: Vec<_> = (0..192)
        .map(|i| {
            let turn = f64::from(i) / 96.0 * std::f64::consts::TAU;
            let slot = Slot {
                import_price: Some(0.28 - 0.12 * (2.0 * turn).sin()),
                export_price: Some(0.08),
                solar_w: Some((900.0 * turn.sin()).max(0.0)),
                load_w: Some(350.0 + 150.0 * (3.0 * turn).cos()),
                temperature_c: Some(18.0),
                ..Slot::unknown(start)
            };
            start = slot.end;
            slot
        })
        .collect();
    json!({
        "now": now, "timezone": "Europe/Berlin", "utc_offset_s": 7200, "currency": "EUR",
        "grid": {"power_w": 300.0, "import_limit_w": null, "export_limit_w": 800.0},
        "solar_power_w": 0.0, "load_power_w": 300.0,
        "batteries": [{
            "id": "battery", "name": "Battery", "soc_pct": 40.0, "capacity_wh": 1920.0, "min_soc_pct": 10.0,
            "max_soc_pct": 100.0, "max_charge_w": 1200.0, "max_discharge_w": 800.0, "charge_efficiency": 0.94,
            "discharge_efficiency": 0.94, "power_w": 0.0, "wear_cost_per_kwh": 0.05, "in_force": null
        }],
        "devices": [], "tasks": [], "ahead": ahead, "past": [], "sources": [], "problems": []
    })
}
