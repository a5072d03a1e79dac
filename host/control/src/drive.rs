//! What a battery should be told this second so that the command in force stays true. Pure.
//!
//! A command in force is not written once and forgotten: the load may rise to the connection's limit,
//! the battery may come to its floor, a reading may go stale. So it is judged again each second, and what
//! comes out is written when it differs from what was written last.

use std::time::Duration;

use guard::{Approved, Guard, Scene};
use model::{BalanceLimits, Command, Rule, Verdict};

use crate::balance::{self, Tuning};

/// A power below this is a standstill: inverters cut smaller ones to zero (15 W on a SolarFlow 800).
const STANDSTILL_W: f64 = 15.0;
/// Powers closer than this are the same: a write for less is not worth its wear
/// (Zendure/Zendure-HA#1544 asks for a dead band of at least 10 W).
const SAME_W: f64 = 10.0;

/// What is known of one battery when its next set-point is due.
pub struct Due<'a> {
    /// Which battery.
    pub battery: &'a str,
    /// The command in force.
    pub in_force: &'a Command,
    /// What was written last; `None`: nothing since the link came up.
    pub written: Option<&'a Command>,
    /// How long ago.
    pub since_write: Option<Duration>,
    /// At the meter, if it can be believed.
    pub grid_w: Option<f64>,
    /// This battery at the bus, if it can be believed.
    pub battery_w: Option<f64>,
    /// This battery's share of the deviation.
    pub share: f64,
    /// A new plan waits for the write interval, so the meter is not followed meanwhile: each set-point
    /// would begin the interval anew.
    pub paused: bool,
}

/// What to do.
#[derive(Debug)]
pub enum Next {
    /// Nothing: what was written is still right.
    Keep,
    /// Not yet; the rule says why.
    Wait(Rule),
    /// Write this.
    Write(Approved, Verdict),
}

/// Finds the next set-point.
pub fn next(guard: &Guard, due: &Due<'_>, tuning: &Tuning, scene: &Scene<'_>) -> Next {
    let within = match due.in_force {
        Command::Balance(limits) => *limits,
        _ => BalanceLimits::default(),
    };
    let wanted = match due.in_force {
        Command::Balance(limits) => match balanced(due, limits, tuning) {
            Some(command) => command,
            None => return Next::Keep,
        },
        other => other.clone(),
    };
    let judged = guard.judge_setpoint(due.battery, &wanted, &within, scene);
    let (approved, verdict) = match judged.approved {
        Some(approved) => (approved, judged.verdict),
        None => return Next::Wait(judged.verdict.findings.last().map_or(Rule::Link, |finding| finding.rule)),
    };
    match (due.written, approved.command()) {
        (Some(written), Some(new)) if is_same(written, new) => Next::Keep,
        _ => Next::Write(approved, verdict),
    }
}

/// What following the meter asks for; `None`: leave what was written.
fn balanced(due: &Due<'_>, limits: &BalanceLimits, tuning: &Tuning) -> Option<Command> {
    if due.paused {
        return due.written.cloned();
    }
    let (Some(grid_w), Some(battery_w)) = (due.grid_w, due.battery_w) else {
        // Nothing to follow: stand still until the readings are back.
        return Some(Command::Hold);
    };
    let seen = balance::Seen { grid_w, battery_w, share: due.share, since_write: due.since_write };
    match balance::step(&seen, tuning) {
        Some(power_w) => {
            let low = -limits.max_charge_w.unwrap_or(f64::MAX);
            let high = limits.max_discharge_w.unwrap_or(f64::MAX);
            Some(from_power(power_w.max(low).min(high)))
        }
        // Judged again even when the meter is content.
        None => due.written.cloned(),
    }
}

/// A set-point from a power, discharge positive.
pub fn from_power(power_w: f64) -> Command {
    if power_w >= STANDSTILL_W {
        Command::Discharge { power_w }
    } else if power_w <= -STANDSTILL_W {
        Command::Charge { power_w: -power_w }
    } else {
        Command::Hold
    }
}

/// The power of a set-point, discharge positive.
pub fn to_power(command: &Command) -> f64 {
    match command {
        Command::Charge { power_w } => -power_w,
        Command::Discharge { power_w } => *power_w,
        _ => 0.0,
    }
}

/// Whether a write of `new` after `written` would change nothing worth it.
pub fn is_same(written: &Command, new: &Command) -> bool {
    written.kind() == new.kind() && (to_power(written) - to_power(new)).abs() < SAME_W
}
