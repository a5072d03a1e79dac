//! What must hold of each write.

use std::time::Duration;

use model::{Command, CommandKind, Reading};
use proptest::prelude::*;

use wattwright_guard::Breach;

use crate::home::{Holds, Life};
use crate::steps::PLUG;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Rounding of sums, watt.
const EPSILON_W: f64 = 1e-6;

pub struct Written {
    pub target: String,
    pub command: Option<Command>,
    pub at: Duration,
}

/// Of a command at the moment in which it is written, before it is.
pub fn command(life: &Life, target: &str, command: &Command, follows: bool) -> Holds {
    prop_assert!(life.home.link.is_up(), "written without a link");
    if target == PLUG {
        return plug(life, command);
    }
    let limits = &life.limits.batteries[target];
    let state = life.home.batteries.iter().find(|state| state.id == target).unwrap();
    prop_assert!(state.taken.is_none(), "{:?}", state.taken);
    let (charge_w, discharge_w) = powers(command);
    prop_assert!(charge_w <= limits.max_charge_w && discharge_w <= limits.max_discharge_w);
    prop_assert!(discharge_w <= life.limits.grid.feed_in_limit_w.unwrap_or(f64::MAX));
    if charge_w + discharge_w == 0.0 {
        return Ok(());
    }
    let soc_pct = shown(&state.soc_pct);
    prop_assert!(charge_w == 0.0 || soc_pct.is_some_and(|pct| (0.0..95.0).contains(&pct)), "at {:?} %", soc_pct);
    prop_assert!(discharge_w == 0.0 || soc_pct.is_some_and(|pct| pct > 10.0 && pct <= 100.0), "at {:?} %", soc_pct);
    prop_assert!(follows || !is_ahead(life), "a plan by a wrong clock");
    if let Some(ramp_w) = limits.ramp_w {
        let last = of(life, target).next_back().and_then(|write| write.command.as_ref()).map_or((0.0, 0.0), powers);
        let grown_w = (charge_w - last.0).max(discharge_w - last.1);
        prop_assert!(grown_w <= ramp_w + EPSILON_W, "grows by {} W", grown_w);
    }
    if charge_w > 0.0 {
        within_connection(life, target, charge_w)?;
    }
    Ok(())
}

fn plug(life: &Life, command: &Command) -> Holds {
    let limits = &life.limits.devices[PLUG];
    let draws = life.home.devices[0].power_w.as_ref().is_some_and(|reading| shown(reading).is_none_or(|w| w > 5.0));
    let is_on = life.home.devices[0].on != Some(false);
    prop_assert!(*command != Command::TurnOff || limits.interruptible || !draws || !is_on, "cut off");
    if *command == Command::TurnOn {
        prop_assert!(!is_ahead(life), "a plan by a wrong clock");
        within_connection(life, PLUG, limits.power_w.unwrap())?;
    }
    Ok(())
}

/// What is added, when all batteries stop giving and go on taking.
fn within_connection(life: &Life, target: &str, adds_w: f64) -> Holds {
    let grid = &life.limits.grid;
    let mut batteries_w = adds_w;
    for state in &life.home.batteries {
        let power_w = shown(&state.power_w).unwrap_or(life.limits.batteries[&state.id].max_discharge_w);
        batteries_w += power_w + if state.id == target { 0.0 } else { (-power_w).max(0.0) };
    }
    let fresh = |reading: &Reading| {
        let is_fresh =
            reading.at.is_some_and(|at| life.now.duration_since(at).unsigned_abs() <= grid.meter_stale_after);
        shown(reading).filter(|_| is_fresh)
    };
    if let Some(limit_w) = grid.import_limit_w {
        let import_w = fresh(&life.home.grid_power_w).map(|meter_w| meter_w + batteries_w);
        prop_assert!(import_w.is_some_and(|w| w <= limit_w + EPSILON_W), "{:?} W of {} W", import_w, limit_w);
    }
    if let Some(limit_a) = grid.phase_limit_a {
        let through_w = fresh(&life.home.phase_current_a[0]).map(|a| a.abs() * 230.0 + batteries_w);
        prop_assert!(through_w.is_some_and(|w| w <= limit_a * 230.0 + EPSILON_W), "{:?} W of {} A", through_w, limit_a);
    }
    Ok(())
}

/// Of what somebody else has set: it is brought back exactly when it is measured that a limit is broken.
pub fn found(life: &Life, target: &str, breach: Option<&Breach>) -> Holds {
    let Some(state) = life.home.batteries.iter().find(|state| state.id == target) else { return Ok(()) };
    let limits = &life.limits.batteries[target];
    if let Some(Breach { judged, .. }) = breach {
        let runs_w = powers(&judged.verdict.proposed);
        let to_w = judged.verdict.approved.as_ref().map_or((0.0, 0.0), powers);
        prop_assert!(to_w.0 <= runs_w.0 && to_w.1 <= runs_w.1, "{:?} becomes more: {:?}", runs_w, to_w);
    }
    let power_w = shown(&state.power_w).filter(|_| life.home.link.is_up()).unwrap_or_default();
    let beyond_w = (power_w - limits.max_discharge_w).max(-power_w - limits.max_charge_w);
    prop_assert!(beyond_w <= 60.0 || breach.is_some(), "{} W go on", power_w);
    Ok(())
}

/// Whether a battery is seen to be empty, or full, and is used as if it were not.
pub fn is_misused(life: &Life, n: usize, soc_pct: f64) -> bool {
    let state = &life.home.batteries[n];
    let limits = &life.limits.batteries[&state.id];
    let power_w = shown(&state.power_w).unwrap_or_default();
    (power_w > 60.0 && soc_pct <= limits.min_soc_pct) || (power_w < -60.0 && soc_pct >= limits.max_soc_pct)
}

/// Of the list of what was written, the newest included.
pub fn over_time(life: &Life, target: &str, command: &Command) -> Holds {
    let writes: Vec<&Written> = of(life, target).collect();
    let (interval, dwell) = match life.limits.batteries.get(target) {
        Some(limits) => (limits.write_interval, limits.direction_dwell),
        None => (life.limits.devices[target].write_interval, life.limits.devices[target].switch_dwell),
    };
    if let [.., before, last] = writes.as_slice() {
        prop_assert!(last.at - before.at >= interval, "written after {:?}", last.at - before.at);
    }
    let turns = turns(&writes);
    if let [.., before, last] = turns.as_slice() {
        prop_assert!(*last - *before >= dwell, "turned after {:?}", *last - *before);
    }
    let within_a_day = |at: &&Duration| life.uptime - **at < DAY;
    let turned = turns.iter().filter(within_a_day).count();
    let moves = powers(command) != (0.0, 0.0);
    let Some(limits) = life.limits.batteries.get(target) else {
        let most = life.limits.devices[target].turns_per_day as usize;
        prop_assert!(*command != Command::TurnOn || turned < most, "turned on in turn {} of {}", turned, most);
        return Ok(());
    };
    prop_assert!(!moves || turned <= limits.turns_per_day as usize, "{} turns", turned);
    // The hold that ends it included.
    let kinds = |is_of_class: &dyn Fn(CommandKind) -> bool| {
        let of_day = writes.iter().filter(|write| life.uptime - write.at < DAY);
        let counted = of_day.filter(|w| w.command.as_ref().is_none_or(|command| is_of_class(command.kind()))).count();
        counted + usize::from(is_of_class(CommandKind::Hold))
    };
    if let Some(most) = limits.writes_per_day.filter(|_| moves) {
        prop_assert!(kinds(&|_| true) <= most as usize, "{} of {} writes", kinds(&|_| true), most);
    }
    let wears = |kind: CommandKind| limits.flash_commands.contains(&kind);
    prop_assert!(!moves || kinds(&wears) <= limits.flash_writes_per_day as usize, "{} of flash", kinds(&wears));
    Ok(())
}

/// When it turned: its direction, or the switch.
fn turns(writes: &[&Written]) -> Vec<Duration> {
    let (mut last, mut turns) = (None, Vec::new());
    for write in writes {
        let to = match &write.command {
            Some(Command::TurnOn) => Some(true),
            Some(Command::TurnOff) => Some(false),
            Some(Command::Charge { power_w }) if *power_w > 0.0 => Some(true),
            Some(Command::Discharge { power_w }) if *power_w > 0.0 => Some(false),
            _ => None,
        };
        if to.is_some() && to != last {
            last = to;
            turns.push(write.at);
        }
    }
    turns
}

fn of<'a>(life: &'a Life, target: &str) -> impl DoubleEndedIterator<Item = &'a Written> {
    life.written.iter().filter(move |write| write.target == target)
}

fn powers(command: &Command) -> (f64, f64) {
    match command {
        Command::Charge { power_w } => (*power_w, 0.0),
        Command::Discharge { power_w } => (0.0, *power_w),
        _ => (0.0, 0.0),
    }
}

fn shown(reading: &Reading) -> Option<f64> {
    reading.value.filter(|value| reading.fault.is_none() && value.is_finite())
}

/// Whether a reading comes from more than a minute in the future.
fn is_ahead(life: &Life) -> bool {
    let of_batteries = life.home.batteries.iter().flat_map(|b| [&b.soc_pct, &b.power_w]);
    let mut all = of_batteries.chain([&life.home.grid_power_w]).chain(&life.home.phase_current_a);
    all.any(|reading| reading.at.is_some_and(|at| at.duration_since(life.now).as_secs() > 60))
}
