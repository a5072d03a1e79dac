//! It plans only what battery and owner let it do.

use wattwright_strategy::{Command, Commands};

use crate::home::{FOLLOW, Home, TAKE, action, at, battery, energy_wh, expected};

/// Empty, with cheap slots before dear ones.
fn cheap_night() -> Home {
    Home::new().soc(10.0).price(0.0, 6.0, 0.10)
}

#[test]
fn without_the_owners_word_it_does_not_charge_from_the_grid() {
    assert!(energy_wh(&cheap_night().plan(), "battery", 0.0, 24.0).1 < 0.0);
    let plan = cheap_night().battery(|battery| battery.grid_charging = false).plan();
    assert_eq!(energy_wh(&plan, "battery", 0.0, 24.0).1, 0.0);
    assert_eq!(action(&plan, "battery").reason.code, "empty");
}

#[test]
fn a_battery_that_cannot_be_told_to_charge_still_takes_the_sun() {
    let home = cheap_night().sun(0.0, 1.0, 900.0).battery(|battery| battery.commands.remove(Commands::CHARGE));
    let plan = home.plan();
    assert_eq!(action(&plan, "battery").command, TAKE);
    assert!(energy_wh(&plan, "battery", 0.0, 1.0).1 < -400.0);
    assert_eq!(energy_wh(&plan, "battery", 1.0, 24.0).1, 0.0);
}

#[test]
fn a_battery_that_may_not_be_told_anything_is_left_alone() {
    let mut home = Home::new();
    home.snapshot.batteries.push(battery("second"));
    let plan = home.battery(|battery| battery.commands = Commands::empty()).plan();
    assert!(plan.actions.iter().all(|action| action.target != "battery"));
    assert_eq!(action(&plan, "second").command, FOLLOW);
    assert!(plan.outlook.iter().flat_map(|slot| &slot.targets).all(|it| it.target == "second"));
}

#[test]
fn what_the_inverter_cuts_to_zero_is_not_planned() {
    let home = Home::new().load(0.0, 24.0, 60.0);
    assert!(energy_wh(&home.plan(), "battery", 0.0, 24.0).0 > 0.0);
    let mut coarse = cheap_night();
    coarse.snapshot.grid.import_limit_w = Some(450.0);
    assert_eq!(action(&coarse.plan(), "battery").command, Command::Charge(50.0), "what the connection leaves");
    let coarse = coarse.battery(|battery| battery.min_power_w = 100.0).plan();
    assert_eq!(energy_wh(&coarse, "battery", 0.0, 24.0).1, 0.0);
}

#[test]
fn limits_of_a_time_hold_at_that_time() {
    let plan = cheap_night().slots(0.0, 1.0, |slot| slot.import_limit_w = Some(700.0)).plan();
    assert_eq!(action(&plan, "battery").command, Command::Charge(300.0));
    assert_eq!(expected(&plan, "battery", 1.0).command, Command::Charge(1000.0));
    // Feeding in would earn more than storing, but nobody takes it.
    let home = Home::new().soc(50.0).sun(0.0, 1.0, 900.0).slots(0.0, 1.0, |slot| slot.export_price = Some(0.50));
    assert_eq!(action(&home.plan(), "battery").reason.code, "feed-in");
    let plan = home.slots(0.0, 1.0, |slot| slot.export_limit_w = Some(0.0)).plan();
    assert_eq!(action(&plan, "battery").reason.code, "store-sun");
}

#[test]
fn what_the_owner_has_set_by_hand_is_planned_around() {
    let free = Home::new().soc(10.0).price(18.0, 20.0, 0.60);
    let plan = free.by_hand(Command::Charge(600.0), 1.0).plan();
    assert!(plan.actions.is_empty(), "it stays as the owner set it");
    assert!(plan.summary.starts_with("set by hand until 01:00; at 01:00: "), "{}", plan.summary);
    assert!((energy_wh(&plan, "battery", 0.0, 1.0).1 + 600.0).abs() < 1e-6);
    let set = expected(&plan, "battery", 0.75);
    assert_eq!((set.reason.code.as_str(), &set.command), ("by-hand", &Command::Charge(600.0)));
    assert!((set.soc_pct.unwrap() - 10.0 - 600.0 * 0.95 / 20.0).abs() < 1e-6);
    assert_ne!(expected(&plan, "battery", 1.0).reason.code, "by-hand");
    assert!(energy_wh(&plan, "battery", 18.0, 20.0).0 > 500.0, "what was stored by hand is used");
    assert_eq!(at(1.0), plan.outlook[4].start);
}

#[test]
fn what_was_set_by_hand_ends() {
    let home = Home::new().now(1.0);
    let plan = home.clone().by_hand(Command::Charge(600.0), 1.0).plan();
    assert_eq!(plan, home.in_force(Command::Charge(600.0)).plan());
    assert_eq!(plan.actions.len(), 1);
}
