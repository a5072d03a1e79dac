//! **feed-in-limit** — no inverter gives more than `feed_in_limit_w`, and no discharging brings the
//! feed-in at the meter above it; more is reduced. Default 800 W, what Germany allows for plug-in devices
//! (VDE-AR-N 4105:2026, § 8 EEG 2023). While the meter cannot be believed, the batteries together give no
//! more than may be fed in at any load.

use model::Command;

use super::{Case, Ruling, cap_discharge};
use crate::view::magnitude;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(limit_w) = case.grid_limits.feed_in_limit_w.map(magnitude) else { return Ruling::Pass };
    if case.battery().is_none() {
        return Ruling::Pass;
    }
    // The loop of a balance gives only what the home uses, and each setpoint comes through here by itself.
    let at_meter_w = match case.command {
        Command::Discharge { .. } => at_meter_w(case, limit_w),
        _ => f64::INFINITY,
    };
    if at_meter_w >= limit_w {
        return cap_discharge(case.command, limit_w, || {
            format!("“{}” is more than the {limit_w:.0} W that one inverter may give", case.command)
        });
    }
    cap_discharge(case.command, at_meter_w, || {
        let doubt = case.view.grid.text().map(|text| format!(" at any load: {text}")).unwrap_or_default();
        format!("with more than {at_meter_w:.0} W, “{}” could feed in more than {limit_w:.0} W{doubt}", case.command)
    })
}

fn at_meter_w(case: &Case<'_>, limit_w: f64) -> f64 {
    let used_w = case.view.use_without_w(case.target).unwrap_or(-case.view.other_discharge_w(case.target));
    (used_w + limit_w).max(0.0)
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{BalanceLimits, Command, Reading, Rule};

    use crate::testing::{Bench, discharge};

    fn bench(limit_w: f64, meter_w: f64, battery_w: f64) -> Bench {
        let mut bench = Bench::new();
        bench.battery_limits().max_discharge_w = 2400.0;
        bench.limits.grid.feed_in_limit_w = Some(limit_w);
        bench.home.grid_power_w.value = Some(meter_w);
        bench.battery().power_w.value = Some(battery_w);
        bench
    }

    #[test]
    fn discharging_gives_no_more_than_use_and_limit() {
        // limit, meter, battery, expected
        let table = [
            // Enough use, but the inverter may give no more.
            (800.0, 3000.0, 0.0, discharge(800.0)),
            // The sun feeds in 500 W already.
            (800.0, -500.0, 0.0, discharge(300.0)),
            // The feed-in is the battery's own.
            (800.0, -500.0, 500.0, discharge(800.0)),
            (800.0, -900.0, 0.0, Command::Hold),
            (0.0, 3000.0, 0.0, Command::Hold),
            (f64::NAN, 3000.0, 0.0, Command::Hold),
            (-800.0, 3000.0, 0.0, Command::Hold),
        ];
        for (limit_w, meter_w, battery_w, expected) in table {
            bench(limit_w, meter_w, battery_w).adjusts("battery", discharge(2000.0), expected, Rule::FeedInLimit);
        }
        bench(800.0, 100.0, 0.0).accepts("battery", discharge(800.0));
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut bench = bench(0.0, -5000.0, 0.0);
        bench.limits.grid.feed_in_limit_w = None;
        bench.accepts("battery", discharge(2000.0));
    }

    #[test]
    fn without_a_meter_only_what_holds_at_any_load() {
        let mut bench = bench(800.0, 3000.0, 0.0);
        bench.add_battery("second");
        bench.home.grid_power_w.at = Some(bench.ago(3600));
        let results = bench.judge(&[("battery", discharge(500.0)), ("second", discharge(500.0))]);
        assert_eq!(results[0].verdict.approved, Some(discharge(500.0)));
        assert_eq!(results[1].verdict.approved, Some(discharge(300.0)));
        assert_eq!(results[1].verdict.findings[0].rule, Rule::FeedInLimit);
    }

    #[test]
    fn a_battery_of_unknown_power_may_be_charging() {
        let mut bench = bench(800.0, 500.0, 0.0);
        bench.battery().power_w = Reading::faulty("sensor.power", Fault::NotYet);
        // 500 W at the meter may all be the 1000 W that it charges with.
        bench.adjusts("battery", discharge(800.0), discharge(300.0), Rule::FeedInLimit);
    }

    #[test]
    fn other_batteries_share_the_limit() {
        let mut bench = bench(800.0, 0.0, 0.0);
        bench.add_battery("second");
        bench.carry_out("second", discharge(600.0));
        bench.adjusts("battery", discharge(800.0), discharge(200.0), Rule::FeedInLimit);
    }

    #[test]
    fn a_balance_is_bounded_by_its_inverter() {
        let wide = BalanceLimits { max_charge_w: None, max_discharge_w: Some(2000.0) };
        let within = BalanceLimits { max_charge_w: None, max_discharge_w: Some(800.0) };
        bench(800.0, -3000.0, 0.0).adjusts(
            "battery",
            Command::Balance(wide),
            Command::Balance(within),
            Rule::FeedInLimit,
        );
        let judged = bench(800.0, -3000.0, 0.0).setpoint(discharge(100.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
    }
}
