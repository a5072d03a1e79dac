//! **discharge-power** — a battery discharges with no more than its limit, the limit that the device
//! reports by itself, and, for a setpoint, the bound of the `balance` in force; more is brought to the
//! least of them. Setting: the battery's `max_discharge_w`. A reported limit of 0 means that the device
//! refuses (Zendure-HA#1558); one that is no magnitude is taken for 0 too.

use super::{Case, Origin, Ruling, cap_discharge};
use crate::limits::BatteryLimits;
use crate::view::{battery_state, magnitude};

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(battery) = case.battery() else { return Ruling::Pass };
    let (mut allowed_w, mut whose) = most(case, battery);
    if let Origin::Setpoint(setpoint) = case.origin
        && let Some(bound) = setpoint.within.max_discharge_w
        && magnitude(bound) < allowed_w
    {
        allowed_w = magnitude(bound);
        whose = "the bound of the balance in force";
    }
    cap_discharge(case.command, allowed_w, || format!("“{}” is above {allowed_w:.0} W, {whose}", case.command))
}

/// The most of the battery and its device, watt, and which of the two it is.
pub(crate) fn most(case: &Case<'_>, battery: &BatteryLimits) -> (f64, &'static str) {
    let mut allowed_w = magnitude(battery.max_discharge_w);
    let mut whose = "its limit for discharging";
    if let Some(reported) = battery_state(case.scene, case.target).and_then(|state| state.device_max_discharge_w)
        && magnitude(reported) < allowed_w
    {
        allowed_w = magnitude(reported);
        whose = if allowed_w == 0.0 {
            "what the device allows now: it refuses to discharge"
        } else {
            "what the device allows now"
        };
    }
    (allowed_w, whose)
}

#[cfg(test)]
mod tests {
    use model::{BalanceLimits, Command, Rule};

    use crate::testing::{Bench, discharge};

    #[test]
    fn the_least_limit_counts() {
        // device reports, expected
        let table = [
            (None, discharge(700.0)),
            (Some(2000.0), discharge(700.0)),
            (Some(450.0), discharge(450.0)),
            (Some(0.0), Command::Hold),
            (Some(-300.0), Command::Hold),
            (Some(f64::NAN), Command::Hold),
        ];
        for (reported, expected) in table {
            let mut bench = Bench::new();
            bench.battery_limits().max_discharge_w = 700.0;
            bench.battery().device_max_discharge_w = reported;
            bench.adjusts("battery", discharge(1e12), expected, Rule::DischargePower);
        }
    }

    #[test]
    fn one_watt_is_the_least() {
        for (reported_w, expected) in [(1.0, discharge(1.0)), (0.99, Command::Hold)] {
            let mut bench = Bench::new();
            bench.battery().device_max_discharge_w = Some(reported_w);
            bench.adjusts("battery", discharge(500.0), expected, Rule::DischargePower);
        }
        let mut nothing = Bench::new();
        nothing.battery_limits().max_discharge_w = 0.0;
        nothing.accepts("battery", discharge(0.0));
    }

    #[test]
    fn says_whose_limit_it_is() {
        let table = [
            (None, "its limit for discharging"),
            (Some(800.0), "its limit for discharging"),
            (Some(600.0), "what the device allows now"),
            (Some(0.0), "what the device allows now: it refuses to discharge"),
        ];
        for (reported, whose) in table {
            let mut bench = Bench::new();
            bench.battery().device_max_discharge_w = reported;
            let judged = bench.judge(&[("battery", discharge(5000.0))]).remove(0);
            let text = judged.verdict.findings.last().map(|finding| finding.text.clone()).unwrap();
            assert!(text.ends_with(whose), "{text}");
        }
    }

    #[test]
    fn bounds_of_a_balance_are_limited_too() {
        let wide = BalanceLimits { max_charge_w: None, max_discharge_w: Some(5000.0) };
        let within = BalanceLimits { max_charge_w: None, max_discharge_w: Some(800.0) };
        Bench::new().adjusts("battery", Command::Balance(wide), Command::Balance(within), Rule::DischargePower);
        Bench::new().accepts("battery", Command::Balance(within));
    }

    #[test]
    fn a_setpoint_stays_within_the_balance() {
        let within = BalanceLimits { max_charge_w: None, max_discharge_w: Some(150.0) };
        let judged = Bench::new().setpoint(discharge(400.0), within);
        assert_eq!(judged.verdict.approved, Some(discharge(150.0)));
    }
}
