//! The home at one moment, and its steps.

use guard::Order;
use jiff::{SignedDuration, Timestamp};
use model::home::Baseline;
use model::snapshot::Abilities;
use model::{BalanceLimits, BatteryState, Command, DeviceState, HomeState, Light, Link, Reading};
use simulator::{Battery, BatteryParameters, Drive, Home, Inputs, Step};

use super::SimulatedError;
use super::layout::{Layout, PlugLayout};
use super::settings::{self, entity};
use super::year::{Moment, Year};
use crate::{ReadBack, SendError};

/// After a pause (the computer slept), it catches up in steps of this length.
const CATCH_UP_STEP: SignedDuration = SignedDuration::from_mins(1);
/// It catches up with no more than this.
const LONGEST_CATCH_UP: SignedDuration = SignedDuration::from_hours(24);

/// A plug and what runs behind it.
#[derive(Clone, Debug)]
struct Plug {
    layout: PlugLayout,
    on: bool,
    /// How long its programme ran.
    ran_s: f64,
}

impl Plug {
    fn power_w(&self) -> f64 {
        match &self.layout.programme {
            _ if !self.on => 0.0,
            Some(programme) => programme.power_w(self.ran_s),
            None => self.layout.power_w,
        }
    }

    fn switch(&mut self, on: bool) {
        // A finished machine starts anew the next time it is switched on.
        let finished = self.layout.programme.as_ref().is_some_and(|p| self.ran_s >= p.duration_s());
        if on && !self.on && finished {
            self.ran_s = 0.0;
        }
        self.on = on;
    }
}

pub(super) struct World {
    layout: Layout,
    home: Home,
    plugs: Vec<Plug>,
    light: Light,
    /// What the battery was told last.
    battery_setting: Command,
    since: Timestamp,
    now: Timestamp,
    seen: Moment,
    step: Step,
}

impl World {
    /// The home at `now`, its battery left to itself: following the meter.
    pub fn new(year: &Year, now: Timestamp, soc_pct: f64, speed: f64) -> Result<Self, SimulatedError> {
        let layout = Layout::default();
        // A battery of a tenth of the size fills in a tenth of the time.
        let capacity_wh = layout.battery.parameters.capacity_wh / speed;
        let parameters = BatteryParameters { capacity_wh, ..layout.battery.parameters.clone() };
        let mut home = Home::new(Battery::new(parameters, soc_pct)?, None);
        home.command(Drive::FOLLOW);
        let plugs: Vec<Plug> =
            layout.plugs.iter().map(|p| Plug { layout: p.clone(), on: p.starts_on, ran_s: 0.0 }).collect();
        let seen = year.moment(now);
        let load_w = seen.load_w + plugs.iter().map(Plug::power_w).sum::<f64>();
        let step = Step { grid_w: load_w - seen.solar_w, battery_w: 0.0, solar_w: seen.solar_w, load_w, soc_pct };
        Ok(Self {
            layout,
            home,
            plugs,
            light: Light { on: false, red: 255, green: 255, blue: 255, brightness_pct: 100.0 },
            battery_setting: Command::Balance(BalanceLimits::default()),
            since: now,
            now,
            seen,
            step,
        })
    }

    /// Lives until `now`. When the clock was set back, it goes on from there.
    pub fn advance(&mut self, year: &Year, now: Timestamp) {
        if now.duration_since(self.now) > LONGEST_CATCH_UP {
            self.now = now.saturating_sub(LONGEST_CATCH_UP).unwrap_or(now);
        }
        while self.now < now {
            let length = now.duration_since(self.now).min(CATCH_UP_STEP);
            self.now = self.now.saturating_add(length).unwrap_or(now);
            self.live(year, length.as_secs_f64());
        }
        self.now = now;
    }

    fn live(&mut self, year: &Year, length_s: f64) {
        self.seen = year.moment(self.now);
        let plugs_w = self.plugs.iter().map(Plug::power_w).sum();
        let inputs = Inputs { load_w: self.seen.load_w, solar_w: self.seen.solar_w, plugs_w };
        self.step = self.home.step(inputs, length_s);
        for plug in self.plugs.iter_mut().filter(|plug| plug.on) {
            plug.ran_s += length_s;
        }
    }

    pub fn state(&self) -> HomeState {
        let reading = |name: &str, value: f64| Reading::of(entity(name), to_tenth(value), self.now);
        let plug = |plug: &Plug| DeviceState {
            id: plug.layout.id.clone(),
            on: Some(plug.on),
            abilities: Abilities { switch: true, ..Abilities::default() },
            level: None,
            power_w: Some(reading(&format!("{}_power", plug.layout.id), plug.power_w())),
            fault: None,
        };
        let light = DeviceState {
            id: self.layout.light.id.clone(),
            on: Some(self.light.on),
            abilities: Abilities { switch: true, light: true, ..Abilities::default() },
            level: None,
            power_w: None,
            fault: None,
        };
        HomeState {
            link: Link::Up { since: self.since },
            timezone: Some(self.layout.timezone.clone()),
            currency: Some(self.layout.currency.clone()),
            grid_power_w: reading("grid_power", self.step.grid_w),
            solar_power_w: Some(reading("solar_power", self.step.solar_w)),
            load_power_w: Some(reading("load_power", self.step.load_w)),
            temperature_c: Some(reading("temperature", self.seen.temperature_c)),
            import_cap_w: None,
            phase_current_a: Vec::new(),
            batteries: vec![BatteryState {
                id: self.layout.battery.id.clone(),
                soc_pct: reading("battery_soc", self.step.soc_pct),
                power_w: reading("battery_power", self.step.battery_w),
                device_max_charge_w: None,
                device_max_discharge_w: None,
                taken: None,
            }],
            devices: self.plugs.iter().map(plug).chain([light]).collect(),
        }
    }

    /// Carries an order out: settings change at once, the battery follows after its latency.
    pub fn apply(&mut self, target: &str, order: &Order) -> Result<(), SendError> {
        match order {
            Order::Command(command) | Order::Rest(command) => self.command(target, command),
            Order::Release(baseline) => self.command(target, &settings::restored(target, baseline)?),
        }
    }

    fn command(&mut self, target: &str, command: &Command) -> Result<(), SendError> {
        let not_mapped = || SendError::NotMapped { target: target.into(), command: command.to_string() };
        if target == self.layout.battery.id {
            let drive = Drive::of(command).ok_or_else(not_mapped)?;
            if self.battery_setting != *command {
                self.home.command(drive);
                self.battery_setting = command.clone();
            }
            Ok(())
        } else if target == self.layout.light.id {
            self.light = settings::light_after(self.light, command).ok_or_else(not_mapped)?;
            Ok(())
        } else {
            let plug = self.plugs.iter_mut().find(|plug| plug.layout.id == target).ok_or_else(not_mapped)?;
            match command {
                Command::TurnOn => plug.switch(true),
                Command::TurnOff => plug.switch(false),
                _ => return Err(not_mapped()),
            }
            Ok(())
        }
    }

    pub fn read_back(&self, target: &str, command: &Command) -> ReadBack {
        if target == self.layout.light.id {
            // A light shows the same after different commands.
            return match settings::light_after(self.light, command) {
                Some(after) => settings::compare(target, &Command::SetLight(self.light), &Command::SetLight(after)),
                None => ReadBack::Unknown,
            };
        }
        match self.shown(target) {
            Some(shown) if Drive::of(command).is_some() == Drive::of(&shown).is_some() => {
                settings::compare(target, &shown, command)
            }
            _ => ReadBack::Unknown,
        }
    }

    pub fn baseline(&self, target: &str) -> Option<Baseline> {
        settings::baseline(target, &self.shown(target)?)
    }

    /// The command that a target shows.
    fn shown(&self, target: &str) -> Option<Command> {
        if target == self.layout.battery.id {
            return Some(self.battery_setting.clone());
        }
        if target == self.layout.light.id {
            return Some(Command::SetLight(self.light));
        }
        let plug = self.plugs.iter().find(|plug| plug.layout.id == target)?;
        Some(if plug.on { Command::TurnOn } else { Command::TurnOff })
    }
}

/// As meters show it.
fn to_tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
