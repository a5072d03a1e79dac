//! **soc-floor** — at or below `min_soc_pct` nothing discharges; following the meter may then only
//! charge. Setting: the battery's `min_soc_pct`.

use model::{BalanceLimits, Command};

use super::{Case, Ruling, balance};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(battery) = case.battery() else { return Ruling::Pass };
    not_below(case, battery.min_soc_pct, |soc| match soc {
        Some(soc) => format!("`{}` is at {soc} % and must not go below {} %", case.target, battery.min_soc_pct),
        None => format!("nobody knows whether `{}` is above {} %", case.target, battery.min_soc_pct),
    })
}

/// Lets nothing discharge at or below `floor_pct`. The text is made from the state of charge, if it is known.
pub(crate) fn not_below(case: &Case<'_>, floor_pct: f64, text: impl FnOnce(Option<f64>) -> String) -> Ruling {
    let soc = case.view.soc(case.target).and_then(|belief| belief.known());
    // Unknown, or a limit that is not a number: not above the floor.
    if soc.is_some_and(|soc| soc > floor_pct) {
        return Ruling::Pass;
    }
    match case.command {
        Command::Discharge { .. } => Ruling::Refuse { text: text(soc) },
        Command::Balance(limits) if limits.max_discharge_w != Some(0.0) => {
            Ruling::Adjust { to: balance(BalanceLimits { max_discharge_w: Some(0.0), ..*limits }), text: text(soc) }
        }
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    #[test]
    fn nothing_discharges_at_the_floor() {
        for soc in [10.0, 9.0, 0.0] {
            let bench = Bench::with_soc(soc);
            bench.refuses("battery", discharge(300.0), Rule::SocFloor);
            bench.accepts("battery", charge(300.0));
            bench.accepts("battery", Command::Hold);
            let only_charge = BalanceLimits { max_charge_w: None, max_discharge_w: Some(0.0) };
            let balance = Command::Balance(BalanceLimits::default());
            bench.adjusts("battery", balance, Command::Balance(only_charge), Rule::SocFloor);
            bench.accepts("battery", Command::Balance(only_charge));
        }
        Bench::with_soc(11.0).accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_floor_that_is_no_number_lets_nothing_discharge() {
        let mut bench = Bench::new();
        bench.battery_limits().min_soc_pct = f64::NAN;
        bench.refuses("battery", discharge(300.0), Rule::SocFloor);
    }

    #[test]
    fn a_setpoint_at_the_floor_is_a_hold() {
        let judged = Bench::with_soc(10.0).setpoint(discharge(300.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
        assert_eq!(judged.verdict.findings[0].rule, Rule::SocFloor);
    }
}
