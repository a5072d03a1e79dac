//! **grant** — the owner's word on one strategy. Setting: its grant in the roster; by default it may
//! command every target, within the limits that hold for all.
//!
//! The rule stands in the chain twice. *Whether* the strategy may command the target is asked before
//! anything else of the plan: what it may not touch is refused whatever the command is, and does not take
//! the target away from another strategy. *How much* it may comes after the limits of the home, so that a
//! verdict names the grant only where it is the grant that binds:
//!
//! - no more than `max_power_w` for each battery, a `balance` included;
//! - without `grid_charging`, charging with no more than the home has to spare now: what it would feed in
//!   if the battery stood still. What another battery gives is not to spare;
//! - without `export`, discharging with no more than the home uses now.
//!
//! The last two need the meter, and are refused without it. They do not bind a `balance` as such, which
//! follows the meter, but each of its set-points. Set-points of a command in force are judged by the
//! grant that holds now: when it no longer covers the battery, they are a hold. Holding, turning off and
//! letting go are never refused for the sake of power; the guard's own hold needs no grant.

use model::{BalanceLimits, Command, Grant};

use super::{Case, Origin, Ruling, balance, cap_charge, cap_discharge, charge_power, discharge_power};
use crate::view::magnitude;

/// Whether the strategy may command the target.
pub(crate) fn target(case: &Case<'_>) -> Ruling {
    let Some(grant) = case.grant().filter(|grant| !grant.covers(case.target)) else { return Ruling::Pass };
    // What must stop may stop, whoever began it.
    if matches!(case.origin, Origin::Setpoint(_)) && *case.command == Command::Hold {
        return Ruling::Pass;
    }
    let who = case.origin.by().map_or("this strategy".to_owned(), |name| format!("`{name}`"));
    let targets: Vec<&str> = grant.targets.iter().flatten().map(String::as_str).collect();
    let may = if targets.is_empty() { "nothing".to_owned() } else { format!("`{}`", targets.join("`, `")) };
    Ruling::Refuse {
        text: format!(
            "the owner lets {who} command {may}, not `{}`; allow it in the strategy's grant (`targets`)",
            case.target
        ),
    }
}

/// How much the strategy may charge and discharge with.
pub(crate) fn power(case: &Case<'_>) -> Ruling {
    let (Some(grant), true) = (case.grant(), case.battery().is_some()) else { return Ruling::Pass };
    match case.command {
        Command::Charge { .. } => charge(case, grant),
        Command::Discharge { .. } => discharge(case, grant),
        Command::Balance(limits) => bounds(case, grant, limits),
        _ => Ruling::Pass,
    }
}

fn charge(case: &Case<'_>, grant: &Grant) -> Ruling {
    let most = grant.max_power_w.map_or(f64::INFINITY, magnitude);
    // The readings are known here, or the rules before would have refused; if not, nothing is to spare.
    let spare = match grant.grid_charging {
        true => f64::INFINITY,
        false => case.view.import_without_w(case.target).map_or(0.0, |import_w| (-import_w).max(0.0)),
    };
    if spare < most {
        return cap_charge(case.command, spare, || {
            format!(
                "“{}” is more than the {spare:.0} W that the home has to spare, and the owner does not let this \
                 strategy charge from the grid (`grid_charging` of its grant)",
                case.command
            )
        });
    }
    cap_charge(case.command, most, || too_much(case, most))
}

fn discharge(case: &Case<'_>, grant: &Grant) -> Ruling {
    let most = grant.max_power_w.map_or(f64::INFINITY, magnitude);
    let used = match grant.export {
        true => f64::INFINITY,
        false => case.view.use_without_w(case.target).map_or(0.0, |use_w| use_w.max(0.0)),
    };
    if used < most {
        return cap_discharge(case.command, used, || {
            format!(
                "“{}” is more than the {used:.0} W that the home uses, and the owner does not let this strategy \
                 feed in (`export` of its grant)",
                case.command
            )
        });
    }
    cap_discharge(case.command, most, || too_much(case, most))
}

fn bounds(case: &Case<'_>, grant: &Grant, limits: &BalanceLimits) -> Ruling {
    let (Some(most), Some(battery)) = (grant.max_power_w.map(magnitude), case.battery()) else { return Ruling::Pass };
    // An absent bound is what the battery and the limits allow.
    let narrowed = |bound: Option<f64>, own_w: f64| if bound.unwrap_or(own_w) > most { Some(most) } else { bound };
    let feed_in_w = case.grid_limits.feed_in_limit_w.map_or(f64::INFINITY, magnitude);
    let within = BalanceLimits {
        max_charge_w: narrowed(limits.max_charge_w, charge_power::most(case, battery).0),
        max_discharge_w: narrowed(limits.max_discharge_w, discharge_power::most(case, battery).0.min(feed_in_w)),
    };
    if within == *limits {
        return Ruling::Pass;
    }
    Ruling::Adjust { to: balance(within), text: too_much(case, most) }
}

fn too_much(case: &Case<'_>, most: f64) -> String {
    format!(
        "“{}” may be above {most:.0} W, the most that the owner lets this strategy use (`max_power_w` of its grant)",
        case.command
    )
}

#[cfg(test)]
mod tests;
