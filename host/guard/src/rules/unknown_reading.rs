//! **unknown-reading** — no command on a reading that has no value (the entity is missing, unavailable,
//! of a wrong unit). Nothing is assumed instead, least of all zero (evcc#30582, EOS#1006). No setting.

use super::{Case, Ruling, readings};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    readings::refuse(case, "missing")
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{BalanceLimits, Command, Reading, Rule};

    use crate::testing::{Bench, charge, discharge};

    fn unavailable(entity: &str) -> Reading {
        Reading::faulty(entity, Fault::Unavailable { state: "unavailable".into() })
    }

    #[test]
    fn without_a_state_of_charge_only_hold() {
        let mut bench = Bench::new();
        bench.battery().soc_pct = unavailable("sensor.soc");
        for command in [charge(300.0), discharge(300.0), Command::Balance(BalanceLimits::default())] {
            bench.refuses("battery", command, Rule::UnknownReading);
        }
        bench.accepts("battery", Command::Hold);
        bench.accepts("plug", Command::TurnOn);
    }

    #[test]
    fn without_the_meter_nothing_that_depends_on_it() {
        let mut bench = Bench::new();
        bench.home.grid_power_w = unavailable("sensor.meter");
        bench.refuses("battery", Command::Balance(BalanceLimits::default()), Rule::UnknownReading);
        bench.accepts("battery", charge(300.0));
        bench.accepts("plug", Command::TurnOn);
        bench.limits.grid.import_limit_w = Some(5000.0);
        bench.refuses("battery", charge(300.0), Rule::UnknownReading);
        bench.refuses("plug", Command::TurnOn, Rule::UnknownReading);
        bench.accepts("plug", Command::TurnOff);
        bench.accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_setpoint_without_its_readings_is_a_hold() {
        let mut bench = Bench::new();
        bench.battery().soc_pct = unavailable("sensor.soc");
        let judged = bench.setpoint(discharge(300.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
        assert_eq!(judged.verdict.findings[0].rule, Rule::UnknownReading);
    }
}
