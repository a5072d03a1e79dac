//! From what is seen and known to what a strategy may know. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use guard::{BatteryLimits, Belief, DeviceLimits, GridLimits, LevelRange, Limits, Watch};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::home::{BatteryState, DeviceState, Fault, HomeState, Link, Reading};
use model::snapshot::{Battery, Device, Grid, InForce, Problem, Snapshot, Task};
use model::{Measured, TargetId};

use crate::drive;
use crate::ports::Known;
use crate::setup::Setup;

/// What a snapshot is built from.
pub struct Seen<'a> {
    /// What the owner configured.
    pub setup: &'a Setup,
    /// What the home shows.
    pub state: &'a HomeState,
    /// What the guard remembers of the readings.
    pub watch: &'a Watch,
    /// Whole seconds.
    pub now: Timestamp,
    /// Prices, forecasts and history.
    pub known: Known,
    /// Commands in force.
    pub in_force: &'a BTreeMap<TargetId, InForce>,
    /// Flexible loads.
    pub tasks: Vec<Task>,
}

/// Where no time zone is told.
pub const FALLBACK_TIMEZONE: &str = "UTC";
/// Where no currency is told.
pub const FALLBACK_CURRENCY: &str = "EUR";

/// The home's time zone: what the owner set, else what the home tells.
pub fn timezone_name(setup: &Setup, state: &HomeState) -> String {
    setup.timezone.clone().or_else(|| state.timezone.clone()).unwrap_or_else(|| FALLBACK_TIMEZONE.into())
}

/// The named zone, or UTC.
pub fn timezone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Builds the snapshot.
pub fn build(seen: Seen<'_>) -> Snapshot {
    let Seen { setup, state, watch, now, known, in_force, tasks } = seen;
    let mut problems = Problems::default();
    problems.link(&state.link);
    let timezone_name = timezone_name(setup, state);
    let utc_offset_s = timezone(&timezone_name).to_offset(now).seconds();

    let measured = measure(setup, state, watch, now);
    problems.belief("grid.power-w", &guard::believe_grid_power(&state.grid_power_w, &setup.limits.grid, watch, now));
    if let Some(reading) = &state.solar_power_w {
        problems.reading("solar-power-w", reading);
    }
    if let Some(reading) = &state.load_power_w {
        problems.reading("load-power-w", reading);
    }

    let batteries = setup.batteries.iter().filter_map(|battery| {
        let limits = setup.limits.batteries.get(&battery.id)?;
        let shown = state.batteries.iter().find(|shown| shown.id == battery.id);
        let (soc_pct, power_w) = match shown {
            Some(shown) => {
                let soc = guard::believe_soc(shown, watch, now);
                let power = guard::believe_battery_power(shown, limits, now);
                problems.belief(&format!("batteries.{}.soc-pct", battery.id), &soc);
                problems.belief(&format!("batteries.{}.power-w", battery.id), &power);
                (soc.known(), power.known())
            }
            None => {
                problems.add("missing", format!("batteries.{}", battery.id), "the home shows no such battery".into());
                (None, None)
            }
        };
        let device =
            |own: f64, device: Option<f64>| device.filter(|w| w.is_finite() && *w >= 0.0).map_or(own, |w| w.min(own));
        Some(Battery {
            id: battery.id.clone(),
            name: battery.name.clone(),
            commands: limits.commands.clone(),
            soc_pct,
            capacity_wh: limits.capacity_wh,
            min_soc_pct: limits.min_soc_pct.max(limits.outage_reserve_pct),
            max_soc_pct: limits.max_soc_pct,
            max_charge_w: device(limits.max_charge_w, shown.and_then(|s| s.device_max_charge_w)),
            max_discharge_w: device(limits.max_discharge_w, shown.and_then(|s| s.device_max_discharge_w)),
            min_power_w: drive::STANDSTILL_W,
            // The limits for all let both; what a strategy's grant lets is narrowed for each.
            grid_charging: true,
            grid_export: true,
            carries_solar: battery.carries_solar,
            charge_efficiency: battery.charge_efficiency,
            discharge_efficiency: battery.discharge_efficiency,
            power_w: power_w.map(|w| if battery.carries_solar { w - measured.solar_w.unwrap_or(0.0) } else { w }),
            wear_cost_per_kwh: battery.wear_cost_per_kwh,
            in_force: in_force.get(&battery.id).cloned(),
            extras: Vec::new(),
        })
    });
    let batteries: Vec<Battery> = batteries.collect();

    let devices = setup.devices.iter().map(|device| {
        let shown = state.devices.iter().find(|shown| shown.id == device.id);
        let subject = format!("devices.{}", device.id);
        match shown {
            Some(DeviceState { fault: Some(fault), .. }) => problems.fault(&subject, &device.id, fault),
            None => problems.add("missing", subject, "the home shows no such device".into()),
            _ => {}
        }
        if setup.tasks.iter().any(|task| task.device == device.id) && matches!(uses(state, &device.id), Use::Unknown) {
            let text = format!("nobody knows whether `{}` is on or what it uses", device.id);
            let assumed = "that it uses nothing; what the home uses is not learned meanwhile".into();
            let subject = format!("devices.{}.power-w", device.id);
            problems.0.push(Problem { code: "missing".into(), subject, text, assumed });
        }
        Device {
            id: device.id.clone(),
            name: device.name.clone(),
            kind: device.kind.clone(),
            abilities: shown.map(|s| s.abilities).unwrap_or_default(),
            on: shown.and_then(|s| s.on),
            level: shown.and_then(|s| s.level.clone()),
            power_w: shown.and_then(|s| s.power_w.as_ref()).and_then(|r| r.value),
            in_force: in_force.get(&device.id).cloned(),
            extras: Vec::new(),
        }
    });
    let devices: Vec<Device> = devices.collect();

    let mut ahead = known.ahead;
    // How long it lasts nobody tells, so that it is counted on for this slot only.
    if let (Some(cap_w), Some(slot)) = (guard::import_cap_w(&setup.limits.grid, state), ahead.first_mut()) {
        slot.import_limit_w = Some(slot.import_limit_w.map_or(cap_w, |limit_w| limit_w.min(cap_w)));
    }
    let mut problems = problems.0;
    problems.extend(known.problems);
    Snapshot {
        now,
        timezone: timezone_name,
        utc_offset_s,
        currency: setup.currency.clone().or_else(|| state.currency.clone()).unwrap_or_else(|| FALLBACK_CURRENCY.into()),
        grid: Grid {
            power_w: measured.grid_w,
            import_limit_w: setup.limits.grid.import_limit_w,
            export_limit_w: setup.limits.grid.feed_in_limit_w,
        },
        solar_power_w: measured.solar_w,
        load_power_w: measured.load_w,
        batteries,
        devices,
        tasks,
        ahead,
        past: known.past,
        sources: known.sources,
        problems,
        extras: Vec::new(),
    }
}

/// What of the readings can be believed, for the whole home. The load follows from the rest where it is
/// not measured by itself: what comes in from grid, sun and batteries is used.
pub fn measure(setup: &Setup, state: &HomeState, watch: &Watch, now: Timestamp) -> Measured {
    let grid_w = guard::believe_grid_power(&state.grid_power_w, &setup.limits.grid, watch, now).known();
    let plausible =
        |reading: &Reading| reading.value.filter(|w| w.is_finite() && w.abs() <= setup.limits.grid.plausible_w);
    let solar_w = match &state.solar_power_w {
        // Inverters report a few watt below zero at night.
        Some(reading) => plausible(reading).map(|w| w.max(0.0)),
        None => Some(0.0),
    };
    let mut battery_at_bus_w = Some(0.0);
    let mut battery_w = Some(0.0);
    let mut energy = (0.0, 0.0);
    let mut all_soc_known = !setup.batteries.is_empty();
    for battery in &setup.batteries {
        let shown = state.batteries.iter().find(|shown| shown.id == battery.id);
        let limits = setup.limits.batteries.get(&battery.id);
        let at_bus = shown.zip(limits).and_then(|(s, l)| guard::believe_battery_power(s, l, now).known());
        battery_at_bus_w = battery_at_bus_w.zip(at_bus).map(|(sum, w)| sum + w);
        let own = if battery.carries_solar { at_bus.zip(solar_w).map(|(w, sun)| w - sun) } else { at_bus };
        battery_w = battery_w.zip(own).map(|(sum, w)| sum + w);
        let capacity_wh = limits.map_or(0.0, |l| l.capacity_wh);
        match shown.and_then(|s| guard::believe_soc(s, watch, now).known()) {
            Some(soc) => energy = (energy.0 + soc * capacity_wh, energy.1 + capacity_wh),
            None => all_soc_known = false,
        }
    }
    let solar_at_bus_w = if setup.batteries.iter().any(|b| b.carries_solar) { Some(0.0) } else { solar_w };
    let comes_in_w = grid_w.zip(solar_at_bus_w).zip(battery_at_bus_w).map(|((g, s), b)| g + s + b);
    let (load_w, unexplained_w) = match &state.load_power_w {
        Some(reading) => {
            let load_w = plausible(reading);
            (load_w, comes_in_w.zip(load_w).map(|(comes_in_w, load_w)| comes_in_w - load_w))
        }
        // A moment's readings are not of quite the same instant, so a small negative rest is zero.
        None => (comes_in_w.map(|w| w.max(0.0)), comes_in_w.map(|w| w.min(0.0))),
    };
    let (tasks_w, tasks_unknown_w) = tasks_w(setup, state);
    Measured {
        grid_w,
        solar_w,
        load_w,
        battery_w: battery_w.filter(|_| !setup.batteries.is_empty()),
        soc_pct: (all_soc_known && energy.1 > 0.0).then(|| energy.0 / energy.1),
        temperature_c: state.temperature_c.as_ref().and_then(|r| r.value),
        tasks_w,
        tasks_unknown_w,
        unexplained_w,
    }
}

/// What devices with a task use now, and what they may use without anybody knowing; `None`: there is no such device.
/// One that is on and does not tell is taken to use what its task says.
fn tasks_w(setup: &Setup, state: &HomeState) -> (Option<f64>, Option<f64>) {
    let mut devices: BTreeMap<&str, f64> = BTreeMap::new();
    for task in &setup.tasks {
        let most = devices.entry(&task.device).or_default();
        *most = most.max(task.power_w);
    }
    let (mut used_w, mut unknown_w) = (0.0, 0.0);
    for (id, task_w) in &devices {
        match uses(state, id) {
            Use::Measured(w) => used_w += w.max(0.0),
            Use::On => used_w += task_w,
            Use::Off => {}
            Use::Unknown => unknown_w += task_w,
        }
    }
    if devices.is_empty() { (None, None) } else { (Some(used_w), Some(unknown_w)) }
}

enum Use {
    Measured(f64),
    On,
    Off,
    Unknown,
}

fn uses(state: &HomeState, device: &str) -> Use {
    let device = state.devices.iter().find(|shown| shown.id == device);
    let measured_w = device.and_then(|d| d.power_w.as_ref()).and_then(|reading| reading.value);
    match (measured_w.filter(|w| w.is_finite()), device.and_then(|d| d.on)) {
        (Some(w), _) => Use::Measured(w),
        (None, Some(true)) => Use::On,
        (None, Some(false)) => Use::Off,
        (None, None) => Use::Unknown,
    }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, code: &str, subject: String, text: String) {
        self.0.push(Problem { code: code.into(), subject, text, assumed: String::new() });
    }

    fn link(&mut self, link: &Link) {
        match link {
            Link::Up { .. } => {}
            Link::Connecting { reason } if reason.is_empty() => {
                self.add("link", "home".into(), "the home is not connected yet".into());
            }
            Link::Connecting { reason } | Link::Rejected { reason } => self.add("link", "home".into(), reason.clone()),
        }
    }

    fn belief(&mut self, subject: &str, belief: &Belief) {
        match belief {
            Belief::Known { .. } => {}
            Belief::Unknown { text } => self.add("missing", subject.into(), text.clone()),
            Belief::Stale { text, .. } => self.add("stale", subject.into(), text.clone()),
            Belief::Implausible { text, .. } => self.add("implausible", subject.into(), text.clone()),
        }
    }

    fn reading(&mut self, subject: &str, reading: &Reading) {
        if let Some(fault) = &reading.fault {
            self.fault(subject, &reading.entity, fault);
        }
    }

    fn fault(&mut self, subject: &str, entity: &str, fault: &Fault) {
        let code = if matches!(fault, Fault::Unit { .. }) { "unit" } else { "missing" };
        self.add(code, subject.into(), format!("`{entity}`: {}", describe_fault(fault)));
    }
}

/// A fault in words.
pub fn describe_fault(fault: &Fault) -> String {
    match fault {
        Fault::Missing => "the home knows no such entity".into(),
        Fault::Unavailable { state } => format!("its device does not answer (`{state}`)"),
        Fault::NotANumber { state } => format!("`{state}` is no finite number"),
        Fault::Unit { found: None, expected } => {
            format!("has no unit; {expected} is needed, so declare one: unit = \"{expected}\"")
        }
        Fault::Unit { found: Some(found), expected } => format!("is in `{found}`, but {expected} is needed"),
        Fault::NotYet => "not seen yet".into(),
    }
}

/// Limits as far as a snapshot tells them, for judging a plan away from its home.
pub fn limits_of(snapshot: &Snapshot) -> Limits {
    Limits {
        grid: GridLimits {
            import_limit_w: snapshot.grid.import_limit_w,
            feed_in_limit_w: snapshot.grid.export_limit_w,
            ..GridLimits::default()
        },
        batteries: snapshot
            .batteries
            .iter()
            .map(|battery| {
                let limits = BatteryLimits {
                    capacity_wh: battery.capacity_wh,
                    min_soc_pct: battery.min_soc_pct,
                    max_soc_pct: battery.max_soc_pct,
                    max_charge_w: battery.max_charge_w,
                    max_discharge_w: battery.max_discharge_w,
                    commands: battery.commands.clone(),
                    direction_dwell: Duration::ZERO,
                    write_interval: Duration::ZERO,
                    lease: Duration::from_secs(1200),
                    ..BatteryLimits::default()
                };
                (battery.id.clone(), limits)
            })
            .collect(),
        devices: snapshot
            .devices
            .iter()
            .map(|device| {
                let limits = DeviceLimits {
                    abilities: device.abilities,
                    switch_dwell: Duration::ZERO,
                    // Only the tasks' word is known here.
                    interruptible: snapshot.tasks.iter().all(|t| t.device != device.id || t.interruptible),
                    write_interval: Duration::ZERO,
                    power_w: None,
                    level: device.level.as_ref().map(|l| LevelRange { min: l.min, max: l.max }),
                    lease: Duration::from_secs(1200),
                    ..DeviceLimits::default()
                };
                (device.id.clone(), limits)
            })
            .collect(),
    }
}

/// What the home must have shown for this snapshot, for judging a plan away from its home.
pub fn state_of(snapshot: &Snapshot) -> HomeState {
    let reading = |name: String, value: Option<f64>| match value {
        Some(value) => Reading::of(name, value, snapshot.now),
        None => Reading::faulty(name, Fault::Unavailable { state: "absent from the snapshot".into() }),
    };
    HomeState {
        link: Link::Up { since: snapshot.now },
        timezone: Some(snapshot.timezone.clone()),
        currency: Some(snapshot.currency.clone()),
        grid_power_w: reading("grid.power_w".into(), snapshot.grid.power_w),
        solar_power_w: Some(reading("solar_power_w".into(), snapshot.solar_power_w)),
        load_power_w: Some(reading("load_power_w".into(), snapshot.load_power_w)),
        temperature_c: None,
        import_cap_w: None,
        phase_current_a: Vec::new(),
        batteries: snapshot
            .batteries
            .iter()
            .map(|b| BatteryState {
                id: b.id.clone(),
                soc_pct: reading(format!("batteries.{}.soc_pct", b.id), b.soc_pct),
                power_w: reading(format!("batteries.{}.power_w", b.id), b.power_w),
                device_max_charge_w: None,
                device_max_discharge_w: None,
                taken: None,
            })
            .collect(),
        devices: snapshot
            .devices
            .iter()
            .map(|d| DeviceState {
                id: d.id.clone(),
                on: d.on,
                abilities: d.abilities,
                level: d.level.clone(),
                power_w: d.power_w.map(|w| Reading::of(format!("devices.{}.power_w", d.id), w, snapshot.now)),
                fault: None,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
