use std::time::Duration;

use model::home::{Fault, Link, Taken};
use model::{Command, Decision, Reading, Rule};

use super::Breach;
use crate::limits::ExternalLimit;
use crate::testing::{Bench, charge, discharge};

impl Bench {
    fn runs(&mut self, power_w: f64) -> Option<Breach> {
        self.battery().power_w.value = Some(power_w);
        self.breach("battery")
    }

    #[track_caller]
    fn brought_back(&mut self, power_w: f64, to: &Command, rule: Rule) {
        let breach = self.runs(power_w).unwrap();
        assert_eq!((breach.rule, breach.judged.verdict.approved.as_ref()), (rule, Some(to)), "{breach:?}");
        assert_eq!(breach.judged.verdict.decision, Decision::Adjusted);
        assert_eq!(breach.judged.verdict.findings[0].text, breach.text);
        assert_eq!(breach.judged.approved.unwrap().command(), Some(to));
    }
}

#[test]
fn what_is_within_the_limits_is_nobodys_business() {
    let mut bench = Bench::new();
    for power_w in [-1040.0, -900.0, 0.0, 700.0] {
        assert_eq!(bench.runs(power_w), None, "{power_w} W");
    }
}

#[test]
fn an_empty_battery_is_not_discharged() {
    let mut bench = Bench::with_soc(10.0);
    bench.brought_back(400.0, &Command::Hold, Rule::SocFloor);
    assert_eq!(bench.runs(-400.0), None, "charging is what it needs");
    assert_eq!(bench.runs(30.0), None, "what it needs for itself");
    let mut bench = Bench::with_soc(25.0);
    bench.battery_limits().outage_reserve_pct = 30.0;
    bench.brought_back(400.0, &Command::Hold, Rule::OutageReserve);
}

#[test]
fn a_full_battery_is_not_charged() {
    Bench::with_soc(95.0).brought_back(-400.0, &Command::Hold, Rule::SocCeiling);
    assert_eq!(Bench::with_soc(95.0).runs(400.0), None);
}

#[test]
fn more_than_it_may_becomes_what_it_may() {
    let mut bench = Bench::new();
    bench.brought_back(-1200.0, &charge(1000.0), Rule::ChargePower);
    bench.home.grid_power_w.value = Some(500.0);
    bench.brought_back(1200.0, &discharge(800.0), Rule::DischargePower);
}

#[test]
fn the_connection_comes_first() {
    let mut bench = Bench::new();
    bench.limits.grid.external = Some(ExternalLimit::default());
    bench.home.import_cap_w = Some(Reading::of("sensor.cap", 600.0, bench.now));
    bench.home.grid_power_w.value = Some(1200.0);
    bench.brought_back(-900.0, &charge(300.0), Rule::ExternalLimit);
    bench.home.import_cap_w = Some(Reading::of("sensor.cap", 0.0, bench.now));
    bench.brought_back(-900.0, &Command::Hold, Rule::ExternalLimit);
    bench.limits.grid.external = None;
    bench.limits.grid.import_limit_w = Some(1000.0);
    bench.brought_back(-900.0, &charge(700.0), Rule::GridImportLimit);
    bench.limits.grid.import_limit_w = None;
    bench.limits.grid.phase_limit_a = Some(10.0);
    bench.home.phase_current_a = vec![Reading::of("sensor.l1", 12.0, bench.now)];
    bench.brought_back(-900.0, &charge(10.0 * 230.0 - (12.0 * 230.0 - 900.0)), Rule::PhaseCurrent);
}

#[test]
fn too_much_is_not_fed_in() {
    let mut bench = Bench::new();
    bench.home.grid_power_w.value = Some(-1000.0);
    bench.brought_back(700.0, &discharge(500.0), Rule::FeedInLimit);
}

#[test]
fn what_nobody_can_measure_is_left_alone() {
    let missing = Reading::faulty("sensor", Fault::Missing);
    let mut bench = Bench::with_soc(5.0);
    bench.battery().soc_pct = missing.clone();
    assert_eq!(bench.runs(400.0), None);
    let mut bench = Bench::with_soc(5.0);
    bench.runs(400.0).unwrap();
    bench.battery().power_w = missing.clone();
    assert_eq!(bench.breach("battery"), None);
    let mut bench = Bench::new();
    bench.limits.grid.import_limit_w = Some(100.0);
    bench.limits.grid.phase_limit_a = Some(1.0);
    bench.home.grid_power_w = missing.clone();
    bench.home.phase_current_a = vec![missing];
    assert_eq!(bench.runs(-900.0), None);
    bench.home.link = Link::Connecting { reason: String::new() };
    assert_eq!(bench.runs(2000.0), None);
    assert_eq!(bench.breach("nobody"), None);
}

#[test]
fn one_in_other_hands_is_told_nothing_but_it_is_known() {
    let mut bench = Bench::with_soc(5.0);
    bench.battery().taken = Some(Taken::Controlled { by: "an app".into() });
    let breach = bench.runs(400.0).unwrap();
    assert_eq!((breach.rule, breach.judged.approved), (Rule::SocFloor, None));
    assert_eq!(breach.judged.verdict.decision, Decision::Refused);
    assert_eq!(breach.judged.verdict.findings.last().map(|finding| finding.rule), Some(Rule::Taken));
}

#[test]
fn a_device_is_turned_off_when_it_may_be_and_the_connection_is_overloaded() {
    let mut bench = Bench::new();
    bench.limits.grid.import_limit_w = Some(3000.0);
    bench.limits.devices.get_mut("heater").unwrap().interruptible = true;
    let now = bench.now;
    let mut at = |grid_w: f64, on: bool, draws_w: f64| {
        bench.home.grid_power_w.value = Some(grid_w);
        let heater = bench.device("heater");
        (heater.on, heater.power_w) = (Some(on), Some(Reading::of("sensor.heater", draws_w, now)));
        bench.breach("heater").map(|breach| (breach.rule, breach.judged.verdict.approved))
    };
    assert_eq!(at(3500.0, true, 2000.0), Some((Rule::GridImportLimit, Some(Command::TurnOff))));
    assert_eq!(at(3100.0, true, 2000.0), None, "within what meters disagree by");
    assert_eq!(at(3500.0, false, 0.0), None);
    assert_eq!(at(3500.0, true, 3.0), None, "it is not what draws");
    bench.limits.devices.get_mut("heater").unwrap().interruptible = false;
    bench.home.grid_power_w.value = Some(3500.0);
    bench.device("heater").power_w = Some(Reading::of("sensor.heater", 2000.0, now));
    assert_eq!(bench.breach("heater"), None, "never cut off");
    bench.limits.devices.get_mut("heater").unwrap().interruptible = true;
    bench.limits.grid.external = Some(ExternalLimit { unknown_w: 0.0 });
    assert_eq!(bench.breach("heater").map(|breach| breach.rule), Some(Rule::ExternalLimit));
    (bench.limits.grid.import_limit_w, bench.limits.grid.external) = (None, None);
    bench.limits.grid.phase_limit_a = Some(16.0);
    bench.home.phase_current_a = vec![Reading::of("sensor.l1", 20.0, now)];
    assert_eq!(bench.breach("heater").map(|breach| breach.rule), Some(Rule::PhaseCurrent));
    bench.home.phase_current_a = vec![Reading::of("sensor.l1", 16.5, now)];
    assert_eq!(bench.breach("heater"), None);
}

#[test]
fn what_was_written_a_moment_ago_takes_its_time() {
    let mut bench = Bench::with_soc(10.0);
    bench.limits.grid.import_limit_w = Some(500.0);
    bench.home.grid_power_w.value = Some(1500.0);
    bench.limits.devices.get_mut("heater").unwrap().interruptible = true;
    let now = bench.now;
    (bench.device("heater").on, bench.device("heater").power_w) =
        (Some(true), Some(Reading::of("sensor.heater", 1500.0, now)));
    // Somebody else sets at once what we have ended; to end it again is no new write for the rules of a plan.
    bench.carry_out("battery", Command::Hold);
    bench.carry_out("heater", Command::TurnOff);
    let mut passed_s = 0;
    for (at_s, battery, heater) in [(0, false, false), (1, false, true), (9, false, true), (10, true, true)] {
        bench.pass(Duration::from_secs(at_s - passed_s));
        passed_s = at_s;
        let breach = bench.runs(400.0).unwrap();
        assert_eq!(breach.judged.approved.is_some(), battery, "after {at_s} s");
        let last = breach.judged.verdict.findings.last().map(|finding| finding.rule);
        assert_eq!(last == Some(Rule::WriteInterval), !battery, "after {at_s} s");
        assert_eq!(bench.breach("heater").is_some(), heater, "after {at_s} s");
    }
}

#[test]
fn what_is_just_within_the_tolerance_is_within() {
    let mut empty = Bench::with_soc(10.0);
    assert_eq!(empty.runs(50.0), None);
    assert!(empty.runs(50.5).is_some());
    let mut bench = Bench::new();
    bench.limits.devices.get_mut("heater").unwrap().interruptible = true;
    bench.device("heater").on = Some(true);
    bench.limits.grid.import_limit_w = Some(500.0);
    for (grid_w, broken) in [(550.0, false), (550.5, true)] {
        bench.home.grid_power_w.value = Some(grid_w);
        assert_eq!(bench.breach("heater").is_some(), broken, "{grid_w} W");
    }
    bench.limits.grid.import_limit_w = None;
    bench.limits.grid.phase_limit_a = Some(20.0 * (1.0 - super::TOLERANCE_SHARE));
    for (current_a, broken) in [(20.0, false), (20.1, true)] {
        bench.home.phase_current_a = vec![Reading::of("sensor.l1", current_a, bench.now)];
        assert_eq!(bench.breach("heater").is_some(), broken, "{current_a} A");
    }
}
