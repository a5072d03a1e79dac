//! The rules, one file each, in the order in which they are asked. Each is a pure function of a [`Case`]
//! and says nothing, changes the command, or refuses it.

use std::time::Duration;

use model::{BalanceLimits, Command, CommandKind, Grant, Light, Rule};

use crate::judge::Scene;
use crate::limits::{BatteryLimits, DeviceLimits, GridLimits, Limits};
use crate::mandate::{Proposal, Setpoint};
use crate::view::View;

pub(crate) mod capability;
pub(crate) mod charge_power;
pub(crate) mod clock_skew;
pub(crate) mod discharge_power;
pub(crate) mod duplicate;
pub(crate) mod dwell;
pub(crate) mod external_limit;
pub(crate) mod feed_in_limit;
pub(crate) mod finite;
pub(crate) mod grant;
pub(crate) mod grid_import_limit;
pub(crate) mod implausible_reading;
pub(crate) mod in_use;
pub(crate) mod link;
pub(crate) mod not_from_battery;
pub(crate) mod outage_reserve;
pub(crate) mod override_end;
pub(crate) mod phase_current;
pub(crate) mod ramp;
pub(crate) mod range;
mod readings;
pub(crate) mod soc_ceiling;
pub(crate) mod soc_floor;
pub(crate) mod stale_reading;
pub(crate) mod step;
pub(crate) mod switch_budget;
pub(crate) mod taken;
pub(crate) mod undeclared;
pub(crate) mod unknown_reading;
pub(crate) mod unknown_target;
pub(crate) mod write_budget;
pub(crate) mod write_interval;

/// What one rule says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ruling {
    Pass,
    Adjust { to: Command, text: String },
    Refuse { text: String },
}

pub(crate) type Check = fn(&Case<'_>) -> Ruling;

/// First what needs no reading, then the readings, then the limits of the home, then those of the strategy,
/// and time last, since it looks at the command that would be written.
pub(crate) const CHAIN: [(Rule, Check); 32] = [
    (Rule::Finite, finite::check),
    (Rule::UnknownTarget, unknown_target::check),
    (Rule::Grant, grant::target),
    (Rule::OverrideEnd, override_end::check),
    (Rule::Duplicate, duplicate::check),
    (Rule::Undeclared, undeclared::check),
    (Rule::Link, link::check),
    (Rule::Taken, taken::check),
    (Rule::Capability, capability::check),
    (Rule::Range, range::check),
    (Rule::ClockSkew, clock_skew::check),
    (Rule::UnknownReading, unknown_reading::check),
    (Rule::StaleReading, stale_reading::check),
    (Rule::ImplausibleReading, implausible_reading::check),
    (Rule::SocFloor, soc_floor::check),
    (Rule::OutageReserve, outage_reserve::check),
    (Rule::SocCeiling, soc_ceiling::check),
    (Rule::ChargePower, charge_power::check),
    (Rule::DischargePower, discharge_power::check),
    (Rule::ExternalLimit, external_limit::check),
    (Rule::GridImportLimit, grid_import_limit::check),
    (Rule::PhaseCurrent, phase_current::check),
    (Rule::FeedInLimit, feed_in_limit::check),
    (Rule::NotFromBattery, not_from_battery::check),
    (Rule::Grant, grant::power),
    (Rule::Ramp, ramp::check),
    (Rule::Step, step::check),
    (Rule::InUse, in_use::check),
    (Rule::Dwell, dwell::check),
    (Rule::SwitchBudget, switch_budget::check),
    (Rule::WriteBudget, write_budget::check),
    (Rule::WriteInterval, write_interval::check),
];

/// Who wants it.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    Plan {
        proposal: Proposal<'a>,
        /// Whether no earlier action that could count had this target.
        first: bool,
    },
    Setpoint(Setpoint<'a>),
    /// The guard itself.
    Own,
}

impl<'a> Origin<'a> {
    /// Name of the strategy.
    pub fn by(self) -> Option<&'a str> {
        match self {
            Origin::Plan { proposal, .. } => Some(proposal.by),
            Origin::Setpoint(setpoint) => setpoint.by,
            Origin::Own => None,
        }
    }
}

/// Whom it is for.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Battery(&'a BatteryLimits),
    Device(&'a DeviceLimits),
    Unknown,
}

impl<'a> Subject<'a> {
    pub fn find(limits: &'a Limits, target: &str) -> Self {
        if let Some(battery) = limits.batteries.get(target) {
            Subject::Battery(battery)
        } else if let Some(device) = limits.devices.get(target) {
            Subject::Device(device)
        } else {
            Subject::Unknown
        }
    }

    /// Whether its entities can do this.
    pub fn can(self, kind: CommandKind) -> bool {
        match self {
            Subject::Battery(battery) => capability::for_batteries(kind) && battery.commands.contains(&kind),
            Subject::Device(device) => capability::able(&device.abilities, kind),
            Subject::Unknown => false,
        }
    }

    /// What it is told when nobody commands it any more; `None`: there is nothing to tell it.
    pub fn at_rest(self) -> Option<Command> {
        let commands = [Command::Hold, Command::TurnOff, Command::SetLight(Light::OFF)];
        commands.into_iter().find(|command| self.can(command.kind()))
    }

    pub fn lease(self) -> Duration {
        match self {
            Subject::Battery(battery) => battery.lease,
            Subject::Device(device) => device.lease,
            Subject::Unknown => Duration::ZERO,
        }
    }
}

/// One command before one rule.
pub(crate) struct Case<'a> {
    pub target: &'a str,
    pub subject: Subject<'a>,
    /// As the rules before left it.
    pub command: &'a Command,
    pub origin: Origin<'a>,
    pub grid_limits: &'a GridLimits,
    pub scene: &'a Scene<'a>,
    pub view: &'a View<'a>,
}

impl<'a> Case<'a> {
    pub fn battery(&self) -> Option<&'a BatteryLimits> {
        match self.subject {
            Subject::Battery(battery) => Some(battery),
            _ => None,
        }
    }

    /// What the owner lets the strategy do.
    pub fn grant(&self) -> Option<&'a Grant> {
        match self.origin {
            Origin::Plan { proposal, .. } => Some(&proposal.mandate.grant),
            Origin::Setpoint(setpoint) => Some(setpoint.grant),
            Origin::Own => None,
        }
    }

    pub fn device(&self) -> Option<&'a DeviceLimits> {
        match self.subject {
            Subject::Device(device) => Some(device),
            _ => None,
        }
    }
}

/// Below this a command does nothing but keep an inverter awake, watt.
const LEAST_W: f64 = 1.0;

/// Brings the charging part of a command to at most `allowed_w`.
pub(crate) fn cap_charge(command: &Command, allowed_w: f64, text: impl FnOnce() -> String) -> Ruling {
    let allowed_w = if allowed_w < LEAST_W { 0.0 } else { allowed_w };
    let to = match command {
        Command::Charge { power_w } if *power_w > allowed_w && allowed_w == 0.0 => Command::Hold,
        Command::Charge { power_w } if *power_w > allowed_w => Command::Charge { power_w: allowed_w },
        Command::Balance(limits) if limits.max_charge_w.is_some_and(|w| w > allowed_w) => {
            balance(BalanceLimits { max_charge_w: Some(allowed_w), ..*limits })
        }
        _ => return Ruling::Pass,
    };
    Ruling::Adjust { to, text: text() }
}

/// Brings the discharging part of a command to at most `allowed_w`.
pub(crate) fn cap_discharge(command: &Command, allowed_w: f64, text: impl FnOnce() -> String) -> Ruling {
    let allowed_w = if allowed_w < LEAST_W { 0.0 } else { allowed_w };
    let to = match command {
        Command::Discharge { power_w } if *power_w > allowed_w && allowed_w == 0.0 => Command::Hold,
        Command::Discharge { power_w } if *power_w > allowed_w => Command::Discharge { power_w: allowed_w },
        Command::Balance(limits) if limits.max_discharge_w.is_some_and(|w| w > allowed_w) => {
            balance(BalanceLimits { max_discharge_w: Some(allowed_w), ..*limits })
        }
        _ => return Ruling::Pass,
    };
    Ruling::Adjust { to, text: text() }
}

/// A balance that may go neither way is a hold.
pub(crate) fn balance(limits: BalanceLimits) -> Command {
    let closed = |bound: Option<f64>| bound == Some(0.0);
    if closed(limits.max_charge_w) && closed(limits.max_discharge_w) { Command::Hold } else { Command::Balance(limits) }
}

/// Whole seconds, rounded up, so that waiting that long is enough.
pub(crate) fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_enough_to_wait_and_no_more() {
        let table = [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (60_000, 60)];
        for (millis, expected) in table {
            assert_eq!(seconds(Duration::from_millis(millis)), expected, "{millis} ms");
        }
    }
}
