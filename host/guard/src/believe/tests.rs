use std::time::Duration;

use model::home::Fault;

use super::*;
use crate::testing::Bench;

fn code(belief: &Belief) -> &'static str {
    belief.code().unwrap_or("known")
}

#[test]
fn the_meter() {
    // value, age in seconds, expected
    let table = [
        (-1500.0, 0, "known"),
        (1500.0, 60, "known"),
        (1500.0, 61, "stale"),
        (1500.0, -60, "known"),
        (1500.0, -3600, "stale"),
        (43_500.0, 0, "known"),
        (43_501.0, 0, "implausible"),
        (f64::NAN, 0, "implausible"),
        (f64::NEG_INFINITY, 3600, "implausible"),
    ];
    let bench = Bench::new();
    for (value, age_s, expected) in table {
        let reading = Reading::of("sensor.meter", value, bench.ago(age_s));
        let belief = believe_grid_power(&reading, &bench.limits.grid, &bench.watch, bench.now);
        assert_eq!(code(&belief), expected, "{value} W, {age_s} s: {belief:?}");
        assert!(belief.text().is_none_or(|text| text.contains("`sensor.meter`")), "{belief:?}");
    }
}

#[test]
fn every_fault_says_what_is_wrong() {
    let bench = Bench::new();
    let table = [
        (Fault::Missing, "does not exist"),
        (Fault::Unavailable { state: "unavailable".into() }, "`unavailable`"),
        (Fault::NotANumber { state: "n/a".into() }, "`n/a`"),
        (Fault::Unit { found: Some("°C".into()), expected: "W".into() }, "`°C`"),
        (Fault::Unit { found: None, expected: "W".into() }, "no unit"),
        (Fault::NotYet, "not seen"),
    ];
    for (fault, part) in table {
        let belief =
            believe_grid_power(&Reading::faulty("sensor.meter", fault), &bench.limits.grid, &bench.watch, bench.now);
        assert_eq!(belief.known(), None);
        assert_eq!(code(&belief), "missing");
        assert!(belief.text().is_some_and(|text| text.contains(part)), "{belief:?}");
    }
}

#[test]
fn a_fault_outweighs_a_value() {
    let bench = Bench::new();
    let reading = Reading { fault: Some(Fault::NotYet), ..Reading::of("sensor.meter", 5.0, bench.now) };
    assert_eq!(believe_grid_power(&reading, &bench.limits.grid, &bench.watch, bench.now).known(), None);
}

#[test]
fn battery_power_within_what_a_battery_can() {
    let mut bench = Bench::new();
    for (value, expected) in [(-2400.0, "known"), (9600.0, "known"), (9601.0, "implausible"), (f64::NAN, "implausible")]
    {
        bench.battery().power_w = Reading::of("sensor.power", value, bench.ago(36_000));
        let belief = believe_battery_power(&bench.home.batteries[0], &bench.limits.batteries["battery"], bench.now);
        assert_eq!(code(&belief), expected, "{value} W");
    }
}

#[test]
fn a_small_pack_with_a_large_inverter_may_do_twice_what_its_limits_allow() {
    let mut bench = Bench::new();
    bench.battery_limits().capacity_wh = 100.0;
    let mut code_of = |value: f64, max_charge_w: f64, max_discharge_w: f64| {
        bench.battery_limits().max_charge_w = max_charge_w;
        bench.battery_limits().max_discharge_w = max_discharge_w;
        bench.battery().power_w = Reading::of("sensor.power", value, bench.now);
        code(&believe_battery_power(&bench.home.batteries[0], &bench.limits.batteries["battery"], bench.now))
    };
    for (most_charge_w, most_discharge_w) in [(1000.0, 0.0), (0.0, 1000.0)] {
        assert_eq!(code_of(-2000.0, most_charge_w, most_discharge_w), "known");
        assert_eq!(code_of(2001.0, most_charge_w, most_discharge_w), "implausible");
    }
    assert_eq!(code_of(500.0, 0.0, 0.0), "known");
    assert_eq!(code_of(501.0, 0.0, f64::NAN), "implausible");
}

#[test]
fn the_age_is_told() {
    let mut bench = Bench::new();
    bench.battery().soc_pct.at = Some(bench.ago(7200));
    let belief = believe_soc(&bench.home.batteries[0], &bench.watch, bench.now);
    assert_eq!(belief, Belief::Known { value: 55.0, age: Duration::from_secs(7200) });
}
