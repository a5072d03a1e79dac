//! What a battery should be told this second so that the command in force stays true. Pure.
//!
//! A command in force is not written once and forgotten: the load may rise to the connection's limit,
//! the battery may come to its floor, a reading may go stale. So it is judged again each second, and what
//! comes out is written when it differs from what was written last.

use std::time::Duration;

use balance::{Answer, Tuning};
use guard::{Approved, BatteryLimits, Belief, Guard, Limits, Scene, Setpoint};
use model::{BalanceLimits, Command, Grant, Rule, Verdict};

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
    /// Its power, discharge positive, where that can be believed.
    pub measured_w: Option<f64>,
    /// What following the meter asks for, while that is in force.
    pub follow: Follow,
    /// A new plan waits for the write interval, so the meter is not followed meanwhile: each set-point
    /// would begin the interval anew.
    pub paused: bool,
}

/// What following the meter asks of one battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Follow {
    /// What it does is right.
    Stay,
    /// Stand still: there is nothing to follow, or somebody else does.
    Rest,
    /// This power, discharge positive.
    To(f64),
}

impl Follow {
    /// A battery's part of the answer.
    pub fn of(answer: &Answer, battery: &str) -> Self {
        match answer {
            Answer::Stay => Self::Stay,
            Answer::GiveWay | Answer::Blind => Self::Rest,
            Answer::Set(setpoints) => {
                let own = setpoints.iter().find(|setpoint| setpoint.id == battery);
                own.map_or(Self::Rest, |setpoint| Self::To(setpoint.power_w))
            }
        }
    }
}

/// How the meter is followed in a home: no faster than each of its batteries may be written to and turned.
pub fn tuning(limits: &Limits) -> Tuning {
    let longest = |of: fn(&BatteryLimits) -> Duration| limits.batteries.values().map(of).max();
    let usual = Tuning::default();
    Tuning {
        write_interval: longest(|limits| limits.write_interval).unwrap_or(usual.write_interval),
        direction_dwell: longest(|limits| limits.direction_dwell).unwrap_or(usual.direction_dwell),
        ..usual
    }
}

/// What a battery may charge and discharge with while it follows the meter, watt: 0 where it is full or empty.
/// The guard looks at all of it again; this is for the shares of several.
pub fn able_w(limits: &BatteryLimits, within: &BalanceLimits, soc: &Belief) -> (f64, f64) {
    let soc_pct = soc.known();
    let is_full = soc_pct.is_none_or(|pct| pct >= limits.max_soc_pct);
    let is_empty = soc_pct.is_none_or(|pct| pct <= limits.min_soc_pct.max(limits.outage_reserve_pct));
    let able = |is_at_end: bool, most_w: f64, bound_w: Option<f64>| {
        if is_at_end { 0.0 } else { bound_w.map_or(most_w, |bound_w| most_w.min(bound_w)) }
    };
    (
        able(is_full, limits.max_charge_w, within.max_charge_w),
        able(is_empty, limits.max_discharge_w, within.max_discharge_w),
    )
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
pub fn next(guard: &Guard, due: &Due<'_>, scene: &Scene<'_>) -> Next {
    let within = match due.in_force {
        Command::Balance(limits) => *limits,
        _ => BalanceLimits::default(),
    };
    let (wanted, written) = match due.in_force {
        Command::Balance(limits) => match (balanced(due, limits), due.measured_w) {
            (Some(command), _) => (command, due.written.cloned()),
            // Nobody knows what it was told, so what it does is judged.
            (None, Some(measured_w)) => (from_power(measured_w), Some(from_power(measured_w))),
            (None, None) => return Next::Keep,
        },
        other => (other.clone(), due.written.cloned()),
    };
    let setpoint = Setpoint { battery: due.battery, command: &wanted, within: &within, by: due.by, grant: due.grant };
    let judged = guard.judge_setpoint(&setpoint, scene);
    let (approved, verdict) = match judged.approved {
        Some(approved) => (approved, judged.verdict),
        None => return Next::Wait(judged.verdict.findings.last().map_or(Rule::Link, |finding| finding.rule)),
    };
    match (&written, approved.command()) {
        (Some(written), Some(new)) if is_same(written, new) => Next::Keep,
        _ => Next::Write(approved, verdict),
    }
}

/// What following the meter asks for; `None`: leave what was written.
fn balanced(due: &Due<'_>, limits: &BalanceLimits) -> Option<Command> {
    match due.follow {
        Follow::To(power_w) if !due.paused => {
            let low = -limits.max_charge_w.unwrap_or(f64::MAX);
            let high = limits.max_discharge_w.unwrap_or(f64::MAX);
            Some(from_power(power_w.max(low).min(high)))
        }
        Follow::Rest if !due.paused => Some(Command::Hold),
        // Judged again even when the meter is content.
        _ => due.written.cloned(),
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
mod following;
#[cfg(test)]
mod shown;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use guard::{BatteryLimits, Ledger, Limits, Watch};
    use jiff::Timestamp;
    use model::{CommandKind, HomeState};

    use super::shown::shown;
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
            let state = shown("b", soc_pct, grid_w, battery_w, NOW);
            let limits = Limits { batteries: BTreeMap::from([("b".into(), limits)]), ..Limits::default() };
            let mut watch = Watch::default();
            watch.observe(&state, &limits, Duration::ZERO, NOW);
            Self { guard: Guard::new(limits), state, ledger: Ledger::default(), watch }
        }

        fn next(&self, in_force: &Command, written: Option<&Command>, follow: Follow, paused: bool) -> Next {
            let grant = &Grant::default();
            let due = Due {
                battery: "b",
                in_force,
                by: Some("test"),
                grant,
                written,
                measured_w: Some(to_power_shown(&self.state)),
                follow,
                paused,
            };
            let uptime = Duration::from_secs(600);
            let scene = Scene { home: &self.state, now: NOW, uptime, ledger: &self.ledger, watch: &self.watch };
            next(&self.guard, &due, &scene)
        }
    }

    fn to_power_shown(state: &HomeState) -> f64 {
        state.batteries[0].power_w.value.unwrap()
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
        let follow = |power_w, command: &Command| {
            written(Bench::new(50.0, 400.0, 0.0).next(command, None, Follow::To(power_w), false))
        };
        assert_eq!(follow(360.0, &balance()), Some(Command::Discharge { power_w: 360.0 }));
        assert_eq!(follow(3000.0, &balance()), Some(Command::Discharge { power_w: 800.0 }));
        let only_charge = Command::Balance(BalanceLimits { max_discharge_w: Some(0.0), ..BalanceLimits::default() });
        assert_eq!(follow(360.0, &only_charge), Some(Command::Hold));
    }

    #[test]
    fn what_nobody_knows_is_stopped_where_it_may_not_be() {
        let at_floor = Bench::new(10.0, -100.0, 500.0);
        assert_eq!(written(at_floor.next(&balance(), None, Follow::Stay, false)), Some(Command::Hold));
        let in_the_middle = Bench::new(50.0, -100.0, 500.0);
        assert_eq!(written(in_the_middle.next(&balance(), None, Follow::Stay, false)), None);
    }

    #[test]
    fn what_was_right_before_is_stopped_when_it_no_longer_is() {
        let discharge = Command::Discharge { power_w: 500.0 };
        let at_floor = Bench::new(10.0, -100.0, 500.0);
        assert_eq!(written(at_floor.next(&discharge, Some(&discharge), Follow::Stay, false)), Some(Command::Hold));
        assert_eq!(written(at_floor.next(&balance(), Some(&discharge), Follow::Stay, false)), Some(Command::Hold));
        let above = Bench::new(11.0, -100.0, 500.0);
        assert!(matches!(above.next(&discharge, Some(&discharge), Follow::Stay, false), Next::Keep));
    }

    #[test]
    fn stands_still_when_there_is_nothing_to_follow() {
        let bench = Bench::new(50.0, 400.0, 300.0);
        let last = Command::Discharge { power_w: 300.0 };
        assert_eq!(written(bench.next(&balance(), Some(&last), Follow::Rest, false)), Some(Command::Hold));
        for answer in [Answer::Blind, Answer::GiveWay, Answer::Set(Vec::new())] {
            assert_eq!(Follow::of(&answer, "b"), Follow::Rest);
        }
        let set = Answer::Set(vec![balance::Setpoint { id: "b".into(), power_w: 300.0 }]);
        assert_eq!((Follow::of(&set, "b"), Follow::of(&Answer::Stay, "b")), (Follow::To(300.0), Follow::Stay));
    }

    #[test]
    fn lets_a_waiting_plan_pass() {
        let bench = Bench::new(50.0, 400.0, 300.0);
        let last = Command::Discharge { power_w: 300.0 };
        assert!(matches!(bench.next(&balance(), Some(&last), Follow::To(660.0), true), Next::Keep));
        assert!(matches!(bench.next(&balance(), Some(&last), Follow::To(660.0), false), Next::Write(..)));
    }

    #[test]
    fn a_full_battery_and_one_that_nobody_knows_take_no_share() {
        let limits = Bench::new(50.0, 0.0, 0.0).guard.limits().batteries["b"].clone();
        let known = |value| Belief::Known { value, age: Duration::ZERO };
        let within = BalanceLimits { max_charge_w: Some(300.0), max_discharge_w: None };
        assert_eq!(able_w(&limits, &within, &known(50.0)), (300.0, 800.0));
        assert_eq!(able_w(&limits, &within, &known(100.0)), (0.0, 800.0));
        assert_eq!(able_w(&limits, &within, &known(10.0)), (300.0, 0.0));
        assert_eq!(able_w(&limits, &within, &Belief::Unknown { text: String::new() }), (0.0, 0.0));
    }

    #[test]
    fn is_as_slow_as_the_slowest() {
        let mut limits = Bench::new(50.0, 0.0, 0.0).guard.limits().clone();
        let slow = BatteryLimits { write_interval: Duration::from_secs(30), ..limits.batteries["b"].clone() };
        limits.batteries.insert("slow".into(), slow);
        assert_eq!(tuning(&limits).write_interval, Duration::from_secs(30));
        assert_eq!(tuning(&Limits::default()), Tuning::default());
    }
}
