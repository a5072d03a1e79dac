//! **dwell** — a battery does not turn from charging to discharging or back before `direction_dwell` (two
//! minutes) has passed since it last turned: it holds. A `balance` passes, since each of its setpoints
//! waits by itself, and no longer than it has to. A switch does not turn before `switch_dwell`: refused.
//! The same command again is always fine. Source: each turn switches a relay (Zendure/zenSDK#74 advises
//! two minutes), and a compressor must not start again at once.

use std::time::Duration;

use model::Command;

use super::{Case, Ruling, Subject, seconds};
use crate::ledger::{Direction, Ledger, switch_state};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let (ledger, uptime) = (case.scene.ledger, case.scene.uptime);
    let wait = wait(case.subject, case.target, ledger, uptime);
    if wait.is_zero() {
        return Ruling::Pass;
    }
    let left_s = seconds(wait);
    if let Some(on) = switch_state(case.command) {
        return match ledger.switched(case.target, uptime) {
            Some((before, _)) if before != on => Ruling::Refuse {
                text: format!(
                    "`{}` was turned {} only a short while ago; {left_s} s are left until it may turn again",
                    case.target,
                    if before { "on" } else { "off" }
                ),
            },
            _ => Ruling::Pass,
        };
    }
    let Some((before, _)) = ledger.direction(case.target, uptime) else { return Ruling::Pass };
    if Direction::of(case.command).is_none_or(|direction| direction == before) {
        return Ruling::Pass;
    }
    let text = format!(
        "`{}` turned to {} only a short while ago; {left_s} s are left until it may turn again",
        case.target,
        match before {
            Direction::Charge => "charging",
            Direction::Discharge => "discharging",
        }
    );
    Ruling::Adjust { to: Command::Hold, text }
}

/// How long the target may not turn; zero: it may now.
fn wait(subject: Subject<'_>, target: &str, ledger: &Ledger, uptime: Duration) -> Duration {
    let (dwell, since) = match subject {
        Subject::Battery(battery) => {
            (battery.direction_dwell, ledger.direction(target, uptime).map(|(_, since)| since))
        }
        Subject::Device(device) => (device.switch_dwell, ledger.switched(target, uptime).map(|(_, since)| since)),
        Subject::Unknown => return Duration::ZERO,
    };
    since.map_or(Duration::ZERO, |since| dwell.saturating_sub(since))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    #[test]
    fn a_battery_holds_before_it_turns() {
        for (before, after) in [(charge(300.0), discharge(300.0)), (discharge(300.0), charge(300.0))] {
            let mut bench = Bench::new();
            bench.carry_out("battery", before.clone());
            bench.pass(Duration::from_secs(119));
            bench.adjusts("battery", after.clone(), Command::Hold, Rule::Dwell);
            bench.accepts("battery", before);
            bench.pass(Duration::from_secs(1));
            bench.accepts("battery", after);
        }
    }

    #[test]
    fn holding_in_between_does_not_make_it_shorter() {
        let mut bench = Bench::new();
        bench.carry_out("battery", charge(300.0));
        bench.pass(Duration::from_secs(30));
        bench.carry_out("battery", Command::Hold);
        bench.pass(Duration::from_secs(30));
        bench.adjusts("battery", discharge(300.0), Command::Hold, Rule::Dwell);
    }

    #[test]
    fn more_of_the_same_does_not_make_it_longer() {
        let mut bench = Bench::new();
        for power_w in [300.0, 400.0, 500.0] {
            bench.carry_out("battery", charge(power_w));
            bench.pass(Duration::from_secs(40));
        }
        bench.accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_balance_passes_and_its_setpoints_wait() {
        let mut bench = Bench::new();
        let balance = Command::Balance(BalanceLimits::default());
        bench.carry_out("battery", balance.clone());
        let judged = bench.setpoint(charge(300.0), BalanceLimits::default());
        bench.record(&judged);
        bench.pass(Duration::from_secs(60));
        bench.accepts("battery", balance);
        let judged = bench.setpoint(discharge(300.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
        assert_eq!(judged.verdict.findings[0].rule, Rule::Dwell);
    }

    #[test]
    fn a_switch_waits_before_it_turns() {
        let mut bench = Bench::new();
        bench.carry_out("plug", Command::TurnOn);
        bench.pass(Duration::from_secs(299));
        bench.accepts("plug", Command::TurnOn);
        bench.refuses("plug", Command::TurnOff, Rule::Dwell);
        bench.pass(Duration::from_secs(1));
        bench.accepts("plug", Command::TurnOff);
    }
}
