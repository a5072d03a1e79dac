//! **soc-ceiling** — at or above `max_soc_pct` nothing charges; following the meter may then only
//! discharge. Setting: the battery's `max_soc_pct`.

use model::{BalanceLimits, Command};

use super::{Case, Ruling, balance};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(battery) = case.battery() else { return Ruling::Pass };
    let soc = case.view.soc(case.target).and_then(|belief| belief.known());
    // Unknown, or a limit that is not a number: not below the ceiling.
    if soc.is_some_and(|soc| soc < battery.max_soc_pct) {
        return Ruling::Pass;
    }
    let text = || match soc {
        Some(soc) => format!("`{}` is at {soc} % and must not go above {} %", case.target, battery.max_soc_pct),
        None => format!("nobody knows whether `{}` is below {} %", case.target, battery.max_soc_pct),
    };
    match case.command {
        Command::Charge { .. } => Ruling::Refuse { text: text() },
        Command::Balance(limits) if limits.max_charge_w != Some(0.0) => {
            Ruling::Adjust { to: balance(BalanceLimits { max_charge_w: Some(0.0), ..*limits }), text: text() }
        }
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    #[test]
    fn nothing_charges_at_the_ceiling() {
        for soc in [95.0, 96.0, 100.0] {
            let bench = Bench::with_soc(soc);
            bench.refuses("battery", charge(300.0), Rule::SocCeiling);
            bench.accepts("battery", discharge(300.0));
            let only_discharge = BalanceLimits { max_charge_w: Some(0.0), max_discharge_w: None };
            let balance = Command::Balance(BalanceLimits::default());
            bench.adjusts("battery", balance, Command::Balance(only_discharge), Rule::SocCeiling);
            bench.accepts("battery", Command::Balance(only_discharge));
        }
        Bench::with_soc(94.0).accepts("battery", charge(300.0));
    }

    #[test]
    fn a_balance_that_may_only_charge_is_a_hold_at_the_ceiling() {
        let only_charge = BalanceLimits { max_charge_w: None, max_discharge_w: Some(0.0) };
        Bench::with_soc(95.0).adjusts("battery", Command::Balance(only_charge), Command::Hold, Rule::SocCeiling);
    }

    #[test]
    fn a_ceiling_that_is_no_number_lets_nothing_charge() {
        let mut bench = Bench::new();
        bench.battery_limits().max_soc_pct = f64::NAN;
        bench.refuses("battery", charge(300.0), Rule::SocCeiling);
    }
}
