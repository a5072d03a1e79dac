//! `linear` in its sandbox against HiGHS's own solve of the same days, native:
//! `cargo bench -p wattwright-engine --bench decide`; with `-- --json` a list of `{name, value, unit, floor, ratio}`.
//!
//! The days are those of `plugins/linear/tests/optimum.py`, which prints what HiGHS itself says that its run took.
//! `HIGHS_PYTHON` is a Python that has `highspy`; without one there is no floor. The strategy does more than the
//! solver: it reads the snapshot, reckons with the forecasts' low and high, and writes reasons down.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "common/figures.rs"]
mod figures;
#[path = "../../../plugins/linear/tests/problem/mod.rs"]
mod problem;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use figures::Figures;
use jiff::Timestamp;
use linear::job::Job;
use linear::market::{Slot, Store};
use problem::{Problem, problem};
use serde_json::{Value, json};
use wattwright_engine::{Engine, EngineConfig};

/// Days of each kind.
const DAYS: usize = 15;
const ROUNDS: usize = 5;

fn main() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let shipped = root.join("target/plugins/linear.wasm");
    let file = std::env::args().skip(1).find(|argument| argument.ends_with(".wasm")).map_or(shipped, PathBuf::from);
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let strategy = Engine::new(EngineConfig::default()).unwrap().load(&bytes).unwrap();

    let mut figures = Figures::default();
    for (name, batteries, tasks) in [("decide-1-battery", 1, 0), ("decide-2-batteries-4-tasks", 2, 4)] {
        let days: Vec<u64> = (0..500).filter(|seed| is_of(*seed, batteries, tasks)).take(DAYS).collect();
        let inputs: Vec<model::Input> = days
            .iter()
            .map(|seed| model::Input {
                snapshot: serde_json::from_value(snapshot(&problem(*seed))).unwrap(),
                settings: strategy.complete_settings(&json!({})).unwrap(),
                memory: Vec::new(),
            })
            .collect();
        let mut floor = highs_ms(&root.join("plugins/linear/tests/optimum.py"), &days);
        let mut ours = Vec::new();
        for input in (0..ROUNDS).flat_map(|_| &inputs) {
            let begun = Instant::now();
            let plan = strategy.decide(input).unwrap().plan;
            ours.push(begun.elapsed().as_secs_f64() * 1e3);
            assert_eq!(plan.actions.len(), batteries + tasks, "{}", plan.summary);
        }
        figures.add(name, middle(&mut ours), "ms", (!floor.is_empty()).then(|| middle(&mut floor)));
        let most = |times: &[f64]| times.last().copied().unwrap_or_default();
        figures.add(&format!("{name}-most"), most(&ours), "ms", (!floor.is_empty()).then(|| most(&floor)));
    }
    figures.print();
}

/// Whether a day is of a kind, at usual prices: below zero HiGHS takes a hundred times as long.
fn is_of(seed: u64, batteries: usize, tasks: usize) -> bool {
    let problem = problem(seed);
    let usual = !seed.is_multiple_of(3) && !seed.is_multiple_of(5);
    usual && problem.stores.len() == batteries && problem.jobs.len() == tasks
}

fn highs_ms(script: &Path, seeds: &[u64]) -> Vec<f64> {
    let python = std::env::var_os("HIGHS_PYTHON").unwrap_or_else(|| "python3".into());
    let seeds = seeds.iter().map(u64::to_string);
    let run = Command::new(python).arg(script).arg("--times").args(seeds).output();
    match run {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.trim().parse().ok()).collect()
        }
        _ => {
            eprintln!("no Python with highspy: HiGHS is not measured");
            Vec::new()
        }
    }
}

/// The median, of times that are then sorted.
fn middle(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn snapshot(problem: &Problem) -> Value {
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let starts: Vec<Timestamp> =
        std::iter::successors(Some(now), |at| Some(model::slot::next(*at))).take(problem.slots.len() + 1).collect();
    let Problem { stores, slots, jobs, .. } = problem;
    json!({
        "now": now, "timezone": "UTC", "utc_offset_s": 0, "currency": "EUR",
        "grid": { "power_w": null, "import_limit_w": null, "export_limit_w": null },
        "solar_power_w": null, "load_power_w": null,
        "batteries": stores.iter().enumerate().map(battery).collect::<Vec<_>>(),
        "devices": (0..jobs.len()).map(device).collect::<Vec<_>>(),
        "tasks": jobs.iter().enumerate().map(|job| task(job, &starts)).collect::<Vec<_>>(),
        "ahead": slots.iter().zip(starts.windows(2)).map(slot).collect::<Vec<_>>(),
        "past": [], "sources": [], "problems": []
    })
}

fn battery((index, store): (usize, &Store)) -> Value {
    let pct = |kwh: f64| 100.0 * kwh / store.ceiling_kwh;
    json!({
        "id": format!("battery-{index}"), "name": "Keller", "soc_pct": pct(store.stored_kwh),
        "capacity_wh": store.ceiling_kwh * 1e3, "min_soc_pct": pct(store.floor_kwh), "max_soc_pct": 100.0,
        "max_charge_w": store.max_charge_kw * 1e3, "max_discharge_w": store.max_discharge_kw * 1e3,
        "charge_efficiency": store.charge_efficiency, "discharge_efficiency": store.discharge_efficiency,
        "power_w": 0.0, "wear_cost_per_kwh": store.wear_cost_per_kwh, "in_force": null
    })
}

fn device(index: usize) -> Value {
    json!({
        "id": format!("plug-{index}"), "name": "Boiler", "kind": "plug",
        "abilities": { "switch": true, "level": false, "light": false, "notify": false },
        "on": false, "level": null, "power_w": 0.0, "in_force": null
    })
}

fn task((index, job): (usize, &Job), starts: &[Timestamp]) -> Value {
    let usable: Vec<usize> = (0..job.most_kwh.len()).filter(|t| job.most_kwh[*t] > 0.0).collect();
    json!({
        "id": format!("task-{index}"), "name": "Boiler", "device": format!("plug-{index}"), "state": "waiting",
        "energy_wh": job.need_kwh * 1e3, "done_wh": 0.0, "power_w": job.most_kwh[usable[0]] * 4e3,
        "earliest": starts[usable[0]], "deadline": starts[usable[usable.len() - 1] + 1],
        "interruptible": !job.is_block
    })
}

fn slot((slot, times): (&Slot, &[Timestamp])) -> Value {
    let chance = slot.chances[0];
    let load_w = (chance.net_kw + chance.solar_kw) * 1e3;
    let solar_w = chance.solar_kw * 1e3;
    json!({
        "start": times[0], "end": times[1],
        "import_price": slot.market.import_price, "export_price": slot.market.export_price,
        "export_limit_w": slot.market.export_limit_kw * 1e3, "import_limit_w": slot.market.import_limit_kw * 1e3,
        "solar_w": solar_w, "solar_low_w": solar_w * 0.7, "solar_high_w": solar_w * 1.2,
        "load_w": load_w, "load_low_w": load_w * 0.7, "load_high_w": load_w * 1.4,
        "temperature_c": null, "cloud_cover_pct": null
    })
}
