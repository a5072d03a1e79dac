//! What the host prints is what a strategy's tests read.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail it")]

use jiff::Timestamp;
use model::snapshot::{
    self, Abilities, Battery, Device, Extra, Grid, InForce, Level, PastSlot, Problem, Slot, Source, Task, TaskState,
};
use model::{BalanceLimits, Command, CommandKind, Input, Snapshot};
use wattwright_strategy as sdk;
use wattwright_strategy::testing::{input_from_json, snapshot_from_json};

const NOW: u32 = 1_795_428_905;

fn at(second: u32) -> Timestamp {
    Timestamp::from_second(i64::from(second)).unwrap()
}

fn in_force(command: Command) -> Option<InForce> {
    Some(InForce { command, since: at(NOW - 60), until: Some(at(NOW + 60)) })
}

fn extra() -> Extra {
    Extra { name: "inverter-temperature".into(), value: 41.5, unit: "°C".into() }
}

fn full() -> Snapshot {
    Snapshot {
        now: at(NOW),
        timezone: "Europe/Berlin".into(),
        utc_offset_s: 3600,
        currency: "EUR".into(),
        grid: Grid { power_w: Some(-12.5), import_limit_w: Some(7000.0), export_limit_w: None },
        solar_power_w: Some(410.0),
        load_power_w: None,
        batteries: vec![Battery {
            id: "battery".into(),
            name: "SolarFlow".into(),
            commands: [CommandKind::Hold, CommandKind::Balance].into(),
            soc_pct: Some(41.0),
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 95.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            min_power_w: 15.0,
            grid_charging: false,
            grid_export: false,
            carries_solar: true,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.94,
            power_w: Some(-200.0),
            wear_cost_per_kwh: 0.02,
            in_force: in_force(Command::Balance(BalanceLimits { max_charge_w: Some(300.0), max_discharge_w: None })),
            extras: vec![extra()],
        }],
        devices: vec![Device {
            id: "charger".into(),
            name: "Charger".into(),
            kind: "ev-charger".into(),
            abilities: Abilities { switch: true, level: true, light: false, notify: true },
            on: Some(true),
            level: Some(Level { value: Some(6.0), min: 6.0, max: 16.0, step: 1.0, unit: "A".into() }),
            power_w: None,
            in_force: in_force(Command::SetLevel { value: 6.0 }),
            extras: Vec::new(),
        }],
        tasks: vec![Task {
            id: "car".into(),
            name: "Car".into(),
            device: "charger".into(),
            state: TaskState::Running,
            energy_wh: 8000.0,
            done_wh: 250.0,
            power_w: 1400.0,
            earliest: at(NOW - 3600),
            deadline: at(NOW + 36_000),
            interruptible: true,
            extras: vec![extra()],
        }],
        ahead: vec![Slot {
            import_price: Some(0.31),
            export_price: Some(-0.01),
            import_limit_w: Some(4200.0),
            export_limit_w: Some(0.0),
            solar_w: Some(400.0),
            solar_low_w: Some(100.0),
            solar_high_w: Some(600.0),
            load_w: Some(350.0),
            load_low_w: Some(200.0),
            load_high_w: Some(900.0),
            temperature_c: Some(-3.5),
            cloud_cover_pct: Some(80.0),
            extras: vec![extra()],
            ..Slot::unknown(model::slot::start_of(at(NOW)))
        }],
        past: vec![PastSlot {
            start: at(NOW - 1805),
            end: at(NOW - 905),
            import_price: Some(0.3),
            export_price: None,
            solar_w: Some(380.0),
            load_w: Some(340.0),
            grid_w: Some(-40.0),
            battery_w: Some(0.0),
            soc_pct: Some(40.0),
            temperature_c: Some(-3.0),
            extras: Vec::new(),
        }],
        sources: vec![Source {
            column: "import-price".into(),
            origin: "nordpool".into(),
            known_until: Some(at(NOW + 9000)),
        }],
        problems: vec![Problem {
            code: "stale".into(),
            subject: "load_power_w".into(),
            text: "`sensor.load` is 12 minutes old".into(),
            assumed: String::new(),
        }],
        extras: vec![extra()],
    }
}

fn read(snapshot: &Snapshot) -> sdk::Snapshot {
    snapshot_from_json(&serde_json::to_string(snapshot).unwrap()).unwrap()
}

#[test]
fn every_field_comes_through() {
    let read = read(&full());
    assert_eq!(read.now, NOW);
    assert_eq!((read.timezone.as_str(), read.utc_offset_s, read.currency.as_str()), ("Europe/Berlin", 3600, "EUR"));
    assert_eq!(read.grid, sdk::Grid { power_w: Some(-12.5), import_limit_w: Some(7000.0), export_limit_w: None });
    assert_eq!((read.solar_power_w, read.load_power_w), (Some(410.0), None));
    let extra = sdk::Extra { name: "inverter-temperature".into(), value: 41.5, unit: "°C".into() };
    assert_eq!(
        read.batteries,
        [sdk::Battery {
            id: "battery".into(),
            name: "SolarFlow".into(),
            commands: sdk::Commands::HOLD | sdk::Commands::BALANCE,
            soc_pct: Some(41.0),
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 95.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            min_power_w: 15.0,
            grid_charging: false,
            grid_export: false,
            carries_solar: true,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.94,
            power_w: Some(-200.0),
            wear_cost_per_kwh: 0.02,
            in_force: Some(sdk::InForce {
                command: sdk::Command::Balance(sdk::BalanceLimits { max_charge_w: Some(300.0), max_discharge_w: None }),
                since: NOW - 60,
                until: Some(NOW + 60),
            }),
            extras: vec![extra.clone()],
        }]
    );
    let device = &read.devices[0];
    assert_eq!(device.abilities, sdk::Abilities::SWITCH | sdk::Abilities::LEVEL | sdk::Abilities::NOTIFY);
    assert_eq!(device.level, Some(sdk::Level { value: Some(6.0), min: 6.0, max: 16.0, step: 1.0, unit: "A".into() }));
    assert_eq!((device.kind.as_str(), device.on, device.power_w), ("ev-charger", Some(true), None));
    assert_eq!(device.in_force.as_ref().unwrap().command, sdk::Command::SetLevel(6.0));
    assert_eq!(
        read.tasks,
        [sdk::Task {
            id: "car".into(),
            name: "Car".into(),
            device: "charger".into(),
            state: sdk::TaskState::Running,
            energy_wh: 8000.0,
            done_wh: 250.0,
            power_w: 1400.0,
            earliest: NOW - 3600,
            deadline: NOW + 36_000,
            interruptible: true,
            extras: vec![extra.clone()],
        }]
    );
    assert_eq!(
        read.ahead,
        [sdk::Slot {
            start: NOW - NOW % 900,
            end: NOW - NOW % 900 + 900,
            import_price: Some(0.31),
            export_price: Some(-0.01),
            import_limit_w: Some(4200.0),
            export_limit_w: Some(0.0),
            solar_w: Some(400.0),
            solar_low_w: Some(100.0),
            solar_high_w: Some(600.0),
            load_w: Some(350.0),
            load_low_w: Some(200.0),
            load_high_w: Some(900.0),
            temperature_c: Some(-3.5),
            cloud_cover_pct: Some(80.0),
            extras: vec![extra.clone()],
        }]
    );
    assert_eq!((read.past[0].start, read.past[0].grid_w, read.past[0].export_price), (NOW - 1805, Some(-40.0), None));
    assert_eq!(read.sources[0].known_until, Some(NOW + 9000));
    assert_eq!((read.problems[0].code.as_str(), read.problems[0].assumed.as_str()), ("stale", ""));
    assert_eq!(read.extras, [extra]);
}

#[test]
fn every_kind_of_command_comes_through() {
    let kinds = [
        (CommandKind::Hold, sdk::Commands::HOLD),
        (CommandKind::Charge, sdk::Commands::CHARGE),
        (CommandKind::Discharge, sdk::Commands::DISCHARGE),
        (CommandKind::Balance, sdk::Commands::BALANCE),
        (CommandKind::TurnOnOff, sdk::Commands::TURN_ON_OFF),
        (CommandKind::SetLevel, sdk::Commands::SET_LEVEL),
        (CommandKind::SetLight, sdk::Commands::SET_LIGHT),
        (CommandKind::Notify, sdk::Commands::NOTIFY),
    ];
    for (host, expected) in kinds {
        let mut snapshot = full();
        snapshot.batteries[0].commands = [host].into();
        assert_eq!(read(&snapshot).batteries[0].commands, expected);
    }
}

#[test]
fn a_snapshot_of_a_host_before_0_2_0_is_read() {
    let mut json = serde_json::to_value(full()).unwrap();
    let battery = json["batteries"][0].as_object_mut().unwrap();
    for new in ["commands", "min_power_w", "grid_charging", "grid_export", "carries_solar"] {
        battery.remove(new).unwrap();
    }
    battery["in_force"].as_object_mut().unwrap().remove("until").unwrap();
    for new in ["import_limit_w", "export_limit_w"] {
        json["ahead"][0].as_object_mut().unwrap().remove(new).unwrap();
    }
    let read = snapshot_from_json(&json.to_string()).unwrap();
    let battery = &read.batteries[0];
    let all = sdk::Commands::HOLD | sdk::Commands::CHARGE | sdk::Commands::DISCHARGE | sdk::Commands::BALANCE;
    assert_eq!(battery.commands, all);
    assert!(battery.grid_charging && battery.grid_export && !battery.carries_solar && battery.min_power_w == 0.0);
    assert_eq!(battery.in_force.as_ref().unwrap().until, None);
    assert_eq!((read.ahead[0].import_limit_w, read.ahead[0].export_limit_w), (None, None));
}

#[test]
fn the_limits_of_a_slot_are_the_least_that_hold() {
    let mut snapshot = read(&full());
    let slot = snapshot.ahead[0].clone();
    assert_eq!((snapshot.import_limit_w(&slot), snapshot.export_limit_w(&slot)), (Some(4200.0), Some(0.0)));
    snapshot.grid.import_limit_w = Some(3000.0);
    assert_eq!(snapshot.import_limit_w(&slot), Some(3000.0));
    let other = sdk::Slot { import_limit_w: None, export_limit_w: None, ..slot };
    assert_eq!((snapshot.import_limit_w(&other), snapshot.export_limit_w(&other)), (Some(3000.0), None));
}

#[test]
fn every_command_comes_through() {
    let light = model::Light { on: true, red: 1, green: 2, blue: 3, brightness_pct: 40.0 };
    let commands = [
        (Command::Hold, sdk::Command::Hold),
        (Command::Charge { power_w: 5.0 }, sdk::Command::Charge(5.0)),
        (Command::Discharge { power_w: 6.5 }, sdk::Command::Discharge(6.5)),
        (
            Command::Balance(BalanceLimits::default()),
            sdk::Command::Balance(sdk::BalanceLimits { max_charge_w: None, max_discharge_w: None }),
        ),
        (Command::TurnOn, sdk::Command::TurnOn),
        (Command::TurnOff, sdk::Command::TurnOff),
        (
            Command::SetLight(light),
            sdk::Command::SetLight(sdk::Light { on: true, red: 1, green: 2, blue: 3, brightness_pct: 40.0 }),
        ),
        (Command::Notify { text: "hi".into() }, sdk::Command::Notify("hi".into())),
    ];
    for (host, expected) in commands {
        let mut snapshot = full();
        snapshot.batteries[0].in_force = in_force(host);
        assert_eq!(read(&snapshot).batteries[0].in_force.as_ref().unwrap().command, expected);
    }
}

#[test]
fn every_task_state_comes_through() {
    for (host, expected) in [
        (snapshot::TaskState::Waiting, sdk::TaskState::Waiting),
        (snapshot::TaskState::Running, sdk::TaskState::Running),
        (snapshot::TaskState::Done, sdk::TaskState::Done),
        (snapshot::TaskState::Missed, sdk::TaskState::Missed),
    ] {
        let mut snapshot = full();
        snapshot.tasks[0].state = host;
        assert_eq!(read(&snapshot).tasks[0].state, expected);
    }
}

#[test]
fn an_input_brings_its_settings_and_a_snapshot_alone_has_none() {
    let input = Input { snapshot: full(), settings: serde_json::json!({"reserve_pct": 20}), memory: vec![1] };
    let read = input_from_json(&serde_json::to_string(&input).unwrap()).unwrap();
    assert_eq!(read.settings, r#"{"reserve_pct":20}"#);
    let alone = input_from_json(&serde_json::to_string(&input.snapshot).unwrap()).unwrap();
    assert_eq!(alone.settings, "{}");
    assert_eq!(alone.snapshot, read.snapshot);
}

#[test]
fn rubbish_is_an_error_with_its_cause() {
    use std::error::Error;
    let error = input_from_json(r#"{"snapshot": {"now": "yesterday"}}"#).unwrap_err();
    assert!(error.source().unwrap().to_string().contains("year"), "{:?}", error.source());
    assert!(input_from_json("[").is_err());
}
