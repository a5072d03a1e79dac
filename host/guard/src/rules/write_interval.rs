//! **write-interval** — two different commands are not written to one target within `write_interval` (ten
//! seconds for a battery); the later one is refused for this moment. The command that is in force, or that
//! was written last, is always fine; so is `balance`, which writes nothing by itself. Source:
//! Zendure/zenSDK#5 recommends at least ten seconds, and each write may wear the device's flash.

use std::time::Duration;

use model::Command;

use super::{Case, Origin, Ruling, Subject, seconds};
use crate::ledger::Ledger;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let ledger = case.scene.ledger;
    let wait = wait(case.subject, case.target, ledger, case.scene.uptime);
    let written = ledger.last_written(case.target) == Some(case.command);
    let in_force =
        !matches!(case.origin, Origin::Setpoint(_)) && ledger.command_in_force(case.target) == Some(case.command);
    let writes = !matches!(case.command, Command::Balance(_));
    if wait.is_zero() || written || in_force || !writes {
        return Ruling::Pass;
    }
    let text = format!(
        "`{}` was written to only a short while ago; {} s are left until it may be again",
        case.target,
        seconds(wait)
    );
    Ruling::Refuse { text }
}

/// How long no other command may be written; zero: it may now.
fn wait(subject: Subject<'_>, target: &str, ledger: &Ledger, uptime: Duration) -> Duration {
    let interval = match subject {
        Subject::Battery(battery) => battery.write_interval,
        Subject::Device(device) => device.write_interval,
        Subject::Unknown => return Duration::ZERO,
    };
    ledger.since_write(target, uptime).map_or(Duration::ZERO, |since| interval.saturating_sub(since))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, light};

    #[test]
    fn another_command_waits() {
        let mut bench = Bench::new();
        bench.carry_out("battery", charge(300.0));
        bench.pass(Duration::from_millis(9_500));
        bench.accepts("battery", charge(300.0));
        let judged = bench.refuses("battery", Command::Hold, Rule::WriteInterval);
        assert!(judged.verdict.findings[0].text.contains("1 s are left"), "{}", judged.verdict.findings[0].text);
        bench.pass(Duration::from_millis(500));
        bench.accepts("battery", Command::Hold);
    }

    #[test]
    fn setpoints_wait_too_and_balance_is_no_write() {
        let mut bench = Bench::new();
        let balance = Command::Balance(BalanceLimits::default());
        bench.carry_out("battery", balance.clone());
        let first = bench.setpoint(charge(300.0), BalanceLimits::default());
        bench.record(&first);
        bench.pass(Duration::from_secs(5));
        let second = bench.setpoint(charge(350.0), BalanceLimits::default());
        assert_eq!(second.approved, None);
        assert_eq!(second.verdict.findings[0].rule, Rule::WriteInterval);
        bench.accepts("battery", balance);
    }

    #[test]
    fn a_release_is_a_write() {
        let mut bench = Bench::new();
        let release = bench.guard().release("battery", Default::default());
        bench.ledger.record(&release, bench.now, bench.uptime);
        bench.refuses("battery", charge(300.0), Rule::WriteInterval);
        bench.pass(Duration::from_secs(10));
        bench.accepts("battery", charge(300.0));
    }

    #[test]
    fn devices_have_their_own() {
        let mut bench = Bench::new();
        bench.carry_out("led", light(10.0));
        bench.refuses("led", light(20.0), Rule::WriteInterval);
        bench.pass(Duration::from_secs(1));
        bench.accepts("led", light(20.0));
    }
}
