//! A day as it was measured somewhere: prices by the hour, a noisy load, some sun.

use crate::home::{Home, energy_wh, expected};

/// EUR/kWh, each for an hour: a summer day with a cheap afternoon.
const IMPORT: [f64; 24] = [
    0.296, 0.285, 0.279, 0.276, 0.277, 0.282, 0.293, 0.301, 0.289, 0.262, 0.236, 0.218, 0.197, 0.184, 0.176, 0.181,
    0.192, 0.214, 0.243, 0.271, 0.288, 0.296, 0.302, 0.291,
];
/// Watt, each for an hour.
const LOAD: [f64; 24] = [
    330.0, 290.0, 280.0, 270.0, 275.0, 290.0, 480.0, 820.0, 640.0, 520.0, 610.0, 560.0, 980.0, 700.0, 430.0, 410.0,
    520.0, 760.0, 1180.0, 1320.0, 1090.0, 980.0, 720.0, 450.0,
];
/// Watt, each for an hour.
const SOLAR: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 12.0, 90.0, 210.0, 420.0, 640.0, 830.0, 940.0, 960.0, 900.0, 760.0, 590.0, 390.0, 210.0,
    80.0, 10.0, 0.0, 0.0, 0.0, 0.0,
];

fn day() -> Home {
    let mut home = Home::new();
    for (hour, ((import, load), solar)) in (0..).zip(IMPORT.into_iter().zip(LOAD).zip(SOLAR)) {
        let from = f64::from(hour);
        home = home.price(from, from + 1.0, import).load(from, from + 1.0, load).sun(from, from + 1.0, solar);
    }
    home
}

fn figure(home: &Home, name: &str) -> f64 {
    let plan = home.plan();
    plan.figures.iter().find(|figure| figure.name == name).map_or(f64::NAN, |figure| figure.value)
}

#[test]
fn it_buys_in_the_cheap_afternoon_for_the_dear_evening() {
    let plan = day().plan();
    let (_, bought) = energy_wh(&plan, "battery", 13.0, 16.0);
    let (given, _) = energy_wh(&plan, "battery", 19.0, 24.0);
    assert!(bought < -700.0, "{bought}");
    assert!(given > 1400.0, "{given}");
    let full = expected(&plan, "battery", 17.0).soc_pct.unwrap_or_default();
    assert!(full > 90.0, "{full}");
}

#[test]
fn it_saves_against_self_consumption_and_says_how_much() {
    let home = day();
    assert!(figure(&home, "expected-saving") > 0.1, "{}", figure(&home, "expected-saving"));
    // What a grid without any battery would cost.
    let bare: f64 =
        (0..24).map(|h| (LOAD[h] - SOLAR[h]) / 1000.0 * if LOAD[h] > SOLAR[h] { IMPORT[h] } else { 0.08 }).sum();
    assert!(figure(&home, "expected-cost") < bare, "{} {bare}", figure(&home, "expected-cost"));
}

#[test]
fn switching_grid_charging_off_costs_some_of_it() {
    let home = day();
    let without = home.clone().set("grid_charging", false);
    assert!(figure(&without, "expected-saving") < figure(&home, "expected-saving"));
    assert!(figure(&without, "expected-saving") > -1e-9, "holding alone never costs more than self-consumption");
}

#[test]
fn two_price_levels_are_charged_in_the_cheap_and_used_in_the_dear() {
    let home = Home::new().soc(10.0).price(0.0, 24.0, 0.15).price(7.0, 10.0, 0.40).price(17.0, 21.0, 0.40);
    let plan = home.plan();
    for (from, until, dear) in [(0.0, 7.0, false), (7.0, 10.0, true), (10.0, 17.0, false), (17.0, 21.0, true)] {
        let (given, taken) = energy_wh(&plan, "battery", from, until);
        let ok = if dear { given > 1000.0 && taken == 0.0 } else { given == 0.0 && taken < -1000.0 };
        assert!(ok, "{from} to {until}: gives {given} Wh, takes {taken} Wh");
    }
}
