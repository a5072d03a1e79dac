//! **outage-reserve** — at or below `outage_reserve_pct` nothing discharges, so that the battery can carry
//! the home, or what is plugged into it, when the grid fails; following the meter may then only charge.
//! Default 0: no reserve, since a plug-in battery without an emergency socket can do nothing with it.
//! Source: OpenEMS' emergencycapacityreserve, Powerwall's backup reserve.

use super::{Case, Ruling, soc_floor};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(battery) = case.battery() else { return Ruling::Pass };
    let reserve_pct = battery.outage_reserve_pct;
    if reserve_pct == 0.0 {
        return Ruling::Pass;
    }
    soc_floor::not_below(case, reserve_pct, |soc| match soc {
        Some(soc) => format!("`{}` is at {soc} % and keeps {reserve_pct} % for an outage", case.target),
        None => format!("nobody knows whether `{}` is above the {reserve_pct} % kept for an outage", case.target),
    })
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge, discharge};

    #[test]
    fn the_reserve_is_kept() {
        let mut bench = Bench::with_soc(30.0);
        bench.battery_limits().outage_reserve_pct = 30.0;
        bench.refuses("battery", discharge(300.0), Rule::OutageReserve);
        bench.accepts("battery", charge(300.0));
        let only_charge = BalanceLimits { max_charge_w: None, max_discharge_w: Some(0.0) };
        let balance = Command::Balance(BalanceLimits::default());
        bench.adjusts("battery", balance, Command::Balance(only_charge), Rule::OutageReserve);
        assert_eq!(bench.setpoint(discharge(300.0), BalanceLimits::default()).verdict.approved, Some(Command::Hold));
        bench.battery_limits().outage_reserve_pct = 29.0;
        bench.accepts("battery", discharge(300.0));
    }

    #[test]
    fn a_reserve_that_is_no_number_lets_nothing_discharge() {
        let mut bench = Bench::new();
        bench.battery_limits().outage_reserve_pct = f64::NAN;
        bench.refuses("battery", discharge(300.0), Rule::OutageReserve);
    }
}
