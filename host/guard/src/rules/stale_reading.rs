//! **stale-reading** — no command on a reading that may no longer be true: a meter without a sign of life
//! for `meter_stale_after` (60 s), a state of charge that does not move although more than 5 % of the
//! capacity went through. Source: batcontrol decides nothing on stale data; the field notes' faults 5 and
//! 13.

use super::{Case, Ruling, readings};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    readings::refuse(case, "stale")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    #[test]
    fn a_stale_meter_stops_what_depends_on_it() {
        for away_s in [61, -61] {
            let mut bench = Bench::new();
            bench.home.grid_power_w.at = Some(bench.ago(away_s));
            bench.refuses("battery", Command::Balance(BalanceLimits::default()), Rule::StaleReading);
            bench.accepts("battery", Command::Hold);
        }
        let mut bench = Bench::new();
        bench.limits.grid.import_limit_w = Some(5000.0);
        bench.home.grid_power_w.at = Some(bench.ago(61));
        bench.refuses("battery", charge(300.0), Rule::StaleReading);
        bench.accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_meter_within_its_time_is_good() {
        for away_s in [60, -60] {
            let mut bench = Bench::new();
            bench.home.grid_power_w.at = Some(bench.ago(away_s));
            bench.accepts("battery", Command::Balance(BalanceLimits::default()));
        }
    }

    #[test]
    fn an_old_state_of_charge_of_an_idle_battery_is_good() {
        let mut bench = Bench::new();
        bench.battery().soc_pct.at = Some(bench.ago(36_000));
        bench.accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_frozen_state_of_charge_stops_all_but_hold() {
        let mut bench = Bench::new();
        bench.battery().power_w.value = Some(800.0);
        bench.observe();
        bench.pass(Duration::from_secs(600));
        bench.observe();
        bench.refuses("battery", discharge(300.0), Rule::StaleReading);
        bench.accepts("battery", Command::Hold);
    }
}
