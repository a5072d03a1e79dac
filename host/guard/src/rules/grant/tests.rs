use std::time::Duration;

use model::home::Fault;
use model::{BalanceLimits, Command, Decision, Grant, Reading, Rule};

use crate::testing::{Bench, charge, discharge, light};

fn bench(grant: Grant) -> Bench {
    let mut bench = Bench::new();
    bench.mandate.grant = grant;
    bench
}

fn only(targets: &[&str]) -> Grant {
    Grant { targets: Some(targets.iter().map(|id| (*id).into()).collect()), ..Grant::default() }
}

fn no_grid_charging(meter_w: f64, battery_w: f64) -> Bench {
    let mut bench = bench(Grant { grid_charging: false, ..Grant::default() });
    bench.home.grid_power_w.value = Some(meter_w);
    bench.battery().power_w.value = Some(battery_w);
    bench
}

fn no_export(meter_w: f64, battery_w: f64) -> Bench {
    let mut bench = bench(Grant { export: false, ..Grant::default() });
    bench.home.grid_power_w.value = Some(meter_w);
    bench.battery().power_w.value = Some(battery_w);
    bench
}

#[test]
fn what_is_not_granted_is_refused_whatever_it_is() {
    let bench = bench(only(&["plug"]));
    for command in [Command::Hold, charge(300.0), discharge(0.0), Command::Balance(BalanceLimits::default())] {
        let judged = bench.refuses("battery", command, Rule::Grant);
        let text = &judged.verdict.findings[0].text;
        assert!(text.contains("`strategy`") && text.contains("`battery`") && text.contains("`targets`"), "{text}");
    }
    bench.refuses("heater", Command::TurnOff, Rule::Grant);
    bench.refuses("led", light(10.0), Rule::Grant);
    bench.accepts("plug", Command::TurnOn);
    Bench::new().accepts("battery", Command::Hold);
}

#[test]
fn an_empty_grant_covers_nothing() {
    bench(only(&[])).refuses("plug", Command::TurnOff, Rule::Grant);
}

#[test]
fn what_is_not_granted_does_not_take_the_target_from_another() {
    let stranger = bench(only(&["plug"])).mandate;
    let bench = Bench::new();
    let results = bench.judge_all(&[
        ("stranger", "battery", charge(900.0), &stranger),
        ("owner's", "battery", charge(300.0), &bench.mandate),
        ("late", "battery", charge(200.0), &bench.mandate),
    ]);
    assert_eq!(results[0].verdict.findings[0].rule, Rule::Grant);
    assert_eq!(results[1].verdict.approved, Some(charge(300.0)));
    assert_eq!(results[2].verdict.findings[0].rule, Rule::Duplicate);
    let by: Vec<_> = results.iter().map(|judged| judged.verdict.by.as_deref()).collect();
    assert_eq!(by, [Some("stranger"), Some("owner's"), Some("late")]);
}

#[test]
fn a_setpoint_of_what_is_no_longer_granted_is_a_hold() {
    let bench = bench(only(&["plug"]));
    for command in [charge(300.0), discharge(300.0)] {
        let judged = bench.setpoint(command, BalanceLimits::default());
        assert_eq!(judged.verdict.approved, Some(Command::Hold));
        assert_eq!(judged.verdict.findings[0].rule, Rule::Grant);
    }
    let judged = bench.setpoint(Command::Hold, BalanceLimits::default());
    assert_eq!(judged.verdict.decision, Decision::Accepted);
}

#[test]
fn the_guards_own_hold_needs_no_grant() {
    let judged = bench(only(&[])).hold("battery");
    assert_eq!(judged.verdict.approved, Some(Command::Hold));
    assert_eq!(judged.verdict.by, None);
}

#[test]
fn no_more_than_the_owner_lets_it() {
    let granted = |max_power_w| bench(Grant { max_power_w: Some(max_power_w), ..Grant::default() });
    let bench = granted(250.0);
    bench.adjusts("battery", charge(300.0), charge(250.0), Rule::Grant);
    bench.adjusts("battery", discharge(300.0), discharge(250.0), Rule::Grant);
    bench.accepts("battery", charge(250.0));
    bench.accepts("battery", discharge(250.0));
    assert_eq!(bench.setpoint(charge(300.0), BalanceLimits::default()).verdict.approved, Some(charge(250.0)));
    for nothing in [0.0, 0.9, -300.0, f64::NAN] {
        let bench = granted(nothing);
        bench.adjusts("battery", charge(300.0), Command::Hold, Rule::Grant);
        bench.adjusts("battery", discharge(300.0), Command::Hold, Rule::Grant);
        bench.accepts("battery", Command::Hold);
        bench.accepts("heater", Command::TurnOn);
    }
}

#[test]
fn a_balance_is_narrowed() {
    let granted = bench(Grant { max_power_w: Some(900.0), ..Grant::default() });
    // asked, narrowed to; the battery charges with 1000 W and discharges with 800 W at most
    let bounds = |max_charge_w, max_discharge_w| Command::Balance(BalanceLimits { max_charge_w, max_discharge_w });
    granted.adjusts("battery", bounds(None, None), bounds(Some(900.0), None), Rule::Grant);
    granted.adjusts("battery", bounds(Some(950.0), Some(100.0)), bounds(Some(900.0), Some(100.0)), Rule::Grant);
    granted.accepts("battery", bounds(Some(900.0), Some(100.0)));
    let both = bench(Grant { max_power_w: Some(700.0), ..Grant::default() });
    both.adjusts("battery", bounds(None, None), bounds(Some(700.0), Some(700.0)), Rule::Grant);
    both.adjusts("battery", bounds(Some(300.0), Some(750.0)), bounds(Some(300.0), Some(700.0)), Rule::Grant);
    // An absent bound below the grant's stays absent.
    let mut refusing = bench(Grant { max_power_w: Some(500.0), ..Grant::default() });
    refusing.battery().device_max_charge_w = Some(400.0);
    refusing.limits.grid.feed_in_limit_w = Some(300.0);
    refusing.accepts("battery", bounds(None, None));
    let nothing = bench(Grant { max_power_w: Some(0.0), ..Grant::default() });
    nothing.adjusts("battery", bounds(None, None), Command::Hold, Rule::Grant);
}

#[test]
fn the_limits_of_the_home_come_first() {
    let bench = bench(Grant { max_power_w: Some(2000.0), ..Grant::default() });
    bench.adjusts("battery", charge(3000.0), charge(1000.0), Rule::ChargePower);
}

#[test]
fn charging_gets_what_the_home_has_to_spare() {
    // meter, battery, expected
    let table = [
        (-600.0, 0.0, charge(600.0)),
        // Its own charging is to spare, its own discharging is not.
        (0.0, -600.0, charge(600.0)),
        (100.0, -600.0, charge(500.0)),
        (-600.0, 600.0, Command::Hold),
        (0.0, 0.0, Command::Hold),
        (300.0, 0.0, Command::Hold),
    ];
    for (meter_w, battery_w, expected) in table {
        let bench = no_grid_charging(meter_w, battery_w);
        bench.adjusts("battery", charge(900.0), expected.clone(), Rule::Grant);
        assert_eq!(bench.setpoint(charge(900.0), BalanceLimits::default()).verdict.approved, Some(expected));
    }
    no_grid_charging(-900.0, 0.0).accepts("battery", charge(900.0));
    no_grid_charging(3000.0, 0.0).accepts("battery", discharge(800.0));
    no_grid_charging(3000.0, 0.0).accepts("battery", Command::Balance(BalanceLimits::default()));
    no_grid_charging(3000.0, 0.0).accepts("heater", Command::TurnOn);
}

#[test]
fn what_others_take_is_not_to_spare() {
    let mut bench = no_grid_charging(-1000.0, 0.0);
    bench.add_battery("second");
    // What another battery gives is not to spare.
    bench.home.batteries[1].power_w.value = Some(300.0);
    bench.adjusts("battery", charge(900.0), charge(700.0), Rule::Grant);
    bench.home.batteries[1].power_w.value = Some(0.0);
    let results = bench.judge(&[("second", charge(600.0)), ("battery", charge(900.0))]);
    assert_eq!(results[1].verdict.approved, Some(charge(400.0)));
    let results = bench.judge(&[("plug", Command::TurnOn), ("battery", charge(1000.0))]);
    assert_eq!(results[1].verdict.approved, Some(charge(900.0)));
}

#[test]
fn discharging_gives_what_the_home_uses() {
    // meter, battery, expected
    let table = [
        (300.0, 0.0, discharge(300.0)),
        (0.0, 300.0, discharge(300.0)),
        (-200.0, 500.0, discharge(300.0)),
        // Charging hides a surplus.
        (300.0, -300.0, Command::Hold),
        (-300.0, 0.0, Command::Hold),
    ];
    for (meter_w, battery_w, expected) in table {
        let bench = no_export(meter_w, battery_w);
        bench.adjusts("battery", discharge(700.0), expected.clone(), Rule::Grant);
        assert_eq!(bench.setpoint(discharge(700.0), BalanceLimits::default()).verdict.approved, Some(expected));
    }
    no_export(700.0, 0.0).accepts("battery", discharge(700.0));
    no_export(0.0, 0.0).accepts("battery", charge(700.0));
    no_export(0.0, 0.0).accepts("battery", Command::Balance(BalanceLimits::default()));
}

#[test]
fn batteries_share_what_the_home_uses() {
    let mut bench = no_export(500.0, 0.0);
    bench.add_battery("second");
    let results = bench.judge(&[("battery", discharge(400.0)), ("second", discharge(400.0))]);
    assert_eq!(results[1].verdict.approved, Some(discharge(100.0)));
}

#[test]
fn the_lower_of_two_bounds_binds() {
    let mut bench = no_grid_charging(-600.0, 0.0);
    bench.mandate.grant.max_power_w = Some(400.0);
    bench.adjusts("battery", charge(900.0), charge(400.0), Rule::Grant);
    bench.mandate.grant.max_power_w = Some(800.0);
    bench.adjusts("battery", charge(900.0), charge(600.0), Rule::Grant);
}

#[test]
fn without_the_meter_nothing_that_the_grant_measures() {
    let unavailable = || Reading::faulty("sensor.meter", Fault::Unavailable { state: "unavailable".into() });
    let mut charging = no_grid_charging(0.0, 0.0);
    charging.home.grid_power_w = unavailable();
    charging.refuses("battery", charge(300.0), Rule::UnknownReading);
    charging.accepts("battery", discharge(300.0));
    charging.accepts("battery", Command::Hold);
    assert_eq!(charging.setpoint(charge(300.0), BalanceLimits::default()).verdict.approved, Some(Command::Hold));

    let mut discharging = no_export(0.0, 0.0);
    discharging.home.grid_power_w = unavailable();
    discharging.refuses("battery", discharge(300.0), Rule::UnknownReading);
    discharging.accepts("battery", charge(300.0));

    let mut stale = no_export(0.0, 0.0);
    stale.pass(Duration::from_secs(60));
    stale.home.grid_power_w.at = Some(stale.ago(61));
    stale.refuses("battery", discharge(300.0), Rule::StaleReading);
}

#[test]
fn says_what_the_owner_allows() {
    let mut bench = Bench::new();
    bench.mandate.grant.max_power_w = Some(300.0);
    for command in [charge(900.0), discharge(700.0), Command::Balance(BalanceLimits::default())] {
        let judged = bench.judge(&[("battery", command)]).remove(0);
        let text = judged.verdict.findings.last().map(|finding| finding.text.clone()).unwrap();
        assert!(text.contains("above 300 W") && text.contains("max_power_w"), "{text}");
    }
}
