//! **step** — a device that takes powers in steps is told a multiple of `step_w`, the next lower one, so
//! that it does not round up past a limit by itself. Below one step it holds. A step below one watt is
//! none. No default: most take whole watts. Source: an ACE 1500 takes steps of 50 W (Zendure-HA, devices/ace1500.py).

use model::Command;

use super::{Case, LEAST_W, Ruling, cap_charge, cap_discharge};
use crate::view::magnitude;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let step_w = case.battery().and_then(|battery| battery.step_w).map_or(0.0, magnitude);
    if step_w < LEAST_W {
        return Ruling::Pass;
    }
    let text = || format!("“{}” is no multiple of {step_w} W, the step of `{}`", case.command, case.target);
    match case.command {
        Command::Charge { power_w } => cap_charge(case.command, lower(*power_w, step_w), text),
        Command::Discharge { power_w } => cap_discharge(case.command, lower(*power_w, step_w), text),
        // Each of its set-points comes through here by itself.
        _ => Ruling::Pass,
    }
}

/// The greatest multiple of the step that is not above.
fn lower(power_w: f64, step_w: f64) -> f64 {
    let steps = (power_w / step_w).floor();
    // The quotient of a power just below a multiple may be rounded up to it.
    if steps * step_w > power_w { (steps - 1.0) * step_w } else { steps * step_w }
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    fn bench(step_w: f64) -> Bench {
        let mut bench = Bench::new();
        bench.battery_limits().step_w = Some(step_w);
        bench
    }

    #[test]
    fn a_quotient_that_was_rounded_up_does_not_lift_the_power() {
        // 19 steps of 1.2 W are 22.8 W, and so is, rounded, the quotient of what is just below.
        let below = f64::from_bits(22.8_f64.to_bits() - 1);
        assert_eq!((below / 1.2).floor(), 19.0);
        assert_eq!(super::lower(below, 1.2), 18.0 * 1.2);
        assert_eq!(super::lower(22.8, 1.2), 19.0 * 1.2);
    }

    #[test]
    fn powers_are_brought_to_the_next_lower_step() {
        // step, asked, expected
        let table = [
            (50.0, charge(349.0), charge(300.0)),
            (50.0, discharge(799.9), discharge(750.0)),
            (50.0, charge(49.0), Command::Hold),
            (2.5, charge(901.9), charge(900.0)),
            (1.0, charge(300.5), charge(300.0)),
        ];
        for (step_w, asked, expected) in table {
            let judged = bench(step_w).setpoint(asked.clone(), BalanceLimits::default());
            assert_eq!(judged.verdict.approved, Some(expected.clone()));
            bench(step_w).adjusts("battery", asked, expected, Rule::Step);
        }
        bench(50.0).accepts("battery", charge(350.0));
        bench(50.0).accepts("battery", Command::Balance(BalanceLimits::default()));
        bench(50.0).accepts("battery", Command::Hold);
    }

    #[test]
    fn never_above_a_limit() {
        let mut bench = bench(50.0);
        bench.battery().device_max_charge_w = Some(785.0);
        bench.adjusts("battery", charge(900.0), charge(750.0), Rule::Step);
    }

    #[test]
    fn a_step_that_is_none_changes_nothing() {
        for step_w in [0.0, 0.9, f64::MIN_POSITIVE, -50.0, f64::NAN, f64::INFINITY] {
            bench(step_w).accepts("battery", charge(333.3));
        }
    }
}
