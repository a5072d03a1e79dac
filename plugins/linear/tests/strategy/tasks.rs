//! What flexible loads are told.

use wattwright_strategy::{Abilities, Command, InForce, TaskState};

use crate::home::{Home, MIDNIGHT, action, at, energy_wh, expected};

/// Hours at which a task's slots begin.
fn runs(home: &Home, device: &str) -> Vec<f64> {
    let plan = home.plan();
    let hours = (0..96).map(|n| f64::from(n) / 4.0);
    hours.filter(|hour| expected(&plan, device, *hour).power_w.unwrap() > 0.0).collect()
}

/// Without a battery that would level the prices out.
fn bare() -> Home {
    let mut home = Home::new();
    home.snapshot.batteries.clear();
    home
}

#[test]
fn it_runs_where_a_kwh_costs_least_and_says_so() {
    let home = bare().price(3.0, 4.0, 0.20).price(20.0, 22.0, 0.10).task("boiler", 0.0, 12.0, true);
    assert_eq!(runs(&home, "boiler"), [3.0, 3.25, 3.5, 3.75]);
    let plan = home.plan();
    let now = action(&plan, "boiler");
    assert_eq!((&now.command, now.reason.code.as_str()), (&Command::TurnOff, "wait-for-cheap"));
    assert_eq!(now.reason.text, "boiler waits until 03:00: a kWh costs 0.30 EUR now, 0.20 then");
    assert_eq!(now.until, Some(at(3.0)));
    let then = home.now(3.0).plan();
    assert_eq!(action(&then, "boiler").reason.code, "run-cheap");
    assert_eq!(
        action(&then, "boiler").reason.text,
        "boiler runs: a kWh costs 0.20 EUR now and 0.29 on average until 12:00"
    );
}

#[test]
fn the_sun_costs_what_feeding_it_in_would_earn() {
    let home = bare().sun(11.0, 14.0, 1600.0).price(3.0, 4.0, 0.15).task("boiler", 0.0, 20.0, true);
    assert_eq!(runs(&home, "boiler"), [11.0, 11.25, 11.5, 11.75]);
    let cost_now = |home: &Home| action(&home.plan(), "boiler").reason.facts[2].value;
    let mut noon = home.now(11.0);
    // Of its 1000 W the grid would not take 400.
    assert!((cost_now(&noon) - 0.6 * 0.08).abs() < 1e-9);
    noon.snapshot.grid.export_limit_w = None;
    assert!((cost_now(&noon) - 0.08).abs() < 1e-9);
}

#[test]
fn one_that_may_be_paused_is_split_and_one_that_may_not_is_not() {
    let home = bare().price(2.0, 2.5, 0.20).price(5.0, 5.5, 0.20).price(8.0, 9.0, 0.24);
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
    }
}

#[test]
fn what_finds_no_time_has_a_name() {
    let late = Home::new().task("washer", 0.0, 0.5, true).plan();
    assert_eq!(action(&late, "washer").command, Command::TurnOn, "too late is better than never");
    let slack = late.figures.iter().find(|figure| figure.name == "slack-tasks").expect("a figure");
    assert!((slack.value - 0.5).abs() < 1e-9, "{slack:?}");
    assert!(action(&late, "washer").reason.facts.iter().any(|fact| fact.name == "unfinished" && fact.value == 500.0));
}

#[test]
fn a_task_of_any_energy_runs_whenever_it_may() {
    let mut home = Home::new().task("boiler", 0.0, 6.0, true);
    for energy_wh in [1e5, 1e9, 1e18, f64::MAX] {
        home.snapshot.tasks[0].energy_wh = energy_wh;
        assert_eq!(runs(&home, "boiler").len(), 24, "{energy_wh} Wh");
    }
}

#[test]
fn tasks_and_battery_are_planned_together() {
    let home = Home::new().soc(100.0).price(12.0, 14.0, 0.60);
    let alone = energy_wh(&home.plan(), "battery", 12.0, 14.0).0;
    let with = energy_wh(&home.task("washer", 12.0, 14.0, false).plan(), "battery", 12.0, 14.0).0;
    assert!(with > alone + 300.0, "{alone} {with}");
}

#[test]
fn two_tasks_keep_below_the_limit_of_the_grid() {
    let mut home = bare().price(2.0, 4.0, 0.10).task("boiler", 0.0, 20.0, false).task("pump", 0.0, 20.0, false);
    home.snapshot.grid.import_limit_w = Some(1500.0);
    let (boiler, pump) = (runs(&home, "boiler"), runs(&home, "pump"));
    assert!(boiler.iter().all(|hour| !pump.contains(hour)), "{boiler:?} {pump:?}");
    assert!(boiler.iter().chain(&pump).all(|hour| (2.0..4.0).contains(hour)), "{boiler:?} {pump:?}");
}

#[test]
fn what_cannot_be_paused_is_never_cut_off() {
    let mut home = Home::new().price(0.0, 2.0, 0.50).task("washer", 0.0, 12.0, false);
    home.snapshot.tasks[0].state = TaskState::Running;
    home.snapshot.tasks[0].done_wh = 300.0;
    assert_eq!(action(&home.plan(), "washer").reason.code, "keep-running");
    assert_eq!(runs(&home, "washer"), [0.0, 0.25, 0.5]);
    home.snapshot.tasks[0].state = TaskState::Missed;
    assert!(home.plan().actions.iter().all(|action| action.target != "washer"), "a missed one that never began");
    home.snapshot.devices[0].on = Some(true);
    home.snapshot.devices[0].in_force = Some(InForce { command: Command::TurnOn, since: MIDNIGHT, until: None });
    assert_eq!(action(&home.plan(), "washer").command, Command::TurnOn);
}

#[test]
fn what_runs_goes_on_when_that_is_about_as_good() {
    let home = bare().task("boiler", 0.0, 12.0, true).price(1.0, 2.0, 0.299);
    assert_eq!(action(&home.plan(), "boiler").command, Command::TurnOff);
    let mut on = home;
    on.snapshot.devices[0].in_force = Some(InForce { command: Command::TurnOn, since: MIDNIGHT, until: None });
    assert_eq!(action(&on.plan(), "boiler").command, Command::TurnOn);
}

#[test]
fn what_is_done_or_not_to_be_planned_is_left_alone() {
    let mut home = Home::new().task("washer", 0.0, 12.0, false);
    assert_eq!(home.clone().set("flexible_loads", false).plan().actions.len(), 1);
    home.snapshot.devices[0].abilities = Abilities::empty();
    assert_eq!(home.plan().actions.len(), 1);
    home.snapshot.devices[0].abilities = Abilities::SWITCH;
    home.snapshot.tasks[0].state = TaskState::Done;
    assert_eq!(home.plan().actions.len(), 1);
}

#[test]
fn beyond_the_known_slots_there_is_still_time() {
    let mut home = Home::with_slots(8).price(0.0, 1.0, 0.50).task("boiler", 0.0, 40.0, true);
    home.snapshot.batteries.clear();
    assert_eq!(action(&home.plan(), "boiler").command, Command::TurnOff);
    let mut blind = Home::with_slots(0).task("boiler", 0.0, 40.0, true);
    assert_eq!(action(&blind.plan(), "boiler").reason.code, "wait");
    blind.snapshot.tasks[0].deadline = at(1.1);
    assert_eq!(action(&blind.plan(), "boiler").reason.code, "run-in-time");
}
