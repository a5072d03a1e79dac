//! What a battery is told.

use wattwright_strategy::{BalanceLimits, Command, Plan, Slot};

use crate::home::{FOLLOW, Home, TAKE, action, at, battery, energy_wh, expected};

#[test]
fn at_one_price_it_follows_the_meter() {
    let plan = Home::new().plan();
    let now = action(&plan, "battery");
    assert_eq!(now.command, FOLLOW);
    assert_eq!(now.reason.code, "self-use");
    assert_eq!(energy_wh(&plan, "battery", 0.0, 24.0).1, 0.0, "nothing is bought at a flat price");
}

#[test]
fn it_charges_in_cheap_slots_for_dear_ones() {
    let home = Home::new().soc(10.0).price(0.0, 6.0, 0.18).price(18.0, 21.0, 0.41);
    let plan = home.plan();
    let now = action(&plan, "battery");
    assert_eq!(now.command, Command::Charge(1000.0));
    assert_eq!(now.reason.code, "charge-cheap");
    assert_eq!(
        now.reason.text,
        "charge 1000 W: import 0.18 EUR now, 0.41 at 18:00; spread 0.23 > losses and wear 0.039"
    );
    let fact = |name| now.reason.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value);
    assert_eq!(fact("import-price-now"), Some(0.18));
    assert_eq!(fact("import-price-then"), Some(0.41));
    assert!((fact("gain").unwrap() - (0.41 - 0.18 - fact("losses-and-wear").unwrap())).abs() < 1e-12);
    let (given, _) = energy_wh(&plan, "battery", 18.0, 21.0);
    assert!((given - 1200.0).abs() < 1.0, "the dear slots' use of 400 W is covered: {given} Wh");
}

#[test]
fn it_does_not_charge_when_the_spread_is_less_than_losses_wear_and_least_gain() {
    let home = Home::new().soc(10.0).price(0.0, 6.0, 0.28);
    assert_eq!(energy_wh(&home.plan(), "battery", 0.0, 24.0).1, 0.0);
    let wide = home.price(0.0, 6.0, 0.20);
    assert!(energy_wh(&wide.plan(), "battery", 0.0, 24.0).1 < -100.0);
    let greedy = wide.set("min_gain_per_kwh", 0.10);
    assert_eq!(energy_wh(&greedy.plan(), "battery", 0.0, 24.0).1, 0.0);
}

#[test]
fn it_charges_only_what_the_dear_slots_can_use() {
    // 100 W for an hour, at other times no use at all: 100 Wh at the bus. What is left at the end of the
    // slots has some worth, but less than this.
    let home = Home::new().soc(10.0).load(0.0, 24.0, 0.0).load(18.0, 19.0, 100.0);
    let plan = home.price(0.0, 24.0, 0.40).price(0.0, 6.0, 0.32).price(18.0, 19.0, 0.60).plan();
    let (_, taken) = energy_wh(&plan, "battery", 0.0, 6.0);
    assert!((taken + 100.0 / 0.95 / 0.95).abs() < 1.0, "{taken} Wh");
}

#[test]
fn it_leaves_room_for_the_sun() {
    let dark = Home::new().soc(10.0).price(0.0, 6.0, 0.18);
    let sunny = dark.clone().sun(10.0, 14.0, 1400.0).load(6.0, 10.0, 0.0);
    let bought = |home: &Home| energy_wh(&home.plan(), "battery", 0.0, 6.0).1;
    assert!(bought(&dark) < -1500.0, "{}", bought(&dark));
    assert_eq!(bought(&sunny), 0.0, "the sun fills it for less");
}

#[test]
fn it_holds_for_dear_slots() {
    let home = Home::new().soc(40.0).set("grid_charging", false).load(17.0, 20.0, 700.0);
    let plan = home.price(0.0, 17.0, 0.31).price(17.0, 20.0, 0.45).plan();
    let now = action(&plan, "battery");
    assert_eq!(now.command, Command::Hold);
    assert_eq!(now.reason.code, "hold-for-dear");
    assert_eq!(now.reason.text, "hold 40 %: import 0.31 EUR now, 0.45 at 17:00");
    assert_eq!(now.until, Some(at(17.0)));
    assert!(plan.summary.contains("; at 17:00: cover the use"), "{}", plan.summary);
    assert_eq!(expected(&plan, "battery", 17.0).reason.code, "use-dear");
}

#[test]
fn while_it_holds_it_takes_the_sun() {
    let home = Home::new().soc(40.0).set("grid_charging", false).price(17.0, 20.0, 0.45).load(17.0, 20.0, 800.0);
    assert_eq!(action(&home.plan(), "battery").command, Command::Hold);
    assert_eq!(action(&home.sun(0.0, 1.0, 200.0).plan(), "battery").command, TAKE);
}

#[test]
fn it_uses_stored_energy_before_a_cheap_refill() {
    let plan = Home::new().soc(40.0).price(12.0, 15.0, 0.10).price(17.0, 20.0, 0.45).plan();
    assert_eq!(action(&plan, "battery").command, FOLLOW);
    assert!(energy_wh(&plan, "battery", 12.0, 15.0).1 < -1000.0);
}

#[test]
fn the_reserve_stays() {
    let home = Home::new().soc(60.0).set("reserve_pct", 40.0);
    let plan = home.plan();
    let least = plan.outlook.iter().flat_map(|slot| &slot.targets).filter_map(|it| it.soc_pct).fold(100.0, f64::min);
    assert!((least - 40.0).abs() < 1e-6, "{least}");
    let now = home.soc(40.0).plan();
    assert_eq!(action(&now, "battery").reason.code, "keep-reserve");
    assert_eq!(action(&now, "battery").reason.text, "keep the reserve of 40 % for outages");
    assert_eq!(action(&now, "battery").command, Command::Hold);
}

#[test]
fn below_the_reserve_it_refills_in_the_cheapest_slots() {
    let plan = Home::new().soc(20.0).set("reserve_pct", 40.0).price(3.0, 5.0, 0.28).plan();
    assert_eq!(energy_wh(&plan, "battery", 0.0, 3.0), (0.0, 0.0));
    let refill = expected(&plan, "battery", 3.0);
    assert_eq!(refill.reason.code, "charge-reserve");
    assert_eq!(refill.reason.text, "charge 1000 W: 20 % is below the lower limit of 40 %; import 0.28 EUR");
    let soc_pct = expected(&plan, "battery", 4.75).soc_pct.unwrap();
    assert!((soc_pct - 40.0).abs() < 1e-6, "{soc_pct}");
}

#[test]
fn where_the_grid_pays_it_takes_all_it_can_and_gives_nothing() {
    let home = Home::new().soc(90.0).price(0.0, 2.0, -0.05);
    let plan = home.plan();
    let now = action(&plan, "battery");
    assert!(matches!(now.command, Command::Charge(_)), "{now:?}");
    assert_eq!(now.reason.code, "charge-paid");
    let soc_pct = expected(&plan, "battery", 1.75).soc_pct.unwrap();
    assert!((soc_pct - 100.0).abs() < 1e-6, "{soc_pct}");
    let full = home.soc(100.0).plan();
    assert_eq!(action(&full, "battery").reason.code, "hold-paid");
    assert_eq!(action(&full, "battery").command, Command::Hold);
}

#[test]
fn it_makes_room_before_the_grid_pays() {
    let plan = Home::new().soc(100.0).price(3.0, 6.0, -0.05).plan();
    assert!(energy_wh(&plan, "battery", 0.0, 3.0).0 > 1000.0);
    assert!(energy_wh(&plan, "battery", 3.0, 6.0).1 < -1000.0);
}

#[test]
fn grid_charging_can_be_switched_off_and_capped() {
    let home = Home::new().soc(10.0).price(0.0, 6.0, 0.10);
    let off = home.clone().set("grid_charging", false).plan();
    assert_eq!(energy_wh(&off, "battery", 0.0, 24.0).1, 0.0);
    let capped = home.set("max_grid_charge_soc_pct", 60.0).plan();
    let most = capped.outlook.iter().flat_map(|slot| &slot.targets).filter_map(|it| it.soc_pct).fold(0.0, f64::max);
    assert!((most - 60.0).abs() < 1e-6, "{most}");
}

#[test]
fn the_import_limit_leaves_less_for_charging() {
    let mut home = Home::new().soc(10.0).price(0.0, 6.0, 0.10);
    home.snapshot.grid.import_limit_w = Some(700.0);
    assert_eq!(action(&home.plan(), "battery").command, Command::Charge(300.0));
}

#[test]
fn the_sun_is_stored_rather_than_fed_in_unless_that_earns_more() {
    let home = Home::new().sun(0.0, 4.0, 900.0);
    let plan = home.plan();
    assert_eq!(action(&plan, "battery").command, FOLLOW);
    let reason = &action(&plan, "battery").reason;
    assert_eq!(reason.code, "store-sun");
    assert!(reason.text.starts_with("store 500 W of sun: feeding in earns 0.080 EUR, later use saves 0.30 at "));
    let dear = home.slots(0.0, 1.0, |slot| slot.export_price = Some(0.50)).plan();
    let now = action(&dear, "battery");
    assert_eq!(now.reason.code, "feed-in");
    let bounds = BalanceLimits { max_charge_w: Some(0.0), max_discharge_w: None };
    assert_eq!(now.command, Command::Balance(bounds));
}

#[test]
fn a_surplus_that_only_may_come_is_named_without_a_number() {
    let unsure = |slot: &mut Slot| (slot.solar_low_w, slot.solar_high_w) = (Some(0.0), Some(900.0));
    let plan = Home::new().soc(10.0).sun(0.0, 4.0, 350.0).slots(0.0, 4.0, unsure).plan();
    let text = &action(&plan, "battery").reason.text;
    assert!(text.starts_with("store what the sun may leave over: feeding in earns 0.080 EUR"), "{text}");
}

#[test]
fn a_full_battery_says_so() {
    let plan = Home::new().soc(100.0).sun(0.0, 4.0, 900.0).plan();
    assert_eq!(action(&plan, "battery").reason.text, "full: the upper limit is 100 %");
}

#[test]
fn an_empty_battery_says_so() {
    let plan = Home::new().soc(10.0).plan();
    assert_eq!(action(&plan, "battery").reason.text, "empty: the lower limit is 10 %");
}

#[test]
fn two_batteries_share_the_use() {
    let mut home = Home::new().price(18.0, 20.0, 0.60).load(18.0, 20.0, 1200.0);
    home.snapshot.batteries.push(battery("second"));
    let plan = home.plan();
    let (first, second) = (energy_wh(&plan, "battery", 18.0, 20.0).0, energy_wh(&plan, "second", 18.0, 20.0).0);
    assert!(first > 700.0 && second > 700.0, "{first} {second}");
    let grid_w = plan.outlook.iter().map(|slot| slot.grid_w.unwrap());
    assert!(grid_w.fold(0.0, f64::min) >= -1e-9, "no battery feeds in for the other");
}

#[test]
fn what_is_in_force_stays_when_little_would_be_gained() {
    // At 0.308 in an hour, holding gains a trifle over using it now at 0.306.
    let home = Home::new().soc(14.0).price(0.0, 1.0, 0.306).price(1.0, 2.0, 0.308);
    assert_eq!(action(&home.plan(), "battery").command, Command::Hold);
    let follows = home.clone().in_force(FOLLOW);
    assert_eq!(action(&follows.plan(), "battery").command, FOLLOW);
    let holds = home.price(0.0, 1.0, 0.308).price(1.0, 2.0, 0.306).in_force(Command::Hold);
    assert_eq!(action(&holds.plan(), "battery").command, Command::Hold);
}

#[test]
fn within_a_slot_decisions_do_not_flap() {
    let home = Home::new().soc(20.0).price(0.0, 6.0, 0.18).price(18.0, 21.0, 0.41).load(18.0, 21.0, 200.0);
    let mut home = home.in_force(Command::Charge(1000.0));
    let mut soc_pct = 20.0;
    let mut told = Vec::new();
    for minute in 0..15 {
        // Forecasts move a little all the time.
        let noise = f64::from((minute * 7) % 5) - 2.0;
        home = home.now(f64::from(minute) / 60.0).soc(soc_pct).load(0.0, 1.0, 400.0 + 10.0 * noise);
        let command = action(&home.plan(), "battery").command.clone();
        if let Command::Charge(power_w) = command {
            soc_pct += power_w / 60.0 * 0.95 / 20.0;
        }
        told.push(command.clone());
        home = home.in_force(command);
    }
    told.dedup();
    assert_eq!(told, [Command::Charge(1000.0)]);
}

#[test]
fn what_is_left_of_the_slot_counts() {
    let home = Home::new().soc(10.0).price(0.0, 0.25, 0.10).price(0.25, 24.0, 0.40);
    let soc_at_end = |minute: f64| expected(&home.clone().now(minute / 60.0).plan(), "battery", 0.0).soc_pct.unwrap();
    let (whole, third) = (soc_at_end(0.0) - 10.0, soc_at_end(10.0) - 10.0);
    assert!((third * 3.0 - whole).abs() < 1e-6, "{whole} {third}");
}

#[test]
fn it_buys_less_for_use_that_may_not_come() {
    let night = |home: Home| home.soc(10.0).price(0.0, 6.0, 0.20).price(6.0, 24.0, 0.21).price(17.0, 22.0, 0.27);
    let stored = |plan: &Plan| -energy_wh(plan, "battery", 0.0, 6.0).1;
    let evening = |low: f64, high: f64| {
        move |slot: &mut Slot| (slot.load_w, slot.load_low_w, slot.load_high_w) = (Some(300.0), Some(low), Some(high))
    };
    let sure = stored(&night(Home::new()).slots(17.0, 22.0, evening(300.0, 300.0)).plan());
    let unsure = stored(&night(Home::new()).slots(17.0, 22.0, evening(50.0, 550.0)).plan());
    assert!(sure > 100.0 && unsure < sure, "{unsure} Wh are bought where {sure} Wh would be for sure");
}
