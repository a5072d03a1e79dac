//! With less it does less.

use wattwright_strategy::{Command, PastSlot};

use crate::home::{FOLLOW, Home, MIDNIGHT, TAKE, action, energy_wh, expected};

fn past(start: u32, load_w: f64, solar_w: f64) -> PastSlot {
    PastSlot {
        start,
        end: start + 900,
        import_price: None,
        export_price: None,
        solar_w: Some(solar_w),
        load_w: Some(load_w),
        grid_w: None,
        battery_w: None,
        soc_pct: None,
        temperature_c: None,
        extras: Vec::new(),
    }
}

#[test]
fn without_a_state_of_charge_it_holds_and_says_so() {
    let plan = Home::new().battery(|battery| battery.soc_pct = None).plan();
    let now = action(&plan, "battery");
    assert_eq!(now.command, Command::Hold);
    assert_eq!(now.reason.text, "hold: the state of charge is unknown");
    assert_eq!(plan.summary, now.reason.text);
    assert_eq!(plan.outlook.len(), 96);
}

#[test]
fn without_any_price_it_follows_the_meter() {
    let plan = Home::new().slots(0.0, 24.0, |slot| (slot.import_price, slot.export_price) = (None, None)).plan();
    let now = action(&plan, "battery");
    assert_eq!((&now.command, now.reason.text.as_str()), (&FOLLOW, "follow the meter; no price is known"));
    assert!(plan.figures.is_empty());
}

#[test]
fn without_tomorrows_prices_it_buys_nothing_then_and_does_not_sell_out_today() {
    let mut home = Home::with_slots(192).now(20.0).soc(60.0);
    for slot in &mut home.snapshot.ahead {
        if slot.start >= MIDNIGHT + 86_400 {
            slot.import_price = None;
        }
    }
    // Cheaper than what tomorrow is expected to cost.
    let home = home.price(20.0, 22.0, 0.40).price(22.0, 24.0, 0.20);
    let plan = home.plan();
    assert_eq!(action(&plan, "battery").reason.code, "use-dear");
    assert_eq!(energy_wh(&plan, "battery", 22.0, 24.0).0, 0.0, "no use in the cheap slots");
    assert_eq!(energy_wh(&plan, "battery", 24.0, 48.0).1, 0.0, "nothing is bought at a price nobody knows");
    assert!(expected(&plan, "battery", 24.0).reason.text.contains("import about 0.30 EUR"));
}

#[test]
fn without_a_load_forecast_it_takes_what_was_measured() {
    let mut home = Home::new().slots(0.0, 24.0, |slot| slot.load_w = None).price(18.0, 20.0, 0.60).soc(60.0);
    home.snapshot.past = (0..96).map(|n| past(MIDNIGHT - 86_400 + n * 900, 300.0, 0.0)).collect();
    let given = energy_wh(&home.plan(), "battery", 18.0, 20.0).0;
    assert!((given - 600.0).abs() < 1.0, "300 W as yesterday: {given} Wh");
    home.snapshot.past.clear();
    home.snapshot.load_power_w = Some(200.0);
    let given = energy_wh(&home.plan(), "battery", 18.0, 20.0).0;
    assert!((given - 400.0).abs() < 1.0, "200 W as now: {given} Wh");
    home.snapshot.load_power_w = None;
    assert_eq!(action(&home.plan(), "battery").command, FOLLOW, "even with nothing known");
}

#[test]
fn without_a_solar_forecast_yesterdays_sun_is_expected() {
    let mut home = Home::new().soc(10.0).price(0.0, 6.0, 0.18).load(6.0, 10.0, 0.0);
    home = home.slots(0.0, 24.0, |slot| slot.solar_w = None);
    assert!(energy_wh(&home.plan(), "battery", 0.0, 6.0).1 < 0.0);
    let sun = |n: u32| if (40..56).contains(&n) { 1400.0 } else { 0.0 };
    home.snapshot.past = (0..96).map(|n| past(MIDNIGHT - 86_400 + n * 900, 400.0, sun(n))).collect();
    assert_eq!(energy_wh(&home.plan(), "battery", 0.0, 6.0).1, 0.0);
}

#[test]
fn without_slots_it_follows_the_meter_above_the_lower_limit() {
    let plan = Home::with_slots(0).plan();
    assert_eq!(action(&plan, "battery").command, FOLLOW);
    assert!(plan.outlook.is_empty());
    assert_eq!(action(&Home::with_slots(0).soc(10.0).plan(), "battery").command, TAKE);
}

#[test]
fn a_battery_that_stores_nothing_holds() {
    let plan = Home::new().battery(|battery| battery.capacity_wh = 0.0).plan();
    assert_eq!(action(&plan, "battery").reason.code, "no-capacity");
}

#[test]
fn a_home_without_a_battery_has_a_plan() {
    let mut home = Home::new();
    home.snapshot.batteries.clear();
    let plan = home.plan();
    assert!(plan.actions.is_empty());
    assert_eq!(plan.outlook[0].grid_w, Some(400.0));
}

#[test]
fn settings_that_do_not_fit_are_an_error() {
    let mut input = Home::new().input();
    input.settings = r#"{"reserve_pct": "much"}"#.into();
    let error = rule_based::decide(&input).unwrap_err();
    assert!(error.starts_with("settings: "), "{error}");
}
