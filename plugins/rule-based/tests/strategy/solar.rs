//! A battery behind whose inverter the panels are.

use wattwright_strategy::{BalanceLimits, Command};

use crate::home::{FOLLOW, Home, action, energy_wh, expected};

/// Follows the meter, giving at most this to the home.
fn giving_at_most(watt: f64) -> Command {
    Command::Balance(BalanceLimits { max_charge_w: None, max_discharge_w: Some(watt) })
}

/// At one price all day but for dear hours in the evening that take all that is stored.
fn home() -> Home {
    let home = Home::new().soc(40.0).set("grid_charging", false).price(17.0, 20.0, 0.45).load(17.0, 20.0, 800.0);
    home.battery(|battery| battery.carries_solar = true)
}

#[test]
fn while_it_holds_the_sun_comes_through() {
    let now = action(&home().sun(0.0, 1.0, 250.0).plan(), "battery").clone();
    assert_eq!((now.command, now.reason.code.as_str()), (giving_at_most(250.0), "hold-for-dear"));
    let now = action(&home().plan(), "battery").clone();
    assert_eq!((now.command, now.reason.code.as_str()), (Command::Hold, "hold-for-dear"), "at night nothing does");
}

#[test]
fn the_inverter_gives_sun_and_battery_together() {
    let plan = home().load(17.0, 20.0, 1500.0).sun(17.0, 20.0, 500.0).plan();
    let dear = expected(&plan, "battery", 17.0);
    assert_eq!(dear.command, FOLLOW);
    assert!(dear.power_w.unwrap() <= 300.0 + 1e-6, "800 W at most, 500 W of it from the sun: {dear:?}");
}

#[test]
fn what_the_home_does_not_use_is_stored_whatever_feeding_in_earns() {
    let home = home().sun(0.0, 1.0, 900.0).slots(0.0, 1.0, |slot| slot.export_price = Some(0.50));
    let plan = home.plan();
    assert_eq!(action(&plan, "battery").reason.code, "store-sun");
    assert!((energy_wh(&plan, "battery", 0.0, 1.0).1 + 500.0).abs() < 1e-6);
    let before = home.battery(|battery| battery.carries_solar = false).plan();
    assert_eq!(action(&before, "battery").reason.code, "feed-in");
}

#[test]
fn charging_takes_from_the_grid_what_the_sun_does_not_bring() {
    let cheap = home().soc(10.0).set("grid_charging", true).price(0.0, 2.0, 0.05);
    assert_eq!(action(&cheap.plan(), "battery").command, Command::Charge(1000.0));
    let sunny = cheap.clone().sun(0.0, 2.0, 300.0);
    assert_eq!(action(&sunny.plan(), "battery").command, Command::Charge(700.0));
    // The sun alone does it: keeping it from the home charges the battery.
    let small = cheap.sun(0.0, 2.0, 300.0).battery(|battery| battery.max_charge_w = 300.0);
    assert_eq!(action(&small.plan(), "battery").command, Command::Hold);
}
