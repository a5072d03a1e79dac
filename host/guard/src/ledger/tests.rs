use model::BalanceLimits;

use super::*;
use crate::testing::{Bench, charge, discharge};

#[test]
fn in_force_is_since_its_kind() {
    let mut bench = Bench::new();
    let begin = bench.now;
    bench.carry_out("battery", charge(300.0));
    bench.pass(Duration::from_secs(60));
    bench.carry_out("battery", charge(500.0));
    assert_eq!(bench.ledger.in_force("battery"), Some(InForce::since(charge(500.0), begin)));
    assert_eq!(bench.ledger.in_force_for("battery", bench.uptime), Some(Duration::from_secs(60)));
    bench.carry_out("battery", Command::Hold);
    assert_eq!(bench.ledger.in_force("battery"), Some(InForce::since(Command::Hold, bench.now)));
}

#[test]
fn turning_off_is_another_state_than_turning_on() {
    let mut bench = Bench::new();
    bench.carry_out("plug", Command::TurnOn);
    bench.pass(Duration::from_secs(60));
    bench.carry_out("plug", Command::TurnOff);
    assert_eq!(bench.ledger.in_force("plug").map(|f| f.since), Some(bench.now));
    assert_eq!(bench.ledger.switched("plug", bench.uptime), Some((false, Duration::ZERO)));
}

#[test]
fn a_lease_runs_out_unless_renewed() {
    let mut bench = Bench::new();
    assert_eq!(bench.ledger.lease_left("battery", bench.uptime), None);
    bench.carry_out("battery", charge(300.0));
    bench.pass(Duration::from_secs(1000));
    assert_eq!(bench.ledger.lease_left("battery", bench.uptime), Some(Duration::from_secs(200)));
    let same = bench.accepts("battery", charge(300.0));
    bench.ledger.stand(same.approved.as_ref().unwrap(), bench.now, bench.uptime);
    assert_eq!(bench.ledger.lease_left("battery", bench.uptime), Some(Duration::from_secs(1200)));
    assert_eq!(bench.ledger.since_write("battery", bench.uptime), Some(Duration::from_secs(1000)));
    bench.pass(Duration::from_secs(5000));
    assert_eq!(bench.ledger.lease_left("battery", bench.uptime), Some(Duration::ZERO));
}

#[test]
fn setpoints_leave_balance_in_force() {
    let mut bench = Bench::new();
    let balance = Command::Balance(BalanceLimits::default());
    bench.carry_out("battery", balance.clone());
    assert_eq!(bench.ledger.since_write("battery", bench.uptime), None);
    let judged = bench.setpoint(discharge(250.0), BalanceLimits::default());
    assert!(judged.approved.as_ref().unwrap().is_setpoint());
    bench.record(&judged);
    assert_eq!(bench.ledger.in_force("battery").map(|f| f.command), Some(balance));
    assert_eq!(bench.ledger.last_written("battery"), Some(&discharge(250.0)));
    assert_eq!(bench.ledger.direction("battery", bench.uptime), Some((Direction::Discharge, Duration::ZERO)));
}

#[test]
fn what_stands_without_a_write_keeps_its_setpoints() {
    let mut bench = Bench::new();
    let planned = bench.accepts("battery", charge(500.0));
    bench.ledger.stand(planned.approved.as_ref().unwrap(), bench.now, bench.uptime);
    let judged = bench.setpoint(charge(300.0), BalanceLimits::default());
    bench.record(&judged);
    bench.ledger.stand(judged.approved.as_ref().unwrap(), bench.now, bench.uptime);
    assert_eq!(bench.ledger.in_force("battery").map(|f| f.command), Some(charge(500.0)));
    // Wanted again within the write interval: it is in force, so nothing new would be written.
    bench.accepts("battery", charge(500.0));
}

#[test]
fn a_release_ends_what_is_in_force_but_not_the_dwell() {
    let mut bench = Bench::new();
    bench.carry_out("battery", charge(300.0));
    bench.pass(Duration::from_secs(30));
    let release = bench.guard().release("battery", Default::default());
    bench.ledger.record(&release, bench.now, bench.uptime);
    assert_eq!(bench.ledger.in_force("battery"), None);
    assert_eq!(bench.ledger.lease_left("battery", bench.uptime), None);
    assert_eq!(bench.ledger.direction("battery", bench.uptime), Some((Direction::Charge, Duration::from_secs(30))));
}

#[test]
fn forgetting_does_not_shorten_the_intervals() {
    let mut bench = Bench::new();
    bench.carry_out("battery", charge(300.0));
    bench.ledger.forget("battery");
    assert_eq!(bench.ledger.in_force("battery"), None);
    assert_eq!(bench.ledger.last_written("battery"), None);
    assert_eq!(bench.ledger.since_write("battery", bench.uptime), Some(Duration::ZERO));
    assert_eq!(bench.ledger.direction("battery", bench.uptime), Some((Direction::Charge, Duration::ZERO)));
}

#[test]
fn no_power_goes_nowhere() {
    for command in [charge(0.0), discharge(0.0), charge(-300.0), Command::Hold, Command::TurnOn] {
        assert_eq!(Direction::of(&command), None, "{command}");
    }
    assert_eq!(Direction::of(&charge(0.1)), Some(Direction::Charge));
    assert_eq!(Direction::of(&discharge(0.1)), Some(Direction::Discharge));
}

#[test]
fn what_was_refused_may_turn_only_when_it_is_written_again() {
    let mut bench = Bench::new();
    bench.carry_out("battery", charge(300.0));
    bench.carry_out("plug", Command::TurnOn);
    for target in ["battery", "plug"] {
        bench.ledger.failed(target);
    }
    bench.pass(Duration::from_secs(115));
    bench.carry_out("battery", Command::Hold);
    bench.carry_out("battery", charge(300.0));
    bench.carry_out("plug", Command::TurnOn);
    assert_eq!(bench.ledger.direction("battery", bench.uptime), Some((Direction::Charge, Duration::ZERO)));
    assert_eq!(bench.ledger.switched("plug", bench.uptime), Some((true, Duration::ZERO)));
    assert_eq!(bench.ledger.turns("battery", bench.uptime), 1, "it is one turn however often it was tried");
    bench.pass(Duration::from_secs(10));
    bench.adjusts("battery", discharge(300.0), Command::Hold, model::Rule::Dwell);
    bench.carry_out("battery", charge(400.0));
    let since = Duration::from_secs(10);
    assert_eq!(bench.ledger.direction("battery", bench.uptime), Some((Direction::Charge, since)));
}
