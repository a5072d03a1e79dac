//! What must hold of everything that the guard approves.

mod seen;
mod written;

use std::time::Duration;

use model::home::Taken;
use model::{Command, CommandKind, Decision, Grant};
use proptest::prelude::*;
use wattwright_guard::{Approved, Direction, Judged};

use self::seen::{at_or_beyond, battery_state, level, meter, needs_clock, power, sane, shown_even_undated, skewed};
use self::written::{direction, in_force, interval, last_turn, last_written, of, part, within_turns, within_writes};
use crate::world::{BATTERIES, DEVICES, NAMES, World, now};

type Holds = Result<(), TestCaseError>;

/// Rounding of sums, watt.
const EPSILON_W: f64 = 1e-6;

/// Verdicts say what is approved, one for each action, in order.
pub fn verdicts(world: &World, judged: &[Judged]) -> Holds {
    prop_assert_eq!(judged.len(), world.actions.len());
    for ((by, action), judged) in world.actions.iter().zip(judged) {
        let verdict = &judged.verdict;
        prop_assert_eq!(verdict.by.as_deref(), Some(NAMES[*by]));
        prop_assert_eq!(&verdict.target, &action.target);
        prop_assert_eq!(judged.approved.as_ref().and_then(|a| a.command()), verdict.approved.as_ref());
        match verdict.decision {
            Decision::Accepted => {
                prop_assert!(verdict.findings.is_empty());
                prop_assert_eq!(verdict.approved.as_ref(), Some(&action.command));
            }
            Decision::Adjusted => {
                prop_assert!(verdict.approved.is_some());
                let to = verdict.findings.last().and_then(|finding| finding.to.as_ref());
                prop_assert_eq!(to, verdict.approved.as_ref());
            }
            Decision::Refused => {
                prop_assert!(verdict.approved.is_none());
                prop_assert!(verdict.findings.last().is_some_and(|finding| finding.to.is_none()));
            }
        }
        prop_assert!(verdict.findings.iter().all(|finding| !finding.text.is_empty()));
    }
    Ok(())
}

/// All that the plans of one tick get.
pub fn plan(world: &World, judged: &[Judged]) -> Holds {
    let mut told: Vec<(&str, &Command)> = Vec::new();
    for ((by, _), judged) in world.actions.iter().zip(judged) {
        let Some(approved) = &judged.approved else { continue };
        let (target, command, mandate) = (approved.target(), approved.command().unwrap(), &world.mandates[*by]);
        prop_assert!(told.iter().all(|(other, _)| other != target), "two commands for `{}`", target);
        prop_assert!(!approved.is_setpoint());
        prop_assert!(mandate.declared.contains(&command.kind()) || *command == Command::Hold);
        prop_assert!(mandate.grant.targets.as_ref().is_none_or(|targets| targets.contains(target)));
        single(world, target, command)?;
        prop_assert!(!needs_clock(world, target, command) || !skewed(world), "{} by a wrong clock", command);
        told.push((target, command));
        // Strategies that come later may have other grants.
        granted(world, &mandate.grant, (target, command), &told)?;
    }
    together(world, &told)
}

/// What one command may by its strategy's grant, when the home does what it was `told` so far.
fn granted(world: &World, grant: &Grant, (target, command): (&str, &Command), told: &[(&str, &Command)]) -> Holds {
    if !BATTERIES.contains(&target) {
        return Ok(());
    }
    let (charge_w, discharge_w) = match command {
        Command::Balance(bounds) => {
            let (charge_w, discharge_w) = strongest(world, target);
            (bounds.max_charge_w.unwrap_or(charge_w), bounds.max_discharge_w.unwrap_or(discharge_w))
        }
        other => (part(other, Direction::Charge), part(other, Direction::Discharge)),
    };
    if let Some(most_w) = grant.max_power_w.map(sane) {
        prop_assert!(charge_w <= most_w && discharge_w <= most_w, "{} with {} W granted", command, most_w);
    }
    if matches!(command, Command::Balance(_)) {
        return Ok(());
    }
    let sums = sums(world, told);
    if !grant.grid_charging && charge_w > 0.0 {
        let import_w = meter(world).map(|meter| meter + sums.highest_w + sums.charge_w + sums.turned_on_w);
        prop_assert!(import_w.is_some_and(|w| w <= EPSILON_W), "charges from the grid: {:?} W", import_w);
    }
    if !grant.export && discharge_w > 0.0 {
        let feed_in_w = meter(world).map(|meter| sums.discharge_w - meter - sums.lowest_w);
        prop_assert!(feed_in_w.is_some_and(|w| w <= EPSILON_W), "feeds in: {:?} W", feed_in_w);
    }
    Ok(())
}

/// One setpoint of the balance loop.
pub fn setpoint(world: &World, approved: &Approved) -> Holds {
    let command = approved.command().unwrap();
    prop_assert!(approved.is_setpoint());
    match command {
        Command::Charge { power_w } => prop_assert!(world.within.max_charge_w.is_none_or(|w| *power_w <= sane(w))),
        Command::Discharge { power_w } => {
            prop_assert!(world.within.max_discharge_w.is_none_or(|w| *power_w <= sane(w)))
        }
        other => prop_assert_eq!(other, &Command::Hold),
    }
    if let Some(ramp_w) = world.limits.batteries[approved.target()].ramp_w.map(sane) {
        let direction = direction(command);
        let last = last_written(world, approved.target()).map(|write| &write.command);
        let grown_w = direction.map_or(0.0, |d| part(command, d) - last.map_or(0.0, |before| part(before, d)));
        prop_assert!(grown_w <= ramp_w + EPSILON_W, "grows by {} of {} W", grown_w, ramp_w);
    }
    single(world, approved.target(), command)?;
    let follows = matches!(in_force(world, approved.target()), Some(Command::Balance(_)));
    prop_assert!(
        follows || !needs_clock(world, approved.target(), command) || !skewed(world),
        "{} by a wrong clock",
        command
    );
    let told = [(approved.target().as_str(), command)];
    let grant = &world.mandates[0].grant;
    let covered = grant.targets.as_ref().is_none_or(|targets| targets.contains(approved.target()));
    prop_assert!(covered || *command == Command::Hold, "{} is not granted", approved.target());
    granted(world, grant, told[0], &told)?;
    together(world, &told)
}

/// What holds of a command by itself.
fn single(world: &World, target: &str, command: &Command) -> Holds {
    prop_assert!(world.home.link.is_up(), "the link is down");
    prop_assert!(command.is_finite());
    prop_assert!(BATTERIES.contains(&target) || DEVICES.contains(&target), "unknown target {}", target);
    interval(world, target, command)?;
    prop_assert!(within_turns(world, target, command), "turns too often");
    if BATTERIES.contains(&target) { battery(world, target, command) } else { device(world, target, command) }
}

fn battery(world: &World, id: &str, command: &Command) -> Holds {
    let limits = &world.limits.batteries[id];
    prop_assert!(limits.commands.contains(&command.kind()));
    let state = battery_state(world, id);
    prop_assert!(state.is_some(), "the home does not show it");
    prop_assert!(state.is_some_and(|state| state.taken.is_none()), "another is in charge");
    prop_assert!(within_writes(world, id, command), "written to too often");
    let (charge_w, discharge_w) = strongest(world, id);
    if *command == Command::Hold {
        return Ok(());
    }
    let level = level(world, id);
    prop_assert!(level.is_some(), "moves with an unknown state of charge");
    let (floor, ceiling) = (
        level.is_none_or(|pct| {
            let reserved = limits.outage_reserve_pct != 0.0 && at_or_beyond(pct, limits.outage_reserve_pct);
            at_or_beyond(pct, limits.min_soc_pct) || reserved
        }),
        level.is_none_or(|pct| at_or_beyond(limits.max_soc_pct, pct)),
    );
    match command {
        Command::Charge { power_w } => {
            prop_assert!(0.0 <= *power_w && *power_w <= charge_w, "{} W of {} W", power_w, charge_w);
            prop_assert!(!ceiling, "charges at {:?} %", level);
        }
        Command::Discharge { power_w } => {
            prop_assert!(0.0 <= *power_w && *power_w <= discharge_w, "{} W of {} W", power_w, discharge_w);
            prop_assert!(!floor, "discharges at {:?} %", level);
        }
        Command::Balance(bounds) => {
            prop_assert!(bounds.max_charge_w.is_none_or(|w| 0.0 <= w && w <= charge_w));
            prop_assert!(bounds.max_discharge_w.is_none_or(|w| 0.0 <= w && w <= discharge_w));
            prop_assert!(!ceiling || bounds.max_charge_w == Some(0.0));
            prop_assert!(!floor || bounds.max_discharge_w == Some(0.0));
            prop_assert!(meter(world).is_some(), "follows a meter that cannot be believed");
        }
        other => return Err(TestCaseError::fail(format!("{other} for a battery"))),
    }
    if let Some(step_w) = limits.step_w.filter(|step_w| sane(*step_w) >= 1.0) {
        let power_w = part(command, Direction::Charge) + part(command, Direction::Discharge);
        let steps = (power_w / step_w).round();
        prop_assert!((power_w - steps * step_w).abs() <= 1e-9 * power_w.max(1.0), "{} of {}", power_w, step_w);
    }
    let direction = direction(command);
    if let Some((before, turned)) = last_turn(&world.writes, id)
        && direction.is_some_and(|direction| direction != before)
    {
        prop_assert!(turned >= limits.direction_dwell, "turns after {:?}", turned);
    }
    Ok(())
}

/// The most that a battery may charge and discharge with at any time.
fn strongest(world: &World, id: &str) -> (f64, f64) {
    let limits = &world.limits.batteries[id];
    let state = battery_state(world, id);
    let reported = |limit: Option<f64>| limit.map_or(f64::MAX, sane);
    let charge_w = sane(limits.max_charge_w).min(reported(state.and_then(|state| state.device_max_charge_w)));
    let discharge_w = sane(limits.max_discharge_w).min(reported(state.and_then(|state| state.device_max_discharge_w)));
    (charge_w, discharge_w.min(world.limits.grid.feed_in_limit_w.map_or(f64::MAX, sane)))
}

fn device(world: &World, id: &str, command: &Command) -> Holds {
    let limits = &world.limits.devices[id];
    let state = world.home.devices.iter().find(|state| state.id == id).unwrap();
    let both = |has: fn(&model::snapshot::Abilities) -> bool| has(&limits.abilities) && has(&state.abilities);
    match command {
        Command::TurnOn | Command::TurnOff => {
            prop_assert!(both(|a| a.switch));
            let draws = state
                .power_w
                .as_ref()
                .is_some_and(|reading| !shown_even_undated(reading).is_some_and(|w| w.abs() <= 5.0));
            let cuts = *command == Command::TurnOff && state.on != Some(false) && draws;
            prop_assert!(limits.interruptible || !cuts, "cuts what draws");
            let mut turned: Option<(&Command, Duration)> = None;
            for write in of(&world.writes, id).filter(|w| w.command.kind() == CommandKind::TurnOnOff) {
                if turned.is_none_or(|(before, _)| *before != write.command) {
                    turned = Some((&write.command, write.ago));
                }
            }
            if let Some((before, ago)) = turned {
                prop_assert!(before == command || ago >= limits.switch_dwell, "switches after {:?}", ago);
            }
        }
        Command::SetLevel { value } => {
            prop_assert!(both(|a| a.level));
            let shown = state.level.as_ref().map(|level| (level.min, level.max));
            let configured = limits.level.map(|range| (range.min, range.max));
            for (min, max) in [configured, shown].into_iter().flatten() {
                prop_assert!(min <= *value && *value <= max, "{} is not in {}..{}", value, min, max);
            }
        }
        Command::SetLight(light) => {
            prop_assert!(both(|a| a.light));
            prop_assert!((0.0..=100.0).contains(&light.brightness_pct));
        }
        Command::Notify { .. } => prop_assert!(both(|a| a.notify)),
        other => return Err(TestCaseError::fail(format!("{other} for a device"))),
    }
    Ok(())
}

/// What the home does when it does what it is told.
#[derive(Default)]
struct Sums {
    /// Of all batteries, measured or told before or told now.
    charge_w: f64,
    discharge_w: f64,
    /// What all batteries give now, discharge positive: the least and the most that it may be.
    lowest_w: f64,
    highest_w: f64,
    turned_on_w: f64,
    /// Whether something that is told now takes or gives.
    charges: bool,
    discharges: bool,
}

fn sums(world: &World, approved: &[(&str, &Command)]) -> Sums {
    sums_of(world, approved, |_| true)
}

fn sums_of(world: &World, approved: &[(&str, &Command)], counts: impl Fn(&str) -> bool) -> Sums {
    let told = |id: &str| approved.iter().find(|(target, _)| *target == id).map(|(_, command)| *command);
    let mut sums = Sums::default();
    for id in BATTERIES.into_iter().filter(|id| counts(id)) {
        let limits = &world.limits.batteries[id];
        let measured = power(world, id);
        sums.lowest_w += measured.unwrap_or(-sane(limits.max_charge_w));
        sums.highest_w += measured.unwrap_or(sane(limits.max_discharge_w));
        // A battery that is told nothing goes on with what it does, or was told before.
        let written = of(&world.writes, id).rfind(|w| !matches!(w.command, Command::Balance(_))).map(|w| &w.command);
        let goes_on_w = |direction: Direction| {
            let measured = measured.map_or(0.0, |w| if direction == Direction::Charge { -w } else { w });
            let calibrates = battery_state(world, id).is_some_and(|state| state.taken == Some(Taken::Calibrating));
            let may = if calibrates && direction == Direction::Charge { sane(limits.max_charge_w) } else { 0.0 };
            let written = written.map_or(0.0, |command| part(command, direction));
            measured.max(written).max(may)
        };
        match told(id) {
            None | Some(Command::Balance(_)) => {
                sums.charge_w += goes_on_w(Direction::Charge);
                sums.discharge_w += goes_on_w(Direction::Discharge);
            }
            Some(command) => {
                sums.charges |= part(command, Direction::Charge) > 0.0;
                sums.discharges |= part(command, Direction::Discharge) > 0.0;
                sums.charge_w += part(command, Direction::Charge);
                sums.discharge_w += part(command, Direction::Discharge);
            }
        }
    }
    for id in DEVICES.into_iter().filter(|id| counts(id)) {
        let state = world.home.devices.iter().find(|state| state.id == id).unwrap();
        let adds_w = world.limits.devices[id].power_w.map_or(0.0, sane);
        let is_on = state.on == Some(true);
        let standing = of(&world.writes, id).next_back().is_some_and(|w| w.command == Command::TurnOn);
        match told(id) {
            Some(Command::TurnOn) if !is_on => {
                sums.turned_on_w += adds_w;
                sums.charges |= adds_w > 0.0;
            }
            None if standing && !is_on => sums.turned_on_w += adds_w,
            _ => {}
        }
    }
    sums
}

/// What holds on one phase: what runs through it now, what batteries there may stop giving, and all that takes
/// from it, one by one.
fn on_phase(world: &World, phase: u8, approved: &[(&str, &Command)]) -> Holds {
    let Some(limit_a) = world.limits.grid.phase_limit_a.map(sane) else { return Ok(()) };
    let is_here = |own: Option<u8>| own.is_none_or(|own| own == phase);
    let batteries = BATTERIES.into_iter().filter(|id| is_here(world.limits.batteries[*id].phase));
    let devices = DEVICES.into_iter().filter(|id| is_here(world.limits.devices[*id].phase));
    let here: Vec<&str> = batteries.chain(devices).collect();
    let adds = |command: &Command, id: &str| match command {
        Command::Charge { power_w } => *power_w > 0.0,
        Command::TurnOn => {
            let is_on = world.home.devices.iter().any(|state| state.id == id && state.on == Some(true));
            !is_on && world.limits.devices[id].power_w.map_or(0.0, sane) > 0.0
        }
        _ => false,
    };
    let mut adding = approved.iter().filter(|(id, command)| here.contains(id) && adds(command, id));
    let Some((first, _)) = adding.next() else { return Ok(()) };
    let reading = world.home.phase_current_a.get(usize::from(phase) - 1);
    let own = world.limits.batteries.get(*first).map_or_else(|| world.limits.devices[*first].phase, |l| l.phase);
    let Some(reading) = reading else {
        prop_assert!(own.is_none() && !world.home.phase_current_a.is_empty(), "adds to a phase that nobody shows");
        return Ok(());
    };
    let away_s = reading.at.map(|at| now().duration_since(at).as_secs_f64().abs());
    prop_assert!(away_s.is_some_and(|s| s <= world.limits.grid.meter_stale_after.as_secs_f64()));
    let Some(current_a) = shown_even_undated(reading) else {
        return Err(TestCaseError::fail("adds to a phase that cannot be read"));
    };
    let sums = sums_of(world, approved, |id| here.contains(&id));
    let through_w = current_a.abs() * 230.0 + sums.highest_w + sums.charge_w + sums.turned_on_w;
    prop_assert!(through_w <= limit_a * 230.0 + EPSILON_W, "{} W on L{} of {} A", through_w, phase, limit_a);
    Ok(())
}

/// What holds at the meter, of all commands together.
fn together(world: &World, approved: &[(&str, &Command)]) -> Holds {
    let sums = sums(world, approved);
    let meter = meter(world);
    let external_w = world.limits.grid.external.map(|limit| {
        let cap_w = world.home.import_cap_w.as_ref().and_then(shown_even_undated).filter(|w| *w >= 0.0);
        cap_w.unwrap_or(sane(limit.unknown_w))
    });
    if let Some(limit_w) = world.limits.grid.import_limit_w.map(sane).into_iter().chain(external_w).reduce(f64::min)
        && sums.charges
    {
        let Some(meter) = meter else { return Err(TestCaseError::fail("adds to an import that nobody measures")) };
        let import_w = meter + sums.highest_w + sums.charge_w + sums.turned_on_w;
        prop_assert!(import_w <= limit_w + EPSILON_W, "imports {} W of {} W", import_w, limit_w);
    }
    for phase in 1..=3 {
        on_phase(world, phase, approved)?;
    }
    if let Some(limit_w) = world.limits.grid.feed_in_limit_w.map(sane)
        && sums.discharges
    {
        let feed_in_w = sums.discharge_w - meter.map_or(0.0, |meter| meter + sums.lowest_w);
        prop_assert!(feed_in_w <= limit_w + EPSILON_W, "feeds in {} W of {} W", feed_in_w, limit_w);
    }
    let apart_w = apart_w(world);
    if apart_w > 0.0 && sums.discharges {
        let rest_w = meter.map(|meter| meter + sums.lowest_w - apart_w);
        prop_assert!(rest_w.is_some_and(|rest_w| sums.discharge_w <= rest_w + EPSILON_W), "feeds what it must not");
    }
    Ok(())
}

/// What devices draw that batteries do not feed.
fn apart_w(world: &World) -> f64 {
    let apart = world.home.devices.iter().filter(|state| !world.limits.devices[&state.id].from_battery);
    let powers = apart.filter_map(|state| state.power_w.as_ref().and_then(shown_even_undated));
    powers.filter(|w| *w > 50.0 && *w <= world.limits.grid.plausible_w).sum()
}
