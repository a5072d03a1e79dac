//! A call of a strategy with a fresh instance, against the bare wasmtime call of the same export:
//! `cargo bench -p wattwright-engine --bench call`; with `-- --json` a list of `{name, value, unit, floor,
//! ratio}`.
//!
//! The floor has the same machine code and the same input, already in the contract's types, and none of what
//! the engine adds: the limits of memory, tables and log, the turning of types into each other and the border.
//! Both are measured in turns. The shipped strategy is built by `cargo xtask build`; another one that is built
//! for the newest contract: `… -- FILE.wasm`.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "common/figures.rs"]
mod figures;
#[path = "../src/guests.rs"]
mod guests;

#[allow(missing_docs, clippy::all)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/0.2.0", world: "strategy" });
}

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bindings::wattwright::strategy::{host, types};
use bindings::{Strategy, StrategyPre};
use figures::Figures;
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};
use wattwright_engine::{Engine, EngineConfig};
use wit_component::ComponentEncoder;

const SLOTS: u32 = 192;
const CALLS: usize = 2000;

struct Quiet;

impl types::Host for Quiet {}

impl host::Host for Quiet {
    fn log(&mut self, _: host::LogLevel, _: String) {}
}

fn main() {
    let shipped = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));
    let file = std::env::args().skip(1).find(|argument| argument.ends_with(".wasm")).map_or(shipped, PathBuf::from);
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let strategy = Engine::new(EngineConfig::default()).unwrap().load(&bytes).unwrap();
    let mut input = guests::input();
    input.snapshot.ahead = slots();
    input.settings = strategy.complete_settings(&input.settings).unwrap();
    let bare_input =
        types::Input { snapshot: bare_snapshot(&input), settings: input.settings.to_string(), memory: vec![] };
    input.memory.clear();

    let engine = bare_engine();
    let component = ComponentEncoder::default().module(&bytes).unwrap().encode().unwrap();
    let component = Component::new(&engine, component).unwrap();
    let mut linker = Linker::new(&engine);
    Strategy::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state).unwrap();
    let bare = StrategyPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
    let call_bare = || {
        let mut store = Store::new(&engine, Quiet);
        store.set_fuel(u64::MAX).unwrap();
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = bare.instantiate(&mut store).unwrap();
        instance.call_decide(&mut store, &bare_input).unwrap().unwrap()
    };
    let plan = strategy.decide(&input).unwrap().plan;
    assert_eq!(call_bare().summary, plan.summary, "the floor decides something else");

    let (mut ours, mut floor) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    for _ in 0..CALLS {
        ours.push(timed(|| drop(strategy.decide(&input).unwrap())));
        floor.push(timed(|| drop(call_bare())));
    }
    let mut figures = Figures::default();
    for (name, share) in [("call-p50", 0.5), ("call-p99", 0.99)] {
        figures.add(name, quantile(&mut ours, share), "us", Some(quantile(&mut floor, share)));
    }
    figures.print();
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn quantile(times: &mut [Duration], share: f64) -> f64 {
    times.sort();
    times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6
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

/// Prices and sun of two days, from the sample's own first slot on.
fn slots() -> Vec<model::snapshot::Slot> {
    let mut start = guests::input().snapshot.now;
    (0..SLOTS)
        .map(|index| {
            let phase = f64::from(index) / 96.0 * std::f64::consts::TAU;
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

fn instant(at: jiff::Timestamp) -> u32 {
    u32::try_from(at.as_second()).unwrap()
}

fn bare_snapshot(input: &model::Input) -> types::Snapshot {
    let snapshot = &input.snapshot;
    let battery = |battery: &model::snapshot::Battery| types::Battery {
        id: battery.id.clone(),
        name: battery.name.clone(),
        commands: types::Commands::HOLD
            | types::Commands::CHARGE
            | types::Commands::DISCHARGE
            | types::Commands::BALANCE,
        soc_pct: battery.soc_pct,
        capacity_wh: battery.capacity_wh,
        min_soc_pct: battery.min_soc_pct,
        max_soc_pct: battery.max_soc_pct,
        max_charge_w: battery.max_charge_w,
        max_discharge_w: battery.max_discharge_w,
        min_power_w: battery.min_power_w,
        grid_charging: battery.grid_charging,
        grid_export: battery.grid_export,
        carries_solar: battery.carries_solar,
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        power_w: battery.power_w,
        wear_cost_per_kwh: battery.wear_cost_per_kwh,
        in_force: None,
        extras: vec![],
    };
    let slot = |slot: &model::snapshot::Slot| types::Slot {
        start: instant(slot.start),
        end: instant(slot.end),
        import_price: slot.import_price,
        export_price: slot.export_price,
        import_limit_w: None,
        export_limit_w: None,
        solar_w: slot.solar_w,
        solar_low_w: None,
        solar_high_w: None,
        load_w: slot.load_w,
        load_low_w: None,
        load_high_w: None,
        temperature_c: None,
        cloud_cover_pct: None,
        extras: vec![],
    };
    types::Snapshot {
        now: instant(snapshot.now),
        timezone: snapshot.timezone.clone(),
        utc_offset_s: snapshot.utc_offset_s,
        currency: snapshot.currency.clone(),
        grid: types::Grid {
            power_w: snapshot.grid.power_w,
            import_limit_w: snapshot.grid.import_limit_w,
            export_limit_w: snapshot.grid.export_limit_w,
        },
        solar_power_w: snapshot.solar_power_w,
        load_power_w: snapshot.load_power_w,
        batteries: snapshot.batteries.iter().map(battery).collect(),
        devices: vec![],
        tasks: vec![],
        ahead: snapshot.ahead.iter().map(slot).collect(),
        past: vec![],
        sources: vec![],
        problems: vec![],
        extras: vec![],
    }
}
