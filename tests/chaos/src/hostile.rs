//! Strategies that mean no good, and the shipped one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::guests::Guest;
use crate::place::BATTERY;

/// Discriminants of `command`.
const HOLD: u8 = 0;
const CHARGE: u8 = 1;
const DISCHARGE: u8 = 2;
const TURN_ON: u8 = 4;
const TURN_OFF: u8 = 5;

/// The one that decides when nothing is wrong.
pub const GOOD: &str = "rule-based";

/// All of them, by name. They stay until the program ends.
pub fn all(plugins: &Path) -> Result<Vec<(&'static str, &'static [u8])>> {
    let path: PathBuf = plugins.join("rule-based.wasm");
    let good = std::fs::read(&path).with_context(|| format!("{}: `cargo xtask build` makes it", path.display()))?;
    let watts = |power_w: f64| power_w.to_le_bytes();
    let guests = [
        Guest { decide: "(unreachable)".into(), ..Guest::new("traps") },
        Guest { decide: "(loop $again (br $again)) (unreachable)".into(), ..Guest::new("loops") },
        says_nothing(),
        acts("charges", &[(BATTERY, CHARGE, &watts(1e6))]),
        acts("discharges", &[(BATTERY, DISCHARGE, &watts(1e6))]),
        acts("asks-for-nan", &[(BATTERY, DISCHARGE, &watts(f64::NAN))]),
        acts("asks-for-less-than-nothing", &[(BATTERY, CHARGE, &watts(-500.0))]),
        acts("holds", &[(BATTERY, HOLD, &[])]),
        acts("commands-strangers", &[("nobody", CHARGE, &watts(100.0)), (BATTERY, TURN_OFF, &[])]),
        acts("cuts-off", &[("plug-1", TURN_OFF, &[]), ("plug-2", TURN_OFF, &[]), ("plug-3", TURN_OFF, &[])]),
        acts("turns-on", &[("plug-1", TURN_ON, &[]), ("plug-2", TURN_ON, &[]), ("plug-3", TURN_ON, &[])]),
    ];
    let leaked = |bytes: Vec<u8>| -> &'static [u8] { Box::leak(bytes.into_boxed_slice()) };
    let guests = guests.into_iter().map(|guest| {
        let name: &'static str = Box::leak(guest.name.clone().into_boxed_str());
        (name, leaked(guest.bytes()))
    });
    Ok(guests.chain([(GOOD, leaked(good))]).collect())
}

/// Those of them that are swapped in.
pub const NAMES: [&str; 11] = [
    "traps",
    "loops",
    "declines",
    "charges",
    "discharges",
    "asks-for-nan",
    "asks-for-less-than-nothing",
    "holds",
    "commands-strangers",
    "cuts-off",
    "turns-on",
];

fn says_nothing() -> Guest {
    let mut guest = Guest::new("declines");
    let why = guest.image().text("never");
    guest.answer_byte(0, 1).answer(4, why)
}

fn acts(name: &str, actions: &[(&str, u8, &[u8])]) -> Guest {
    let mut guest = Guest { commands: 0xff, ..Guest::new(name) };
    let actions: Vec<_> = actions
        .iter()
        .map(|(target, command, payload)| guest.image().action(target, (*command, payload), "chaos"))
        .collect();
    guest.with_actions(&actions).with_summary(format!("{name} decides"))
}
