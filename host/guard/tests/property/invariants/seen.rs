//! What can be believed of the readings, and of the limits.

use model::{BatteryState, Command, CommandKind, Reading};

use crate::world::{World, now};

/// What a plan for another hour would do.
pub fn needs_clock(world: &World, target: &str, command: &Command) -> bool {
    use CommandKind::{Charge, Discharge, SetLevel};
    let is_on = world.home.devices.iter().any(|state| state.id == target && state.on == Some(true));
    matches!(command.kind(), Charge | Discharge | SetLevel) || (*command == Command::TurnOn && !is_on)
}

pub fn skewed(world: &World) -> bool {
    let home = &world.home;
    let of_batteries = home.batteries.iter().flat_map(|battery| [&battery.soc_pct, &battery.power_w]);
    let of_devices = home.devices.iter().filter_map(|device| device.power_w.as_ref());
    let mut all = of_batteries.chain(of_devices).chain([&home.grid_power_w]);
    all.any(|reading| reading.at.is_some_and(|at| at.duration_since(now()).as_secs() > 60))
}

pub fn sane(limit: f64) -> f64 {
    if limit.is_finite() { limit.max(0.0) } else { 0.0 }
}

/// Whether `a` is at or below `b`, or nobody can tell.
pub fn at_or_beyond(a: f64, b: f64) -> bool {
    a.is_nan() || b.is_nan() || a <= b
}

pub fn shown(reading: &Reading) -> Option<f64> {
    reading.at?;
    shown_even_undated(reading)
}

pub fn shown_even_undated(reading: &Reading) -> Option<f64> {
    reading.value.filter(|value| reading.fault.is_none() && value.is_finite())
}

pub fn meter(world: &World) -> Option<f64> {
    let reading = &world.home.grid_power_w;
    let limits = &world.limits.grid;
    let away_s = now().duration_since(reading.at?).as_secs_f64().abs();
    shown(reading).filter(|w| w.abs() <= limits.plausible_w && away_s <= limits.meter_stale_after.as_secs_f64())
}

pub fn battery_state<'a>(world: &'a World, id: &str) -> Option<&'a BatteryState> {
    world.home.batteries.iter().find(|state| state.id == id)
}

/// A level in range that the battery can have reached. One that leapt by more than 60 % within a minute
/// cannot: not even the smallest battery here at its highest power makes half of that.
pub fn level(world: &World, id: &str) -> Option<f64> {
    let level = shown(&battery_state(world, id)?.soc_pct).filter(|pct| (0.0..=100.0).contains(pct))?;
    let position = world.home.batteries.iter().position(|state| state.id == id)?;
    let limits = &world.limits.batteries[id];
    let ordinary = sane(limits.max_charge_w).max(sane(limits.max_discharge_w)) <= 3000.0;
    let leapt = world.earlier.is_some_and(|(levels, _)| {
        (0.0..=100.0).contains(&levels[position]) && (levels[position] - level).abs() > 60.0
    });
    if leapt && ordinary { None } else { Some(level) }
}

pub fn power(world: &World, id: &str) -> Option<f64> {
    let limits = &world.limits.batteries[id];
    let bound: [f64; 3] = [5.0 * limits.capacity_wh, 2.0 * limits.max_charge_w, 2.0 * limits.max_discharge_w];
    shown(&battery_state(world, id)?.power_w).filter(|w| bound.iter().any(|b| b.is_finite() && w.abs() <= *b))
}
