//! **ramp** — a battery's power does not grow by more than `ramp_w` from one set-point to the next: what is
//! asked for is reached in steps, one for each write. Less, and stopping, is possible at once; after a change
//! of direction, or when nobody knows what was written last, it begins at zero. A plan's command passes, since
//! each of its set-points comes through here. No default. Source: OpenEMS' ramp limits; the field notes propose
//! at most 400 W a second where an inverter or its fuse does not like leaps.

use model::Command;

use super::{Case, Origin, Ruling, cap_charge, cap_discharge};
use crate::view::magnitude;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(ramp_w) = case.battery().and_then(|battery| battery.ramp_w).map(magnitude) else { return Ruling::Pass };
    if !matches!(case.origin, Origin::Setpoint(_)) {
        return Ruling::Pass;
    }
    let from_w = match (case.scene.ledger.last_written(case.target), case.command) {
        (Some(Command::Charge { power_w }), Command::Charge { .. })
        | (Some(Command::Discharge { power_w }), Command::Discharge { .. }) => *power_w,
        _ => 0.0,
    };
    let most_w = from_w + ramp_w;
    let text = || format!("“{}” is more than {ramp_w:.0} W above the {from_w:.0} W from before", case.command);
    match case.command {
        Command::Charge { .. } => cap_charge(case.command, most_w, text),
        Command::Discharge { .. } => cap_discharge(case.command, most_w, text),
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    fn bench(before: Option<Command>) -> Bench {
        let mut bench = Bench::new();
        bench.battery_limits().ramp_w = Some(300.0);
        if let Some(before) = before {
            bench.carry_out("battery", before);
        }
        bench.pass(Duration::from_secs(600));
        bench
    }

    fn setpoint(bench: &Bench, command: Command) -> Option<Command> {
        bench.setpoint(command, BalanceLimits::default()).verdict.approved
    }

    #[test]
    fn what_is_asked_for_is_reached_in_steps() {
        let table = [
            (None, discharge(700.0), discharge(300.0)),
            (None, charge(300.0), charge(300.0)),
            (Some(discharge(300.0)), discharge(700.0), discharge(600.0)),
            (Some(charge(300.0)), charge(700.0), charge(600.0)),
            (Some(discharge(600.0)), discharge(700.0), discharge(700.0)),
            // Down and off at once, the other way from zero.
            (Some(discharge(700.0)), discharge(50.0), discharge(50.0)),
            (Some(discharge(700.0)), Command::Hold, Command::Hold),
            (Some(discharge(700.0)), charge(700.0), charge(300.0)),
            (Some(charge(700.0)), discharge(700.0), discharge(300.0)),
        ];
        for (before, asked, gets) in table {
            assert_eq!(setpoint(&bench(before.clone()), asked.clone()), Some(gets), "{before:?}, {asked}");
        }
    }

    #[test]
    fn nobody_knows_means_zero() {
        let mut forgotten = bench(Some(charge(600.0)));
        forgotten.ledger.forget("battery");
        assert_eq!(setpoint(&forgotten, charge(700.0)), Some(charge(300.0)));
        let mut broken = bench(None);
        broken.battery_limits().ramp_w = Some(f64::NAN);
        assert_eq!(setpoint(&broken, charge(700.0)), Some(Command::Hold));
    }

    #[test]
    fn a_plan_passes_and_says_so() {
        bench(None).accepts("battery", charge(700.0));
        let judged = bench(None).setpoint(charge(700.0), BalanceLimits::default());
        assert_eq!(judged.verdict.findings[0].rule, Rule::Ramp);
        let mut any = bench(None);
        any.battery_limits().ramp_w = None;
        assert_eq!(setpoint(&any, charge(700.0)), Some(charge(700.0)));
    }
}
