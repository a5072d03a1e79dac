//! A whole tick with `rule-based` on 192 slots ahead and 192 behind — snapshot, decision, verdicts — with
//! the strategy in its sandbox, and with the same code called natively, in turns in one run. Checks first
//! that both give the same plan.
//!
//! `cargo xtask bench`. With `-- --json` it prints a list of `{name, value, unit, floor, ratio}`, the
//! native run being the floor.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use control::snapshot::{self, Seen};
use control::{BatterySetup, DeviceSetup, Known, Setup};
use engine::{Engine, EngineConfig, Strategy};
use guard::{BatteryLimits, DeviceLimits, Guard, Judged, Ledger, Limits, Mandate, Proposal, Scene, Watch};
use jiff::{SignedDuration, Timestamp};
use model::home::HomeState;
use model::snapshot::{Abilities, PastSlot, Slot, Snapshot};
use model::{Action, BatteryState, CommandKind, DeviceState, Grant, Input, Link, Mode, Reading};
use serde_json::{Value, json};
use wattwright_control as control;

/// Ticks of each kind that are counted, after those that warm up.
const TICKS: usize = 2000;
const WARM_UP: usize = 200;
const SLOTS: i32 = 192;
const NOW: &str = "2026-06-24T06:00:00Z";

/// Everything that a tick is made of, but the strategy.
struct Bench {
    setup: Setup,
    state: HomeState,
    known: Known,
    watch: Watch,
    ledger: Ledger,
    guard: Guard,
    now: Timestamp,
    mandate: Mandate,
}

impl Bench {
    fn snapshot(&self) -> Snapshot {
        snapshot::build(Seen {
            setup: &self.setup,
            state: &self.state,
            watch: &self.watch,
            now: self.now,
            known: self.known.clone(),
            in_force: &BTreeMap::new(),
            tasks: Vec::new(),
        })
    }

    fn judge(&self, actions: &[Action]) -> Vec<Judged> {
        let uptime = Duration::from_secs(3600);
        let scene = Scene { home: &self.state, now: self.now, uptime, ledger: &self.ledger, watch: &self.watch };
        let proposal = |action| Proposal { by: "rule-based", action, mandate: &self.mandate };
        self.guard.judge(&actions.iter().map(proposal).collect::<Vec<_>>(), &scene)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));
    let strategy = Engine::new(EngineConfig::default())?.load_file(&path)?;
    let bench = bench(&strategy)?;
    let settings = strategy.complete_settings(&Value::Null).map_err(|problems| format!("{problems:?}"))?;
    let input = Input { snapshot: bench.snapshot(), settings: settings.clone(), memory: Vec::new() };
    let native_input = wattwright_strategy::testing::input_from_json(&serde_json::to_string(&input)?)?;

    let answer = strategy.decide(&input)?;
    let native = rule_based::decide(&native_input)?;
    let same = answer.plan.summary == native.summary
        && answer.plan.outlook.len() == native.outlook.len()
        && answer.plan.outlook.iter().zip(&native.outlook).all(|(a, b)| a.grid_w == b.grid_w);
    if !same {
        let (sandboxed, native) = (answer.plan.summary, native.summary);
        return Err(format!("the sandboxed and the native plan differ: {sandboxed}, {native}").into());
    }

    let (mut sandboxed_us, mut native_us) = (Vec::with_capacity(TICKS), Vec::with_capacity(TICKS));
    for tick in 0..WARM_UP + TICKS {
        let begun = Instant::now();
        let input = Input { snapshot: bench.snapshot(), settings: settings.clone(), memory: Vec::new() };
        let plan = strategy.decide(black_box(&input))?.plan;
        black_box(bench.judge(&plan.actions));
        let between = Instant::now();
        black_box(bench.snapshot());
        black_box(rule_based::decide(black_box(&native_input)))?;
        black_box(bench.judge(&plan.actions));
        if tick >= WARM_UP {
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
        let (ratio, added) = (value / floor, value - floor);
        if !is_json {
            println!(
                "tick, rule-based, {SLOTS} slots, {name}: sandboxed {value:.0} µs, native {floor:.0} µs, \
                 ratio {ratio:.2}, the sandbox adds {added:.0} µs"
            );
        }
        let name = format!("tick_rule_based_{SLOTS}_slots_{name}");
        figures.push(json!({ "name": name, "value": value, "unit": "us", "floor": floor, "ratio": ratio }));
    }
    if is_json {
        println!("{}", Value::Array(figures));
    }
}

/// A home with one battery, a plug and a light, in the middle of two days with a valley, a peak and sun.
fn bench(strategy: &Strategy) -> Result<Bench, Box<dyn Error>> {
    let now: Timestamp = NOW.parse()?;
    let kinds = [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance];
    let battery = BatteryLimits {
        capacity_wh: 1920.0,
        min_soc_pct: 10.0,
        max_soc_pct: 100.0,
        max_charge_w: 1000.0,
        max_discharge_w: 800.0,
        commands: kinds.into(),
        direction_dwell: Duration::from_secs(120),
        write_interval: Duration::from_secs(10),
        lease: Duration::from_secs(1200),
        ..BatteryLimits::default()
    };
    let device = |abilities| DeviceLimits {
        abilities,
        switch_dwell: Duration::from_secs(60),
        write_interval: Duration::from_secs(2),
        power_w: None,
        level: None,
        lease: Duration::from_secs(1200),
        ..DeviceLimits::default()
    };
    let switch = Abilities { switch: true, ..Abilities::default() };
    let light = Abilities { light: true, ..Abilities::default() };
    let limits = Limits {
        batteries: [("battery".into(), battery)].into(),
        devices: [("plug".into(), device(switch)), ("led".into(), device(light))].into(),
        ..Limits::default()
    };
    let named =
        |id: &str, kind: &str| DeviceSetup { id: id.into(), name: id.into(), kind: kind.into(), mode: Mode::Control };
    let setup = Setup {
        name: "Bench".into(),
        simulated: true,
        timezone: Some("Europe/Berlin".into()),
        currency: Some("EUR".into()),
        limits: limits.clone(),
        batteries: vec![BatterySetup {
            id: "battery".into(),
            name: "Battery".into(),
            mode: Mode::Control,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            wear_cost_per_kwh: 0.02,
            carries_solar: false,
        }],
        devices: vec![named("plug", "plug"), named("led", "light")],
        tasks: Vec::new(),
        settle: Duration::from_secs(20),
    };
    let shown = |id: &str, abilities| DeviceState {
        id: id.into(),
        on: Some(false),
        abilities,
        level: None,
        power_w: None,
        fault: None,
    };
    let state = HomeState {
        link: Link::Up { since: now },
        timezone: None,
        currency: None,
        grid_power_w: Reading::of("meter", 300.0, now),
        solar_power_w: Some(Reading::of("solar", 0.0, now)),
        load_power_w: None,
        temperature_c: None,
        import_cap_w: None,
        phase_current_a: Vec::new(),
        batteries: vec![BatteryState {
            id: "battery".into(),
            soc_pct: Reading::of("soc", 40.0, now),
            power_w: Reading::of("power", 0.0, now),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: None,
        }],
        devices: vec![shown("plug", switch), shown("led", light)],
    };
    let mut watch = Watch::default();
    watch.observe(&state, &limits, Duration::ZERO, now);
    Ok(Bench {
        known: known(now)?,
        guard: Guard::new(limits),
        mandate: Mandate { declared: strategy.description().commands.clone(), grant: Grant::default() },
        ledger: Ledger::default(),
        setup,
        state,
        watch,
        now,
    })
}

fn known(now: Timestamp) -> Result<Known, Box<dyn Error>> {
    let mut known = Known::default();
    for i in 0..SLOTS {
        let turn = f64::from(i) / 96.0 * std::f64::consts::TAU;
        let (solar_w, load_w) = ((900.0 * turn.sin()).max(0.0), 350.0 + 150.0 * (3.0 * turn).cos());
        let (import_price, export_price) = (Some(0.28 - 0.12 * (2.0 * turn).sin()), Some(0.08));
        let start = now.checked_add(SignedDuration::from_mins(15 * i64::from(i)))?;
        known.ahead.push(Slot {
            import_price,
            export_price,
            solar_w: Some(solar_w),
            load_w: Some(load_w),
            temperature_c: Some(18.0),
            ..Slot::unknown(start)
        });
        let start = start.checked_sub(SignedDuration::from_hours(48))?;
        known.past.push(PastSlot {
            start,
            end: model::slot::next(start),
            import_price,
            export_price,
            solar_w: Some(solar_w),
            load_w: Some(load_w),
            grid_w: Some(load_w - solar_w),
            battery_w: Some(0.0),
            soc_pct: Some(40.0),
            temperature_c: Some(18.0),
            extras: Vec::new(),
        });
    }
    Ok(known)
}
