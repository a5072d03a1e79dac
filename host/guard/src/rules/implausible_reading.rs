//! **implausible-reading** — no command on a reading that cannot be true: a meter beyond `plausible_w`
//! (43.5 kW, three phases of 63 A), a state of charge outside 0 to 100 % or one that jumped further than
//! the battery could bring it. Source: the field notes' fault 4 (80 to 12 % in one sample).

use super::{Case, Ruling, readings};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    readings::refuse(case, "implausible")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    #[test]
    fn a_state_of_charge_that_cannot_be() {
        for bad in [f64::NAN, f64::INFINITY, -1.0, 100.5, 655.35] {
            let mut bench = Bench::new();
            bench.battery().soc_pct.value = Some(bad);
            bench.observe();
            bench.refuses("battery", charge(300.0), Rule::ImplausibleReading);
            bench.refuses("battery", discharge(300.0), Rule::ImplausibleReading);
            bench.accepts("battery", Command::Hold);
        }
    }

    #[test]
    fn a_state_of_charge_that_jumps() {
        let mut bench = Bench::new();
        bench.pass(Duration::from_secs(10));
        bench.battery().soc_pct.value = Some(12.0);
        bench.observe();
        bench.refuses("battery", charge(300.0), Rule::ImplausibleReading);
    }

    #[test]
    fn a_meter_that_cannot_be() {
        for bad in [f64::NAN, 60_000.0, -60_000.0, f64::NEG_INFINITY] {
            let mut bench = Bench::new();
            bench.limits.grid.import_limit_w = Some(5000.0);
            bench.home.grid_power_w.value = Some(bad);
            bench.refuses("battery", Command::Balance(BalanceLimits::default()), Rule::ImplausibleReading);
            bench.refuses("battery", charge(300.0), Rule::ImplausibleReading);
        }
    }
}
