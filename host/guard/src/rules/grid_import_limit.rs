//! **grid-import-limit** — what Wattwright does never brings the import above `import_limit_w`: charging
//! is reduced to what is left, a device that would need more is not turned on. What the home takes without
//! its batteries counts in full, so that it holds even when another battery stops discharging; so do the
//! other batteries' charging, and what this plan or an earlier one turned on and does not run yet. No
//! default: set it to the rating of the main fuse, or to what the grid operator allows (§ 14a EnWG).

use model::Command;

use super::{Case, Ruling, cap_charge};
use crate::view::magnitude;

pub(crate) fn check(case: &Case<'_>) -> Ruling {
    let Some(limit_w) = case.grid_limits.import_limit_w.map(magnitude) else { return Ruling::Pass };
    within(case, limit_w, &format!("{limit_w:.0} W of the grid connection"))
}

/// Keeps the import within a limit; `whose` is the limit in words.
pub(crate) fn within(case: &Case<'_>, limit_w: f64, whose: &str) -> Ruling {
    let adds = match case.command {
        Command::Charge { .. } => true,
        Command::TurnOn => case.view.turn_on_w(case.target) > 0.0,
        // Its loop charges from surplus only, and each setpoint comes through here by itself.
        _ => false,
    };
    if !adds {
        return Ruling::Pass;
    }
    let Some(used_w) = case.view.import_without_w(case.target) else {
        return Ruling::Refuse { text: format!("nobody knows how much is in use of the {whose}") };
    };
    let left_w = (limit_w - used_w).max(0.0);
    let text = || format!("“{}” is more than the {left_w:.0} W that are left of the {whose}", case.command);
    match case.command {
        Command::TurnOn if case.view.turn_on_w(case.target) > left_w => Ruling::Refuse { text: text() },
        Command::Charge { .. } => cap_charge(case.command, left_w, text),
        _ => Ruling::Pass,
    }
}

#[cfg(test)]
mod tests {
    use model::home::Fault;
    use model::{BalanceLimits, Command, Decision, Reading, Rule};

    use crate::testing::{Bench, charge};

    fn bench(meter_w: f64, battery_w: f64) -> Bench {
        let mut bench = Bench::new();
        bench.limits.grid.import_limit_w = Some(3000.0);
        bench.home.grid_power_w.value = Some(meter_w);
        bench.battery().power_w.value = Some(battery_w);
        bench
    }

    #[test]
    fn charging_gets_what_is_left() {
        // meter, battery, expected
        let table = [
            (2400.0, 0.0, charge(600.0)),
            // The battery's own discharging hides load, its own charging is no load.
            (1800.0, 600.0, charge(600.0)),
            (2900.0, -500.0, charge(600.0)),
            (2999.5, 0.0, Command::Hold),
            (9000.0, 0.0, Command::Hold),
        ];
        for (meter_w, battery_w, expected) in table {
            bench(meter_w, battery_w).adjusts("battery", charge(1000.0), expected, Rule::GridImportLimit);
        }
        bench(2000.0, 0.0).accepts("battery", charge(1000.0));
    }

    #[test]
    fn a_battery_of_unknown_power_may_be_hiding_load() {
        let mut bench = bench(2000.0, 0.0);
        bench.battery().power_w = Reading::faulty("sensor.power", Fault::NotYet);
        bench.adjusts("battery", charge(1000.0), charge(200.0), Rule::GridImportLimit);
    }

    #[test]
    fn a_device_counts_with_its_power() {
        let bench = bench(1500.0, 0.0);
        // The heater needs 2000 W.
        bench.refuses("heater", Command::TurnOn, Rule::GridImportLimit);
        bench.accepts("heater", Command::TurnOff);
        bench.accepts("plug", Command::TurnOn);
    }

    #[test]
    fn a_device_that_is_on_adds_nothing() {
        let mut bench = bench(2900.0, 0.0);
        bench.device("heater").on = Some(true);
        bench.accepts("heater", Command::TurnOn);
    }

    #[test]
    fn what_one_plan_adds_is_summed() {
        let results = bench(0.0, 0.0).judge(&[
            ("heater", Command::TurnOn),
            ("battery", charge(1000.0)),
            ("plug", Command::TurnOn),
        ]);
        assert_eq!(results[0].verdict.decision, Decision::Accepted);
        assert_eq!(results[1].verdict.approved, Some(charge(1000.0)));
        // 3000 W are granted; the plug draws 100 W more.
        assert_eq!(results[2].verdict.findings[0].rule, Rule::GridImportLimit);
    }

    #[test]
    fn what_an_earlier_plan_turned_on_counts_until_it_shows() {
        let mut bench = bench(500.0, 0.0);
        bench.carry_out("heater", Command::TurnOn);
        bench.adjusts("battery", charge(1000.0), charge(500.0), Rule::GridImportLimit);
        bench.device("heater").on = Some(true);
        bench.home.grid_power_w.value = Some(2500.0);
        bench.adjusts("battery", charge(1000.0), charge(500.0), Rule::GridImportLimit);
    }

    #[test]
    fn other_batteries_share_the_connection() {
        let mut bench = bench(0.0, 0.0);
        bench.limits.grid.import_limit_w = Some(1500.0);
        bench.add_battery("second");
        let results = bench.judge(&[("battery", charge(1000.0)), ("second", charge(1000.0))]);
        assert_eq!(results[1].verdict.approved, Some(charge(500.0)));
        // One that charges already, by an earlier plan and not measured yet, counts too.
        bench.carry_out("second", charge(900.0));
        bench.adjusts("battery", charge(1000.0), charge(600.0), Rule::GridImportLimit);
    }

    #[test]
    fn setpoints_are_limited_too() {
        let judged = bench(2800.0, 0.0).setpoint(charge(1000.0), BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(charge(200.0)));
    }

    #[test]
    fn what_just_fits_and_what_needs_nothing_is_turned_on() {
        bench(1000.0, 0.0).accepts("heater", Command::TurnOn);
        bench(1001.0, 0.0).refuses("heater", Command::TurnOn, Rule::GridImportLimit);
        let mut blind = bench(0.0, 0.0);
        blind.home.grid_power_w = Reading::faulty("sensor.meter", Fault::NotYet);
        blind.limits.devices.get_mut("plug").unwrap().power_w = None;
        blind.accepts("plug", Command::TurnOn);
    }
}
