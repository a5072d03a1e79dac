//! **switch-budget** — a battery does not turn from charging to discharging or back more often than
//! `turns_per_day` (24) within a day: it goes on in its direction, or holds. A switch is not turned on when
//! fewer than two turns are left, so that it can be turned off; turning off is always possible. What the
//! first command after the start turned counts too, since nobody knows where the relay stood. A `balance`
//! passes, and each of its set-points comes through here. Source: each turn wears a relay
//! (Zendure/zenSDK#74; its firmware counts them); the field notes propose 24 a day.

use model::Command;

use super::{Case, Ruling, Subject};
use crate::ledger::{Direction, switch_state};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let (ledger, uptime) = (case.scene.ledger, case.scene.uptime);
    let used = ledger.turns(case.target, uptime);
    match case.subject {
        Subject::Battery(battery) => {
            let turns = Direction::of(case.command)
                .is_some_and(|to| ledger.direction(case.target, uptime).is_none_or(|(from, _)| from != to));
            if !turns || used < battery.turns_per_day {
                return Ruling::Pass;
            }
            Ruling::Adjust { to: Command::Hold, text: text(case, used, battery.turns_per_day) }
        }
        Subject::Device(device) => {
            let turns_on = switch_state(case.command) == Some(true)
                && ledger.switched(case.target, uptime).is_none_or(|(on, _)| !on);
            if !turns_on || used.saturating_add(2) <= device.turns_per_day {
                return Ruling::Pass;
            }
            Ruling::Refuse { text: text(case, used, device.turns_per_day) }
        }
        Subject::Unknown => Ruling::Pass,
    }
}

fn text(case: &Case<'_>, used: u32, budget: u32) -> String {
    format!("`{}` has turned {used} times within a day; {budget} are what its relay is worth", case.target)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    fn turned(times: u32) -> Bench {
        let mut bench = Bench::new();
        bench.battery_limits().turns_per_day = 5;
        for n in 0..times {
            bench.carry_out("battery", if n % 2 == 0 { charge(300.0) } else { discharge(300.0) });
            bench.pass(Duration::from_secs(600));
        }
        bench
    }

    #[test]
    fn a_battery_that_turned_too_often_holds() {
        let bench = turned(5);
        let judged = bench.adjusts("battery", discharge(300.0), Command::Hold, Rule::SwitchBudget);
        let text = &judged.verdict.findings[0].text;
        assert!(text.contains("turned 5 times") && text.contains("5 are"), "{text}");
        bench.accepts("battery", charge(700.0));
        bench.accepts("battery", Command::Balance(BalanceLimits::default()));
        assert_eq!(bench.setpoint(discharge(300.0), BalanceLimits::default()).verdict.approved, Some(Command::Hold));
        turned(4).accepts("battery", charge(300.0));
    }

    #[test]
    fn holding_in_between_is_no_turn() {
        let mut bench = turned(4);
        for _ in 0..10 {
            bench.carry_out("battery", Command::Hold);
            bench.carry_out("battery", discharge(300.0));
        }
        bench.pass(Duration::from_secs(120));
        bench.accepts("battery", charge(300.0));
    }

    #[test]
    fn after_a_day_it_may_turn_again() {
        let mut bench = turned(5);
        bench.pass(Duration::from_secs(26 * 3600));
        bench.accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_switch_keeps_one_turn_for_turning_off() {
        let mut bench = Bench::new();
        bench.limits.devices.get_mut("plug").unwrap().turns_per_day = 3;
        bench.carry_out("plug", Command::TurnOn);
        bench.carry_out("plug", Command::TurnOff);
        bench.pass(Duration::from_secs(300));
        bench.refuses("plug", Command::TurnOn, Rule::SwitchBudget);
        bench.accepts("plug", Command::TurnOff);
        bench.limits.devices.get_mut("plug").unwrap().turns_per_day = 4;
        bench.accepts("plug", Command::TurnOn);
        bench.limits.devices.get_mut("plug").unwrap().turns_per_day = 0;
        bench.accepts("plug", Command::TurnOff);
    }

    #[test]
    fn what_is_on_may_be_turned_on_again() {
        let mut bench = Bench::new();
        bench.limits.devices.get_mut("plug").unwrap().turns_per_day = 2;
        bench.carry_out("plug", Command::TurnOn);
        bench.accepts("plug", Command::TurnOn);
    }
}
