use std::collections::VecDeque;

use model::Command;
use serde::{Deserialize, Serialize};

const SECONDS_PER_HOUR: f64 = 3600.0;

/// What a battery with its inverter is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatteryParameters {
    /// Watt-hours from 0 to 100 %.
    pub capacity_wh: f64,
    /// It does not discharge below.
    pub min_soc_pct: f64,
    /// It does not charge above.
    pub max_soc_pct: f64,
    /// Most that it takes from the bus, watt.
    pub max_charge_w: f64,
    /// Most that it gives to the bus, watt.
    pub max_discharge_w: f64,
    /// Stored energy gained per energy taken from the bus, above 0 and at most 1.
    pub charge_efficiency: f64,
    /// Energy given to the bus per stored energy lost, above 0 and at most 1.
    pub discharge_efficiency: f64,
    /// How fast its power changes, watt per second; `None`: at once.
    pub ramp_w_per_s: Option<f64>,
    /// From a command to its effect, seconds. Rounded to whole steps.
    pub latency_s: f64,
}

impl From<&model::snapshot::Battery> for BatteryParameters {
    /// As a snapshot tells of it: without latency or ramp.
    fn from(told: &model::snapshot::Battery) -> Self {
        Self {
            capacity_wh: told.capacity_wh,
            min_soc_pct: told.min_soc_pct,
            max_soc_pct: told.max_soc_pct,
            max_charge_w: told.max_charge_w,
            max_discharge_w: told.max_discharge_w,
            charge_efficiency: told.charge_efficiency,
            discharge_efficiency: told.discharge_efficiency,
            ramp_w_per_s: None,
            latency_s: 0.0,
        }
    }
}

impl Default for BatteryParameters {
    /// A SolarFlow 800 with one AB2000 pack: 1.92 kWh, 1000 W in, 800 W out (limits of the
    /// Zendure-HA integration), without the delays that do not matter over a slot.
    fn default() -> Self {
        Self {
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 100.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            ramp_w_per_s: None,
            latency_s: 0.0,
        }
    }
}

/// A parameter that no battery can have.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("battery: {name} is {value}, expected {expected}")]
pub struct ParameterError {
    /// Field of [`BatteryParameters`], or `soc_pct`.
    pub name: &'static str,
    /// What was given.
    pub value: f64,
    /// What would do.
    pub expected: &'static str,
}

/// What a battery is told. Powers are magnitudes in watt at the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Drive {
    /// Neither charge nor discharge.
    #[default]
    Hold,
    /// Charge with this power.
    Charge {
        /// Zero or more.
        power_w: f64,
    },
    /// Discharge with this power.
    Discharge {
        /// Zero or more.
        power_w: f64,
    },
    /// Follow the meter: give what the home lacks, take what it has too much.
    Follow {
        /// Charge with at most this; infinite: no bound.
        max_charge_w: f64,
        /// Discharge with at most this; infinite: no bound.
        max_discharge_w: f64,
    },
}

impl Drive {
    /// Self-consumption: follow the meter without bounds.
    pub const FOLLOW: Self = Self::Follow { max_charge_w: f64::INFINITY, max_discharge_w: f64::INFINITY };

    /// The drive of a battery's command; `None` for a command of another kind of target.
    pub fn of(command: &Command) -> Option<Self> {
        match *command {
            Command::Hold => Some(Self::Hold),
            Command::Charge { power_w } => Some(Self::Charge { power_w }),
            Command::Discharge { power_w } => Some(Self::Discharge { power_w }),
            Command::Balance(limits) => Some(Self::Follow {
                max_charge_w: limits.max_charge_w.unwrap_or(f64::INFINITY),
                max_discharge_w: limits.max_discharge_w.unwrap_or(f64::INFINITY),
            }),
            _ => None,
        }
    }

    /// The power that it asks for, discharge positive, in a home that lacks `deficit_w` (has too much
    /// when negative).
    fn wanted_w(self, deficit_w: f64) -> f64 {
        match self {
            Self::Hold => 0.0,
            Self::Charge { power_w } => -at_least_zero(power_w),
            Self::Discharge { power_w } => at_least_zero(power_w),
            Self::Follow { .. } if deficit_w.is_nan() => 0.0,
            Self::Follow { max_charge_w, max_discharge_w } => {
                deficit_w.clamp(-at_least_zero(max_charge_w), at_least_zero(max_discharge_w))
            }
        }
    }
}

/// NaN, too, becomes 0.
fn at_least_zero(value: f64) -> f64 {
    if value > 0.0 { value } else { 0.0 }
}

/// A battery with its inverter: what is stored, what it does, what it has been told.
#[derive(Clone, Debug)]
pub struct Battery {
    parameters: BatteryParameters,
    stored_wh: f64,
    power_w: f64,
    drive: Drive,
    /// Commands on their way, with the seconds until they take effect, in order of arrival.
    pending: VecDeque<(f64, Drive)>,
}

impl Battery {
    /// A battery at rest. Its state of charge may lie outside its limits: then it only moves back.
    ///
    /// # Errors
    /// A parameter is not finite or outside its range.
    pub fn new(parameters: BatteryParameters, soc_pct: f64) -> Result<Self, ParameterError> {
        check(&parameters, soc_pct)?;
        let stored_wh = parameters.capacity_wh * soc_pct / 100.0;
        Ok(Self { parameters, stored_wh, power_w: 0.0, drive: Drive::Hold, pending: VecDeque::new() })
    }

    /// What it is.
    pub fn parameters(&self) -> &BatteryParameters {
        &self.parameters
    }

    /// Stored energy, watt-hours.
    pub fn stored_wh(&self) -> f64 {
        self.stored_wh
    }

    /// State of charge, percent of the capacity.
    pub fn soc_pct(&self) -> f64 {
        100.0 * self.stored_wh / self.parameters.capacity_wh
    }

    /// What it gave during the last step, watt; negative: what it took.
    pub fn power_w(&self) -> f64 {
        self.power_w
    }

    /// Tells it something, which takes effect after its latency.
    pub fn command(&mut self, drive: Drive) {
        self.pending.push_back((self.parameters.latency_s, drive));
    }

    /// Passes `step_s` seconds in a home that lacks `deficit_w` (load minus solar), and returns the
    /// power during them, discharge positive.
    ///
    /// The power is constant over the step: it is limited by what is stored and by what finds room in
    /// the whole step, in the way of the reference simulator. At a limit of its state of charge a
    /// battery cuts off at once; the ramp holds only for what is wanted of it.
    pub fn step(&mut self, deficit_w: f64, step_s: f64) -> f64 {
        self.advance_pending(step_s);
        self.pass(deficit_w, step_s)
    }

    /// As [`Battery::step`], once what was pending has been advanced.
    pub(crate) fn pass(&mut self, deficit_w: f64, step_s: f64) -> f64 {
        let p = &self.parameters;
        let hours = step_s / SECONDS_PER_HOUR;
        let (low_wh, high_wh) = self.bounds_wh();

        let target_w = self.drive.wanted_w(deficit_w).clamp(-p.max_charge_w, p.max_discharge_w);
        let wanted_w = match p.ramp_w_per_s {
            Some(ramp) => {
                let most_w = ramp * step_s;
                target_w.clamp(self.power_w - most_w, self.power_w + most_w)
            }
            None => target_w,
        };

        if wanted_w >= 0.0 {
            let available_w = at_least_zero((self.stored_wh - low_wh) * p.discharge_efficiency / hours);
            self.power_w = wanted_w.min(available_w);
            let left_wh = self.stored_wh - self.power_w * hours / p.discharge_efficiency;
            // Rounding must not carry it over the limit, but below it already it stays where it is.
            self.stored_wh = left_wh.max(low_wh.min(self.stored_wh));
        } else {
            let room_w = at_least_zero((high_wh - self.stored_wh) / p.charge_efficiency / hours);
            self.power_w = -(-wanted_w).min(room_w);
            let filled_wh = self.stored_wh - self.power_w * hours * p.charge_efficiency;
            self.stored_wh = filled_wh.min(high_wh.max(self.stored_wh));
        }
        self.power_w
    }

    /// What it can hold at least and at most.
    fn bounds_wh(&self) -> (f64, f64) {
        let p = &self.parameters;
        (p.capacity_wh * p.min_soc_pct / 100.0, p.capacity_wh * p.max_soc_pct / 100.0)
    }

    /// How much of `deficit_w` it could take upon itself for the whole step, a magnitude; `None`: it does not follow
    /// the meter.
    pub(crate) fn able_w(&self, deficit_w: f64, step_s: f64) -> Option<f64> {
        let Drive::Follow { .. } = self.drive else { return None };
        let (p, hours, (low_wh, high_wh)) = (&self.parameters, step_s / SECONDS_PER_HOUR, self.bounds_wh());
        let within_wh = if deficit_w >= 0.0 {
            (self.stored_wh - low_wh) * p.discharge_efficiency
        } else {
            (high_wh - self.stored_wh) / p.charge_efficiency
        };
        let most_w = if deficit_w >= 0.0 { p.max_discharge_w } else { p.max_charge_w };
        let bound_w = self.drive.wanted_w(f64::INFINITY.copysign(deficit_w)).abs();
        Some(most_w.min(bound_w).min(at_least_zero(within_wh / hours)))
    }

    pub(crate) fn advance_pending(&mut self, step_s: f64) {
        while let Some((due_s, drive)) = self.pending.front().copied() {
            if due_s > step_s / 2.0 {
                break;
            }
            self.drive = drive;
            self.pending.pop_front();
        }
        for (due_s, _) in &mut self.pending {
            *due_s -= step_s;
        }
    }
}

fn check(p: &BatteryParameters, soc_pct: f64) -> Result<(), ParameterError> {
    let fail = |name, value, expected| Err(ParameterError { name, value, expected });
    let positive = |v: f64| v.is_finite() && v > 0.0;
    let magnitude = |v: f64| v.is_finite() && v >= 0.0;
    let efficiency = |v: f64| v > 0.0 && v <= 1.0;
    let percent = |v: f64| (0.0..=100.0).contains(&v);

    if !positive(p.capacity_wh) {
        return fail("capacity_wh", p.capacity_wh, "more than 0");
    }
    for (name, value) in [("max_charge_w", p.max_charge_w), ("max_discharge_w", p.max_discharge_w)] {
        if !magnitude(value) {
            return fail(name, value, "0 or more");
        }
    }
    for (name, value) in [("charge_efficiency", p.charge_efficiency), ("discharge_efficiency", p.discharge_efficiency)]
    {
        if !efficiency(value) {
            return fail(name, value, "more than 0 and at most 1");
        }
    }
    for (name, value) in [("min_soc_pct", p.min_soc_pct), ("max_soc_pct", p.max_soc_pct), ("soc_pct", soc_pct)] {
        if !percent(value) {
            return fail(name, value, "0 to 100");
        }
    }
    if p.min_soc_pct > p.max_soc_pct {
        return fail("min_soc_pct", p.min_soc_pct, "at most max_soc_pct");
    }
    if !magnitude(p.latency_s) {
        return fail("latency_s", p.latency_s, "0 or more");
    }
    match p.ramp_w_per_s {
        Some(ramp) if !positive(ramp) => fail("ramp_w_per_s", ramp, "more than 0, or none"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
