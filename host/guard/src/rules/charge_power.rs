//! **charge-power** — a battery charges with no more than its limit, the limit that the device reports by
//! itself, and, for a setpoint, the bound of the `balance` in force; more is brought to the least of them.
//! Setting: the battery's `max_charge_w`. A reported limit of 0 means that the device refuses
//! (Zendure-HA#1558); one that is no magnitude is taken for 0 too.

use super::{Case, Origin, Ruling, cap_charge};
use crate::limits::BatteryLimits;
use crate::view::{battery_state, magnitude};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(battery) = case.battery() else { return Ruling::Pass };
    let (mut allowed_w, mut whose) = most(case, battery);
    if let Origin::Setpoint(setpoint) = case.origin
        && let Some(bound) = setpoint.within.max_charge_w
        && magnitude(bound) < allowed_w
    {
        allowed_w = magnitude(bound);
        whose = "the bound of the balance in force";
    }
    cap_charge(case.command, allowed_w, || format!("“{}” is above {allowed_w:.0} W, {whose}", case.command))
}

/// The most of the battery and its device, watt, and which of the two it is.
pub(crate) fn most(case: &Case<'_>, battery: &BatteryLimits) -> (f64, &'static str) {
    let mut allowed_w = magnitude(battery.max_charge_w);
    let mut whose = "its limit for charging";
    if let Some(reported) = battery_state(case.scene, case.target).and_then(|state| state.device_max_charge_w)
        && magnitude(reported) < allowed_w
    {
        allowed_w = magnitude(reported);
        whose = if allowed_w == 0.0 {
            "what the device allows now: it refuses to charge"
        } else {
            "what the device allows now"
        };
    }
    (allowed_w, whose)
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, charge};

    #[test]
    fn the_least_limit_counts() {
        // device reports, expected
        let table = [
            (None, charge(1000.0)),
            (Some(2000.0), charge(1000.0)),
            (Some(600.0), charge(600.0)),
            (Some(0.9), Command::Hold),
            (Some(0.0), Command::Hold),
            (Some(-300.0), Command::Hold),
            (Some(f64::NAN), Command::Hold),
            (Some(f64::INFINITY), Command::Hold),
        ];
        for (reported, expected) in table {
            let mut bench = Bench::new();
            bench.battery().device_max_charge_w = reported;
            bench.adjusts("battery", charge(5000.0), expected, Rule::ChargePower);
        }
        Bench::new().accepts("battery", charge(1000.0));
        let mut nothing = Bench::new();
        nothing.battery_limits().max_charge_w = 0.0;
        nothing.accepts("battery", charge(0.0));
    }

    #[test]
    fn one_watt_is_the_least() {
        for (reported_w, expected) in [(1.0, charge(1.0)), (0.99, Command::Hold)] {
            let mut bench = Bench::new();
            bench.battery().device_max_charge_w = Some(reported_w);
            bench.adjusts("battery", charge(500.0), expected, Rule::ChargePower);
        }
    }

    #[test]
    fn says_whose_limit_it_is() {
        let table = [
            (None, "its limit for charging"),
            (Some(1000.0), "its limit for charging"),
            (Some(600.0), "what the device allows now"),
            (Some(0.0), "what the device allows now: it refuses to charge"),
        ];
        for (reported, whose) in table {
            let mut bench = Bench::new();
            bench.battery().device_max_charge_w = reported;
            let judged = bench.judge(&[("battery", charge(5000.0))]).remove(0);
            let text = judged.verdict.findings.last().map(|finding| finding.text.clone()).unwrap();
            assert!(text.ends_with(whose), "{text}");
        }
    }

    #[test]
    fn bounds_of_a_balance_are_limited_too() {
        let wide = BalanceLimits { max_charge_w: Some(5000.0), max_discharge_w: None };
        let within = BalanceLimits { max_charge_w: Some(1000.0), max_discharge_w: None };
        Bench::new().adjusts("battery", Command::Balance(wide), Command::Balance(within), Rule::ChargePower);
        Bench::new().accepts("battery", Command::Balance(within));
    }

    #[test]
    fn a_setpoint_stays_within_the_balance() {
        let within = BalanceLimits { max_charge_w: Some(250.0), max_discharge_w: None };
        let judged = Bench::new().setpoint(charge(400.0), within);
        assert_eq!(judged.verdict.approved, Some(charge(250.0)));
        let judged = Bench::new().setpoint(charge(400.0), BalanceLimits { max_charge_w: Some(0.0), ..within });
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
    }
}
