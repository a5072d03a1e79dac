//! What is believed of the home, and what is already granted, while one plan is judged.

use std::collections::BTreeMap;

use model::home::Taken;
use model::{BatteryState, Command, DeviceState, HomeState, Reading};

use crate::believe::{Belief, believe_battery_power, believe_grid_power, believe_soc};
use crate::judge::Scene;
use crate::limits::{BatteryLimits, Limits};
use crate::rules::not_from_battery;

/// Limits are magnitudes; one that is not finite or below zero allows nothing.
pub(crate) fn magnitude(limit: f64) -> f64 {
    if limit.is_finite() && limit > 0.0 { limit } else { 0.0 }
}

/// Between which values a power lies, watt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub low: f64,
    pub high: f64,
}

pub(crate) struct View<'a> {
    limits: &'a Limits,
    scene: &'a Scene<'a>,
    /// At the meter.
    pub grid: Belief,
    batteries: BTreeMap<&'a str, BatteryView>,
    decided: BTreeMap<String, Command>,
}

struct BatteryView {
    soc: Belief,
    power: Belief,
}

impl<'a> View<'a> {
    pub fn new(limits: &'a Limits, scene: &'a Scene<'a>) -> Self {
        let batteries =
            limits.batteries.iter().map(|(id, battery)| (id.as_str(), BatteryView::new(id, battery, scene))).collect();
        Self {
            limits,
            scene,
            grid: believe_grid_power(&scene.home.grid_power_w, &limits.grid, scene.watch, scene.now),
            batteries,
            decided: BTreeMap::new(),
        }
    }

    /// What this plan is granted so far counts for its later actions.
    pub fn decide(&mut self, target: &str, command: Command) {
        self.decided.insert(target.into(), command);
    }

    pub fn soc(&self, battery: &str) -> Option<&Belief> {
        self.batteries.get(battery).map(|view| &view.soc)
    }

    /// What the home takes from the grid without its batteries: meter plus their power. A battery whose
    /// power is unknown may do anything that it can. `None`: the meter cannot be believed.
    fn base_w(&self) -> Option<Span> {
        let grid = self.grid.known()?;
        let mut base = Span { low: grid, high: grid };
        for (id, view) in &self.batteries {
            match (view.power.known(), self.limits.batteries.get(*id)) {
                (Some(power), _) => {
                    base.low += power;
                    base.high += power;
                }
                (None, Some(limits)) => {
                    base.low -= magnitude(limits.max_charge_w);
                    base.high += magnitude(limits.max_discharge_w);
                }
                (None, None) => {}
            }
        }
        Some(base)
    }

    /// The most that one phase carries while `target` adds nothing, watt; as [`View::import_without_w`].
    /// `through_w` is what is measured there, whichever way it flows.
    pub fn phase_without_w(&self, phase: u8, through_w: f64, target: &str) -> f64 {
        let on_it = |id: &str| self.loads(id, phase);
        let given_w: f64 = self
            .batteries
            .iter()
            .filter(|(id, _)| on_it(id))
            .map(|(id, view)| {
                let most_w = || self.limits.batteries.get(*id).map_or(0.0, |limits| magnitude(limits.max_discharge_w));
                view.power.known().unwrap_or_else(most_w)
            })
            .sum();
        through_w
            + given_w
            + self.charge_w(|id| id != target && on_it(id))
            + self.turned_on_w(|id| id != target && on_it(id))
    }

    /// Whether a target is connected to a phase, as far as is known.
    pub fn loads(&self, target: &str, phase: u8) -> bool {
        let battery = self.limits.batteries.get(target).map(|limits| limits.phase);
        let own = battery.or_else(|| self.limits.devices.get(target).map(|limits| limits.phase));
        own.flatten().is_none_or(|own| own == phase)
    }

    /// The most that the home takes from the grid while `target` adds nothing, watt: what it takes without
    /// its batteries, what the others charge with, and what was turned on and does not show it yet. `None`:
    /// the meter cannot be believed.
    pub fn import_without_w(&self, target: &str) -> Option<f64> {
        Some(self.base_w()?.high + self.other_charge_w(target) + self.other_turn_on_w(target))
    }

    /// The least that the home uses and the batteries but `target` do not give, watt. `None`: the meter
    /// cannot be believed.
    pub fn use_without_w(&self, target: &str) -> Option<f64> {
        Some(self.base_w()?.low - self.other_discharge_w(target))
    }

    /// What devices draw that batteries do not feed, watt.
    pub fn apart_w(&self) -> f64 {
        not_from_battery::apart_w(self.limits, self.scene.home)
    }

    /// What all batteries but `except` charge with, or are about to. One that calibrates itself may take all
    /// that it can at any moment.
    fn other_charge_w(&self, except: &str) -> f64 {
        self.charge_w(|id| id != except)
    }

    fn charge_w(&self, counts: impl Fn(&str) -> bool) -> f64 {
        let part = |command: &Command| match command {
            Command::Charge { power_w } => *power_w,
            _ => 0.0,
        };
        self.others(counts, part, |id| {
            let calibrates = battery_state(self.scene, id).is_some_and(|s| s.taken == Some(Taken::Calibrating));
            let limits = self.limits.batteries.get(id).filter(|_| calibrates);
            limits.map_or(0.0, |limits| magnitude(limits.max_charge_w))
        })
    }

    /// What all batteries but `except` discharge with, or are about to.
    pub fn other_discharge_w(&self, except: &str) -> f64 {
        let part = |command: &Command| match command {
            Command::Discharge { power_w } => *power_w,
            _ => 0.0,
        };
        self.others(|id| id != except, part, |_| 0.0)
    }

    fn others(&self, counts: impl Fn(&str) -> bool, part: fn(&Command) -> f64, at_least: impl Fn(&str) -> f64) -> f64 {
        self.batteries
            .iter()
            .filter(|(id, _)| counts(id))
            .map(|(id, view)| {
                let measured = view.power.known().map_or(0.0, |w| part(&as_command(w))).max(at_least(id));
                let written = self.scene.ledger.last_written(id).map_or(0.0, part);
                match self.decided.get(*id) {
                    // The loop will have to find its setpoint anew; what it does now is the best guess.
                    Some(Command::Balance(_)) | None => measured.max(written),
                    Some(command) => part(command),
                }
            })
            .sum()
    }

    /// What turning this device on adds; zero when it is on, or nobody knows what it draws.
    pub fn turn_on_w(&self, device: &str) -> f64 {
        if device_state(self.scene, device).is_some_and(|state| state.on == Some(true)) {
            return 0.0;
        }
        self.limits.devices.get(device).and_then(|limits| limits.power_w).map_or(0.0, magnitude)
    }

    /// What all devices but `except` add that were told to turn on and do not show it yet.
    fn other_turn_on_w(&self, except: &str) -> f64 {
        self.turned_on_w(|id| id != except)
    }

    fn turned_on_w(&self, counts: impl Fn(&str) -> bool) -> f64 {
        self.limits
            .devices
            .keys()
            .filter(|id| counts(id))
            .filter(|id| {
                let command = self.decided.get(*id).or_else(|| self.scene.ledger.command_in_force(id));
                matches!(command, Some(Command::TurnOn))
            })
            .map(|id| self.turn_on_w(id))
            .sum()
    }
}

impl BatteryView {
    fn new(id: &str, limits: &BatteryLimits, scene: &Scene<'_>) -> Self {
        match battery_state(scene, id) {
            Some(state) => Self {
                soc: believe_soc(state, scene.watch, scene.now),
                power: believe_battery_power(state, limits, scene.now),
            },
            None => {
                let unknown = Belief::Unknown { text: format!("the home does not show `{id}`") };
                Self { soc: unknown.clone(), power: unknown }
            }
        }
    }
}

pub(crate) fn as_command(power_w: f64) -> Command {
    if power_w < 0.0 { Command::Charge { power_w: -power_w } } else { Command::Discharge { power_w } }
}

pub(crate) fn battery_state<'a>(scene: &Scene<'a>, id: &str) -> Option<&'a BatteryState> {
    scene.home.batteries.iter().find(|state| state.id == id)
}

pub(crate) fn device_state<'a>(scene: &Scene<'a>, id: &str) -> Option<&'a DeviceState> {
    scene.home.devices.iter().find(|state| state.id == id)
}

/// All readings of a home that have a time of their own.
pub(crate) fn readings(home: &HomeState) -> impl Iterator<Item = &Reading> {
    let single = [Some(&home.grid_power_w), home.solar_power_w.as_ref(), home.load_power_w.as_ref()];
    let batteries = home.batteries.iter().flat_map(|battery| [&battery.soc_pct, &battery.power_w]);
    let devices = home.devices.iter().filter_map(|device| device.power_w.as_ref());
    single.into_iter().flatten().chain(&home.phase_current_a).chain(batteries).chain(devices)
}
