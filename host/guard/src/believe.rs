//! Which readings can be believed. The guard and the snapshot both ask here, so that a strategy sees a
//! value exactly when the guard would act on it.

use std::time::Duration;

use jiff::Timestamp;
use model::{BatteryState, Fault, Reading};

use crate::limits::{BatteryLimits, GridLimits};
use crate::watch::{Doubt, Watch};

/// More than this many times its capacity in an hour no home battery gives or takes; the small packs
/// with large inverters reach 2.5.
const PLAUSIBLE_C_RATE: f64 = 5.0;

/// What is believed of a reading. Texts are whole sentences for the owner, with the entity.
#[derive(Clone, Debug, PartialEq)]
pub enum Belief {
    /// It can be relied on.
    Known {
        /// In the reading's unit; finite.
        value: f64,
        /// Since the device's last sign of life.
        age: Duration,
    },
    /// There is no value.
    Unknown {
        /// Why.
        text: String,
    },
    /// There is a value, but it may no longer be true.
    Stale {
        /// In the reading's unit; finite.
        value: f64,
        /// Since the device's last sign of life; zero for one that seems to come from the future.
        age: Duration,
        /// Why.
        text: String,
    },
    /// There is a value that cannot be true.
    Implausible {
        /// In the reading's unit; may be not finite.
        value: f64,
        /// Why.
        text: String,
    },
}

impl Belief {
    /// The value, if it can be relied on.
    pub fn known(&self) -> Option<f64> {
        match self {
            Belief::Known { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// Why it cannot be relied on; `None`: it can.
    pub fn text(&self) -> Option<&str> {
        match self {
            Belief::Known { .. } => None,
            Belief::Unknown { text } | Belief::Stale { text, .. } | Belief::Implausible { text, .. } => Some(text),
        }
    }

    /// The code of the snapshot's problem: `missing`, `stale` or `implausible`; `None`: no problem.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Belief::Known { .. } => None,
            Belief::Unknown { .. } => Some("missing"),
            Belief::Stale { .. } => Some("stale"),
            Belief::Implausible { .. } => Some("implausible"),
        }
    }
}

/// Power at the meter, watt. A meter that follows a home changes all the time, so its silence means that
/// it is stale (`meter_stale_after`); a reading from the future means that two clocks disagree, and then
/// nobody knows how old it is. A meter that goes the same way as the batteries, as `watch` saw, cannot be right,
/// or they cannot.
pub fn believe_grid_power(reading: &Reading, limits: &GridLimits, watch: &Watch, now: Timestamp) -> Belief {
    let (value, age) = match value_of(reading, now) {
        Ok(found) => found,
        Err(belief) => return belief,
    };
    let entity = &reading.entity;
    if !(-limits.plausible_w..=limits.plausible_w).contains(&value) {
        let text =
            format!("`{entity}` shows {value:.0} W; more than {:.0} W is not plausible here", limits.plausible_w);
        return Belief::Implausible { value, text };
    }
    if watch.is_sign_wrong() {
        let text = format!(
            "`{entity}` goes up when the batteries give more and down when they take more: it, or the power of a battery, \
             has the wrong sign; `invert = true` turns an entity round"
        );
        return Belief::Implausible { value, text };
    }
    let stale_after = limits.meter_stale_after;
    match age {
        Age::Past(age) if age > stale_after => Belief::Stale {
            value,
            age,
            text: format!(
                "`{entity}` gave no sign of life for {} s; its {value:.0} W count for {} s",
                age.as_secs(),
                stale_after.as_secs()
            ),
        },
        Age::Future(ahead) if ahead > stale_after => Belief::Stale {
            value,
            age: Duration::ZERO,
            text: format!(
                "`{entity}` has a time {} s in the future: the clocks of this machine and the home disagree",
                ahead.as_secs()
            ),
        },
        age => Belief::Known { value, age: age.passed() },
    }
}

/// State of charge, percent. Age alone says nothing: a home reports only changes, and an idle battery has
/// none. What `watch` saw decides whether it froze or jumped.
pub fn believe_soc(state: &BatteryState, watch: &Watch, now: Timestamp) -> Belief {
    let (value, age) = match value_of(&state.soc_pct, now) {
        Ok((value, age)) => (value, age.passed()),
        Err(belief) => return belief,
    };
    let entity = &state.soc_pct.entity;
    if !(0.0..=100.0).contains(&value) {
        return Belief::Implausible { value, text: format!("`{entity}` shows {value} %, outside 0 to 100 %") };
    }
    match watch.doubt(&state.id, value) {
        None => Belief::Known { value, age },
        Some(Doubt::Jumped { from, samples }) => Belief::Implausible {
            value,
            text: format!(
                "`{entity}` jumped from {from} % to {value} %, faster than the battery can; \
                 {samples} of {} samples agree",
                Watch::CONFIRMING_SAMPLES
            ),
        },
        Some(Doubt::Frozen { since, energy_wh }) => Belief::Stale {
            value,
            age,
            text: format!(
                "`{entity}` has shown {value} % since {since:.0}, although {energy_wh:.0} Wh went through the battery"
            ),
        },
    }
}

/// Power of a battery at the bus, watt. Age says nothing here either (an idle battery stays at 0 W).
/// Bounded by five times its capacity in an hour or twice what its limits allow, whichever is more.
pub fn believe_battery_power(state: &BatteryState, limits: &BatteryLimits, now: Timestamp) -> Belief {
    let (value, age) = match value_of(&state.power_w, now) {
        Ok((value, age)) => (value, age.passed()),
        Err(belief) => return belief,
    };
    let bound = plausible_power_w(limits);
    if value.abs() <= bound {
        Belief::Known { value, age }
    } else {
        let entity = &state.power_w.entity;
        let text = format!("`{entity}` shows {value:.0} W; more than {bound:.0} W is not plausible for this battery");
        Belief::Implausible { value, text }
    }
}

fn plausible_power_w(limits: &BatteryLimits) -> f64 {
    [PLAUSIBLE_C_RATE * limits.capacity_wh, 2.0 * limits.max_charge_w, 2.0 * limits.max_discharge_w]
        .into_iter()
        .filter(|w| w.is_finite())
        .fold(0.0, f64::max)
}

enum Age {
    Past(Duration),
    Future(Duration),
}

impl Age {
    fn passed(self) -> Duration {
        match self {
            Age::Past(age) => age,
            Age::Future(_) => Duration::ZERO,
        }
    }
}

/// The finite value with its age, or why there is none.
fn value_of(reading: &Reading, now: Timestamp) -> Result<(f64, Age), Belief> {
    let entity = &reading.entity;
    if let Some(fault) = &reading.fault {
        return Err(Belief::Unknown { text: fault_text(entity, fault) });
    }
    let (Some(value), Some(at)) = (reading.value, reading.at) else {
        return Err(Belief::Unknown { text: format!("`{entity}` has shown nothing yet") });
    };
    if !value.is_finite() {
        return Err(Belief::Implausible { value, text: format!("`{entity}` shows {value}, which is no number") });
    }
    let age = now.duration_since(at);
    Ok((value, if age.is_negative() { Age::Future(age.unsigned_abs()) } else { Age::Past(age.unsigned_abs()) }))
}

fn fault_text(entity: &str, fault: &Fault) -> String {
    match fault {
        Fault::Missing => format!("`{entity}` does not exist in the home; check its name in the configuration"),
        Fault::Unavailable { state } => format!("`{entity}` is `{state}`: its device does not answer"),
        Fault::NotANumber { state } => format!("`{entity}` shows `{state}`, which is no number"),
        Fault::Unit { found: Some(found), expected } => {
            format!("`{entity}` is in `{found}`, which cannot be converted to {expected}")
        }
        Fault::Unit { found: None, expected } => {
            format!("`{entity}` has no unit; declare in the configuration which one it has ({expected} is needed)")
        }
        Fault::NotYet => format!("`{entity}` was not seen since the link came up"),
    }
}

#[cfg(test)]
mod tests;
