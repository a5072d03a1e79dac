//! What a battery should be told this second so that the command in force stays true. Pure.
//!
//! A command in force is not written once and forgotten: the load may rise to the connection's limit,
//! the battery may come to its floor, a reading may go stale. So it is judged again each second, and what
//! comes out is written when it differs from what was written last.

use std::time::Duration;

use guard::{Approved, Guard, Scene, Setpoint};
use model::{BalanceLimits, Command, Grant, Rule, Verdict};

use crate::balance::{self, Tuning};

/// A power below this is a standstill: inverters cut smaller ones to zero (15 W on a SolarFlow 800).
pub const STANDSTILL_W: f64 = 15.0;
/// Powers closer than this are the same: a write for less is not worth its wear
/// (Zendure/Zendure-HA#1544 asks for a dead band of at least 10 W).
const SAME_W: f64 = 10.0;

/// What is known of one battery when its next set-point is due.
pub struct Due<'a> {
    /// Which battery.
    pub battery: &'a str,
    /// The command in force.
    pub in_force: &'a Command,
    /// Name of the strategy that wants it; `None`: the guard's own hold.
    pub by: Option<&'a str>,
    /// What the owner lets that strategy do now.
    pub grant: &'a Grant,
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
#[allow(clippy::large_enum_variant, reason = "one a second for each battery, and moved once")]
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
    let setpoint = Setpoint { battery: due.battery, command: &wanted, within: &within, by: due.by, grant: due.grant };
    let judged = guard.judge_setpoint(&setpoint, scene);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use guard::{BatteryLimits, Ledger, Limits, Watch};
    use jiff::Timestamp;
    use model::{BatteryState, CommandKind, HomeState, Link, Reading};

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    struct Bench {
        guard: Guard,
        state: HomeState,
        ledger: Ledger,
        watch: Watch,
    }

    impl Bench {
        fn new(soc_pct: f64, grid_w: f64, battery_w: f64) -> Self {
            let every = [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance];
            let limits = BatteryLimits {
                capacity_wh: 1920.0,
                min_soc_pct: 10.0,
                max_soc_pct: 100.0,
                max_charge_w: 1000.0,
                max_discharge_w: 800.0,
                commands: every.into(),
                direction_dwell: Duration::from_secs(120),
                write_interval: Duration::from_secs(10),
                lease: Duration::from_secs(1200),
                ..BatteryLimits::default()
            };
            let state = HomeState {
                link: Link::Up { since: NOW },
                timezone: None,
                currency: None,
                grid_power_w: Reading::of("meter", grid_w, NOW),
                solar_power_w: None,
                load_power_w: None,
                temperature_c: None,
                import_cap_w: None,
                batteries: vec![BatteryState {
                    id: "b".into(),
                    soc_pct: Reading::of("soc", soc_pct, NOW),
                    power_w: Reading::of("power", battery_w, NOW),
                    device_max_charge_w: None,
                    device_max_discharge_w: None,
                    taken: None,
                }],
                devices: Vec::new(),
            };
            let limits = Limits { batteries: BTreeMap::from([("b".into(), limits)]), ..Limits::default() };
            let mut watch = Watch::default();
            watch.observe(&state, &limits, Duration::ZERO, NOW);
            Self { guard: Guard::new(limits), state, ledger: Ledger::default(), watch }
        }

        fn next(&self, in_force: &Command, written: Option<&Command>, paused: bool) -> Next {
            let due = Due {
                battery: "b",
                in_force,
                by: Some("test"),
                grant: &Grant::default(),
                written,
                since_write: written.map(|_| Duration::from_secs(60)),
                grid_w: self.state.grid_power_w.value,
                battery_w: self.state.batteries[0].power_w.value,
                share: 1.0,
                paused,
            };
            let uptime = Duration::from_secs(600);
            let scene = Scene { home: &self.state, now: NOW, uptime, ledger: &self.ledger, watch: &self.watch };
            next(&self.guard, &due, &Tuning::default(), &scene)
        }
    }

    fn written(next: Next) -> Option<Command> {
        match next {
            Next::Write(approved, _) => approved.command().cloned(),
            Next::Keep | Next::Wait(_) => None,
        }
    }

    fn balance() -> Command {
        Command::Balance(BalanceLimits::default())
    }

    #[test]
    fn follows_the_meter_within_the_limits() {
        let covered = written(Bench::new(50.0, 400.0, 0.0).next(&balance(), None, false));
        assert_eq!(covered, Some(Command::Discharge { power_w: 360.0 }));
        let most = written(Bench::new(50.0, 3000.0, 0.0).next(&balance(), None, false));
        assert_eq!(most, Some(Command::Discharge { power_w: 800.0 }));
        let only_charge = Command::Balance(BalanceLimits { max_discharge_w: Some(0.0), ..BalanceLimits::default() });
        assert_eq!(written(Bench::new(50.0, 400.0, 0.0).next(&only_charge, None, false)), Some(Command::Hold));
    }

    #[test]
    fn what_was_right_before_is_stopped_when_it_no_longer_is() {
        let discharge = Command::Discharge { power_w: 500.0 };
        let at_floor = Bench::new(10.0, -100.0, 500.0);
        assert_eq!(written(at_floor.next(&discharge, Some(&discharge), false)), Some(Command::Hold));
        let above = Bench::new(11.0, -100.0, 500.0);
        assert!(matches!(above.next(&discharge, Some(&discharge), false), Next::Keep));
    }

    #[test]
    fn stands_still_when_there_is_nothing_to_follow() {
        let mut blind = Bench::new(50.0, 400.0, 300.0);
        blind.state.grid_power_w.value = None;
        let last = Command::Discharge { power_w: 300.0 };
        assert_eq!(written(blind.next(&balance(), Some(&last), false)), Some(Command::Hold));
    }

    #[test]
    fn lets_a_waiting_plan_pass() {
        let bench = Bench::new(50.0, 400.0, 300.0);
        let last = Command::Discharge { power_w: 300.0 };
        assert!(matches!(bench.next(&balance(), Some(&last), true), Next::Keep));
        assert!(matches!(bench.next(&balance(), Some(&last), false), Next::Write(..)));
    }
}
