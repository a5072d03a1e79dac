//! Runs the table of `scenarios.md`, which can be read without knowing Rust.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::home::{Fault, Link};
use model::snapshot::Abilities;
use model::{
    Action, BalanceLimits, BatteryState, Command, CommandKind, DeviceState, Grant, HomeState, Light, Reading, Reason,
    Verdict,
};
use wattwright_guard::{
    BatteryLimits, DeviceLimits, GridLimits, Guard, Judged, Ledger, Limits, Mandate, Proposal, Scene, Watch,
};

const UPTIME: Duration = Duration::from_secs(3600);

const COMMANDS: [CommandKind; 6] = [
    CommandKind::Hold,
    CommandKind::Charge,
    CommandKind::Discharge,
    CommandKind::Balance,
    CommandKind::TurnOnOff,
    CommandKind::SetLight,
];

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn limits() -> Limits {
    let battery = BatteryLimits {
        capacity_wh: 1920.0,
        min_soc_pct: 10.0,
        max_soc_pct: 95.0,
        max_charge_w: 1000.0,
        max_discharge_w: 2000.0,
        commands: COMMANDS.into(),
        direction_dwell: Duration::from_secs(120),
        write_interval: Duration::from_secs(10),
        lease: Duration::from_secs(1200),
        ..BatteryLimits::default()
    };
    let device = |abilities, power_w| DeviceLimits {
        abilities,
        switch_dwell: Duration::from_secs(300),
        write_interval: Duration::from_secs(1),
        power_w,
        level: None,
        lease: Duration::from_secs(1200),
        ..DeviceLimits::default()
    };
    Limits {
        grid: GridLimits { import_limit_w: Some(3000.0), ..GridLimits::default() },
        batteries: [("battery".into(), battery)].into(),
        devices: [("heater".into(), device(switch(), Some(2000.0))), ("led".into(), device(shine(), None))].into(),
    }
}

fn switch() -> Abilities {
    Abilities { switch: true, ..Abilities::default() }
}

fn shine() -> Abilities {
    Abilities { light: true, ..Abilities::default() }
}

fn device(id: &str, abilities: Abilities) -> DeviceState {
    DeviceState { id: id.into(), on: Some(false), abilities, level: None, power_w: None, fault: None }
}

/// `200 W`, `55 %`, `200 W, 61 s old` or `unavailable`.
fn reading(entity: &str, text: &str) -> Reading {
    if text == "unavailable" {
        return Reading::faulty(entity, Fault::Unavailable { state: text.into() });
    }
    let (value, age) = text.split_once(", ").unwrap_or((text, "0 s old"));
    Reading::of(entity, number(value), now() - SignedDuration::from_secs(number(age) as i64))
}

fn number(text: &str) -> f64 {
    text.split(' ').find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("no number in `{text}`"))
}

fn command(text: &str) -> Command {
    match text.split(' ').next().unwrap_or_default() {
        "hold" => Command::Hold,
        "charge" => Command::Charge { power_w: number(text) },
        "discharge" => Command::Discharge { power_w: number(text) },
        "balance" => Command::Balance(BalanceLimits::default()),
        "turn" if text.ends_with("on") => Command::TurnOn,
        "turn" => Command::TurnOff,
        "light" => Command::SetLight(Light { on: true, red: 0, green: 255, blue: 0, brightness_pct: 40.0 }),
        _ => panic!("no command: `{text}`"),
    }
}

fn ask(guard: &Guard, target: &str, command: Command, scene: &Scene<'_>) -> Judged {
    let action = Action { target: target.into(), command, reason: Reason::default(), until: None };
    let mandate = Mandate { declared: COMMANDS.into(), grant: Grant::default() };
    guard.judge(&[Proposal { by: "strategy", action: &action, mandate: &mandate }], scene).remove(0)
}

/// `charge 300 W, 60 s ago`, approved when the home had no trouble at all.
fn written(guard: &Guard, target: &str, before: &str, home: &HomeState) -> Ledger {
    let mut ledger = Ledger::default();
    let Some((text, ago)) = before.split_once(", ") else { return ledger };
    let ago = Duration::from_secs(number(ago) as u64);
    let scene = Scene { home, now: now(), uptime: UPTIME, ledger: &ledger, watch: &Watch::default() };
    let judged = ask(guard, target, command(text), &scene);
    ledger.record(judged.approved.as_ref().unwrap(), now() - ago, UPTIME - ago);
    ledger
}

fn describe(verdict: &Verdict) -> String {
    let rules: Vec<&str> = verdict.findings.iter().map(|finding| finding.rule.name()).collect();
    match &verdict.approved {
        Some(_) if rules.is_empty() => "accepted".into(),
        Some(command) => format!("{command} ({})", rules.join(", ")),
        None => format!("refused ({})", rules.join(", ")),
    }
}

fn judge(cells: &[&str]) -> String {
    let [_, soc, meter, battery, before, proposed, _] = cells else { panic!("seven columns: {cells:?}") };
    let home = HomeState {
        link: Link::Up { since: now() },
        timezone: None,
        currency: None,
        grid_power_w: reading("sensor.meter", meter),
        solar_power_w: None,
        load_power_w: None,
        temperature_c: None,
        import_cap_w: None,
        phase_current_a: Vec::new(),
        batteries: vec![BatteryState {
            id: "battery".into(),
            soc_pct: reading("sensor.soc", soc),
            power_w: reading("sensor.power", battery),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: None,
        }],
        devices: vec![device("heater", switch()), device("led", shine())],
    };
    let guard = Guard::new(limits());
    let (target, text) = proposed.split_once(": ").unwrap();
    let ledger = written(&guard, target, before, &home);
    let mut watch = Watch::default();
    watch.observe(&home, guard.limits(), UPTIME, now());
    let scene = Scene { home: &home, now: now(), uptime: UPTIME, ledger: &ledger, watch: &watch };
    describe(&ask(&guard, target, command(text), &scene).verdict)
}

#[test]
fn every_row_of_the_table_holds() {
    let rows: Vec<Vec<&str>> = include_str!("scenarios.md")
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 30, "the table is not there: {} rows", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .map(|cells| (cells, judge(cells)))
        .filter(|(cells, said)| cells.last() != Some(&said.as_str()))
        .map(|(cells, said)| format!("{}: expected `{}`, the guard said `{said}`", cells[0], cells[6]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
