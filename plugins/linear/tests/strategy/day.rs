use wattwright_strategy::{Command, Commands};

use crate::home::{FOLLOW, Home, action, at, battery, energy_wh, expected};

/// Empty, with cheap slots before dear ones.
fn cheap_night() -> Home {
    Home::new().soc(10.0).price(0.0, 6.0, 0.10)
}

#[test]
fn it_charges_when_a_kwh_is_worth_more_later_and_says_so() {
    let plan = cheap_night().plan();
    let now = action(&plan, "battery");
    assert!(matches!(now.command, Command::Charge(_)), "{:?}", now.command);
    assert_eq!(now.reason.code, "charge-cheap");
    assert!(now.reason.text.contains("costs 0.11 EUR now and is worth 0."), "{}", now.reason.text);
    assert!(now.reason.facts.iter().any(|fact| fact.name == "worth-later" && fact.value > 0.11));
    let (given, taken) = energy_wh(&plan, "battery", 6.0, 24.0);
    assert!(given > 1500.0 && taken > -1.0, "{given} given, {taken} taken");
}

#[test]
fn at_one_price_it_follows_the_meter() {
    let plan = Home::new().plan();
    assert_eq!(action(&plan, "battery").command, FOLLOW);
    assert_eq!(energy_wh(&plan, "battery", 0.0, 24.0).1, 0.0);
}

#[test]
fn it_keeps_what_is_stored_for_a_dearer_hour() {
    let plan = Home::new().soc(50.0).load(0.0, 24.0, 700.0).price(18.0, 20.0, 0.60).set("grid_charging", false).plan();
    assert!(energy_wh(&plan, "battery", 18.0, 20.0).0 > 700.0);
    assert_eq!(action(&plan, "battery").reason.code, "keep");
}

#[test]
fn it_sells_when_that_earns_more_than_it_will_save() {
    let home = Home::new().soc(90.0).slots(0.0, 1.0, |slot| slot.export_price = Some(0.80));
    let mut home = home;
    home.snapshot.grid.export_limit_w = None;
    let plan = home.plan();
    assert_eq!(action(&plan, "battery").command, Command::Discharge(800.0));
    let may_not = home.clone().battery(|battery| battery.grid_export = false).plan();
    assert_eq!(action(&may_not, "battery").command, FOLLOW);
    let will_not = home.set("grid_export", false).plan();
    assert_eq!(action(&will_not, "battery").command, FOLLOW);
}

#[test]
fn the_reserve_comes_before_money() {
    let plan = Home::new().soc(30.0).set("reserve_pct", 40.0).price(0.0, 24.0, 0.30).plan();
    assert_eq!(action(&plan, "battery").reason.code, "charge-reserve");
    assert!(expected(&plan, "battery", 3.0).soc_pct.unwrap() > 39.9);
}

#[test]
fn what_was_decided_for_a_slot_stays_unless_much_changes() {
    let first = cheap_night().plan();
    let Command::Charge(watt) = action(&first, "battery").command else { panic!("{first:?}") };
    let later = |price: f64| {
        let home = cheap_night().price(20.0, 21.0, price).in_force(Command::Charge(watt - 10.0));
        let mut input = home.now(0.1).input();
        input.memory.clone_from(&first.memory);
        linear::decide(&input).unwrap().actions[0].command.clone()
    };
    assert_eq!(later(0.305), Command::Charge(watt - 10.0));
}

#[test]
fn two_batteries_share_what_there_is() {
    let mut home = cheap_night();
    home.snapshot.batteries.push(battery("second"));
    home.snapshot.batteries[1].soc_pct = Some(10.0);
    let plan = home.plan();
    let given = |id: &str| energy_wh(&plan, id, 6.0, 24.0).0;
    assert!(given("battery") > 500.0 && given("second") > 500.0, "{} {}", given("battery"), given("second"));
}

#[test]
fn set_by_hand_and_unknown_charge_are_left_alone() {
    assert!(cheap_night().by_hand(Command::Hold, 2.0).plan().actions.is_empty());
    let plan = cheap_night().battery(|battery| battery.soc_pct = None).plan();
    assert_eq!(action(&plan, "battery").reason.code, "soc-unknown");
    let untold = cheap_night().battery(|battery| battery.commands = Commands::HOLD).plan();
    assert!(untold.actions.is_empty());
    assert_eq!(at(0.0), untold.outlook[0].start);
}

/// The battery itself stops at its own limit only, so nothing that is commanded may let it go on at the reserve.
#[test]
fn at_the_reserve_no_command_lets_it_give() {
    let plan = Home::new().soc(40.0).set("reserve_pct", 40.0).price(0.0, 24.0, 0.30).plan();
    let given_w = match &action(&plan, "battery").command {
        Command::Balance(limits) => limits.max_discharge_w.unwrap_or(f64::INFINITY),
        Command::Discharge(watt) => *watt,
        _ => 0.0,
    };
    assert_eq!(given_w, 0.0, "{:?}", action(&plan, "battery").command);
}
