//! A strategy of contract 0.1.0, made with `wit-bindgen` alone: repeats in its answer all that it was told,
//! and tells every target every command.

use std::fmt::Write;

wit_bindgen::generate!({ path: "../../../wit/0.1.0", world: "strategy" });

use wattwright::strategy::host::{LogLevel, log};
use wattwright::strategy::types::{
    Action, BalanceLimits, Command, Commands, Expectation, Fact, Light, OutlookSlot, Reason, Snapshot,
};

struct Parrot;

export!(Parrot);

impl Guest for Parrot {
    fn describe() -> Description {
        Description {
            name: "built-for-0-1-0".into(),
            version: "1.0.0".into(),
            author: "Wattwright's tests".into(),
            summary: "Repeats what it is told.".into(),
            settings_schema: r#"{"type":"object","properties":{"polite":{"type":"boolean","title":"Polite","description":"Whether it has a plan.","default":true}}}"#.into(),
            commands: Commands::all(),
        }
    }

    fn decide(input: Input) -> Result<Plan, String> {
        log(LogLevel::Info, "0.1.0 decides");
        if input.settings == r#"{"polite":false}"# {
            return Err("not today".into());
        }
        let snapshot = &input.snapshot;
        let actions = targets(snapshot).zip(commands()).map(|(target, command)| Action {
            target: target.to_owned(),
            command,
            reason: reason(target),
            until: Some(snapshot.now + 900),
        });
        let outlook = snapshot.ahead.iter().map(|slot| OutlookSlot {
            start: slot.start,
            end: slot.end,
            grid_w: slot.load_w,
            targets: targets(snapshot).zip(commands().rev()).map(|(target, command)| expect(target, command)).collect(),
        });
        let mut memory = String::new();
        told(&mut memory, &input);
        Ok(Plan {
            actions: actions.collect(),
            outlook: outlook.collect(),
            summary: "said it all".into(),
            figures: vec![Fact { name: "batteries".into(), value: snapshot.batteries.len() as f64, unit: String::new() }],
            memory: memory.into_bytes(),
        })
    }
}

/// One line for each thing that it was told.
fn told(out: &mut String, input: &Input) {
    fn each<T: core::fmt::Debug>(out: &mut String, items: &[T]) {
        for item in items {
            let _ = writeln!(out, "{item:?}");
        }
    }
    let s = &input.snapshot;
    let _ = writeln!(out, "{} {} {} {}", s.now, s.timezone, s.utc_offset_s, s.currency);
    let _ = writeln!(out, "{:?} {:?} {:?}", s.grid, s.solar_power_w, s.load_power_w);
    each(out, &s.batteries);
    each(out, &s.devices);
    each(out, &s.tasks);
    each(out, &s.ahead);
    each(out, &s.past);
    each(out, &s.sources);
    each(out, &s.problems);
    each(out, &s.extras);
    let _ = writeln!(out, "{} {:?}", input.settings, input.memory);
}

/// All targets, again and again.
fn targets(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let batteries = snapshot.batteries.iter().map(|battery| battery.id.as_str());
    batteries.chain(snapshot.devices.iter().map(|device| device.id.as_str())).cycle()
}

/// Every command once.
fn commands() -> impl DoubleEndedIterator<Item = Command> {
    let light = Light { on: true, red: 1, green: 2, blue: 3, brightness_pct: 40.5 };
    [
        Command::Hold,
        Command::Charge(501.5),
        Command::Discharge(f64::INFINITY),
        Command::Balance(BalanceLimits { max_charge_w: None, max_discharge_w: Some(0.0) }),
        Command::TurnOn,
        Command::TurnOff,
        Command::SetLevel(21.5),
        Command::SetLight(light),
        Command::Notify("two\nlines".into()),
    ]
    .into_iter()
}

fn expect(target: &str, command: Command) -> Expectation {
    Expectation { target: target.to_owned(), command, power_w: Some(-12.5), soc_pct: None, reason: reason(target) }
}

fn reason(target: &str) -> Reason {
    let fact = Fact { name: "length".into(), value: target.len() as f64, unit: "letters".into() };
    Reason { code: "repeat".into(), text: format!("for {target}"), facts: vec![fact] }
}
