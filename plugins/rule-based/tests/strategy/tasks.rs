//! What flexible loads are told.

use wattwright_strategy::{Abilities, Command, InForce, TaskState};

use crate::home::{Home, MIDNIGHT, action, at, energy_wh, expected};

/// Hours at which a task's slots begin.
fn runs(home: &Home, device: &str) -> Vec<f64> {
    let plan = home.plan();
    let hours = (0..96).map(|n| f64::from(n) / 4.0);
    hours.filter(|hour| expected(&plan, device, *hour).power_w.unwrap() > 0.0).collect()
}

#[test]
fn it_runs_in_the_cheapest_slots_before_its_deadline() {
    let home = Home::new().price(3.0, 4.0, 0.20).price(20.0, 22.0, 0.10).task("boiler", 0.0, 12.0, true);
    assert_eq!(runs(&home, "boiler"), [3.0, 3.25, 3.5, 3.75]);
    let plan = home.plan();
    let now = action(&plan, "boiler");
    assert_eq!(now.command, Command::TurnOff);
    assert_eq!(now.reason.code, "wait-for-cheap");
    assert_eq!(now.reason.text, "boiler waits until 03:00: import 0.30 EUR now, 0.20 then");
    assert_eq!(now.until, Some(at(3.0)));
    assert_eq!(action(&home.now(3.0).plan(), "boiler").reason.code, "run-cheap");
}

#[test]
fn it_runs_on_the_sun() {
    let home = Home::new().sun(11.0, 14.0, 1600.0).price(3.0, 4.0, 0.15).task("boiler", 0.0, 20.0, true);
    assert_eq!(runs(&home, "boiler"), [11.0, 11.25, 11.5, 11.75]);
    assert_eq!(action(&home.plan(), "boiler").reason.code, "wait-for-sun");
    let noon = home.now(11.0).plan();
    assert_eq!(action(&noon, "boiler").command, Command::TurnOn);
    assert_eq!(action(&noon, "boiler").reason.text, "boiler runs on the sun: surplus of 1000 W for its 1000 W");
}

#[test]
fn one_that_may_be_paused_is_split_and_one_that_may_not_is_not() {
    let home = Home::new().price(2.0, 2.5, 0.20).price(5.0, 5.5, 0.20).price(8.0, 9.0, 0.24);
    assert_eq!(runs(&home.clone().task("boiler", 0.0, 12.0, true), "boiler"), [2.0, 2.25, 5.0, 5.25]);
    assert_eq!(runs(&home.task("washer", 0.0, 12.0, false), "washer"), [8.0, 8.25, 8.5, 8.75]);
}

#[test]
fn it_is_done_in_time_whatever_it_costs() {
    let home = Home::new().price(0.0, 2.0, 0.50).price(6.0, 7.0, 0.10);
    for interruptible in [true, false] {
        let tight = home.clone().task("washer", 0.0, 1.0, interruptible).plan();
        let now = action(&tight, "washer");
        assert_eq!((&now.command, now.reason.code.as_str()), (&Command::TurnOn, "run-in-time"));
        let late = home.clone().task("washer", 0.0, 0.5, interruptible).plan();
        assert_eq!(action(&late, "washer").command, Command::TurnOn, "too late is better than never");
    }
}

#[test]
fn it_does_not_begin_too_early() {
    let home = Home::new().price(0.0, 1.0, 0.10).task("washer", 6.0, 20.0, false);
    let plan = home.plan();
    assert_eq!(action(&plan, "washer").reason.text, "washer waits until 06:00: not to begin before");
    assert_eq!(runs(&home, "washer")[0], 6.0);
}

#[test]
fn what_someone_began_by_hand_is_not_cut_off_either() {
    let mut home = Home::new().price(0.0, 1.0, 0.10).task("washer", 6.0, 20.0, false);
    home.snapshot.devices[0].power_w = Some(1800.0);
    assert_eq!(action(&home.plan(), "washer").reason.code, "keep-running");
    home.snapshot.devices[0].power_w = Some(1.5);
    assert_eq!(action(&home.plan(), "washer").command, Command::TurnOff);
}

#[test]
fn what_cannot_be_paused_is_never_cut_off() {
    let mut home = Home::new().price(0.0, 2.0, 0.50).task("washer", 0.0, 12.0, false);
    home.snapshot.tasks[0].state = TaskState::Running;
    home.snapshot.tasks[0].done_wh = 300.0;
    assert_eq!(action(&home.plan(), "washer").reason.code, "keep-running");
    home.snapshot.tasks[0].state = TaskState::Missed;
    assert!(home.plan().actions.iter().all(|action| action.target != "washer"), "a missed one that never began");
    home.snapshot.devices[0].on = Some(true);
    home.snapshot.devices[0].in_force = Some(InForce { command: Command::TurnOn, since: MIDNIGHT, until: None });
    assert_eq!(action(&home.plan(), "washer").command, Command::TurnOn);
}

#[test]
fn a_done_task_and_one_without_a_switch_are_left_alone() {
    let mut home = Home::new().task("washer", 0.0, 12.0, false);
    home.snapshot.devices[0].abilities = Abilities::empty();
    assert_eq!(home.plan().actions.len(), 1);
    home.snapshot.devices[0].abilities = Abilities::SWITCH;
    home.snapshot.tasks[0].state = TaskState::Done;
    assert_eq!(home.plan().actions.len(), 1);
    home.snapshot.tasks[0].state = TaskState::Waiting;
    home.snapshot.tasks[0].device = "nobody".into();
    assert_eq!(home.plan().actions.len(), 1);
}

#[test]
fn flexible_loads_can_be_left_out() {
    let home = Home::new().task("washer", 0.0, 12.0, false).set("flexible_loads", false);
    assert_eq!(home.plan().actions.len(), 1);
}

#[test]
fn the_battery_knows_of_the_tasks() {
    let home = Home::new().soc(100.0).price(12.0, 14.0, 0.60);
    let alone = energy_wh(&home.plan(), "battery", 12.0, 14.0).0;
    let with = energy_wh(&home.task("washer", 12.0, 14.0, false).plan(), "battery", 12.0, 14.0).0;
    assert!(with > alone + 300.0, "{alone} {with}");
}

#[test]
fn two_tasks_do_not_use_the_same_sun() {
    let home = Home::new().sun(11.0, 13.0, 1400.0);
    let home = home.task("boiler", 0.0, 20.0, true).task("pump", 0.0, 21.0, true);
    assert_eq!(runs(&home, "boiler"), [11.0, 11.25, 11.5, 11.75]);
    assert_eq!(runs(&home, "pump"), [12.0, 12.25, 12.5, 12.75]);
}

#[test]
fn beyond_the_known_slots_there_is_still_time() {
    let home = Home::with_slots(8).price(0.0, 1.0, 0.50).task("boiler", 0.0, 40.0, true);
    let plan = home.plan();
    assert_eq!(action(&plan, "boiler").command, Command::TurnOff);
    let mut blind = Home::with_slots(0).task("boiler", 0.0, 40.0, true);
    assert_eq!(action(&blind.plan(), "boiler").reason.code, "wait");
    blind.snapshot.tasks[0].deadline = at(1.1);
    assert_eq!(action(&blind.plan(), "boiler").reason.code, "run-in-time");
}
