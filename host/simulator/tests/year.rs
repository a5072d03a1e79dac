//! The physics against an independent simulator (numpy, slot by slot), over a whole year of data: each of
//! its policies with both batteries, with and without a limit of what is fed in. The expected figures are
//! what that simulator printed.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use forecast::{Series, SeriesRow};
use proptest::prelude::*;
use wattwright_simulator::{Account, Battery, BatteryParameters, Drive, Home, Inputs, Step};

const YEAR: &[u8] = include_bytes!("../../../examples/data/home-a.csv.gz");
const SLOT_S: f64 = 900.0;
/// A hundredth of a cent, and as little of everything else.
const TOLERANCE: f64 = 1e-4;

/// What the battery is told in slot `i`.
type Policy = fn(usize) -> Drive;

fn none(_: usize) -> Drive {
    Drive::Hold
}

fn self_consumption(_: usize) -> Drive {
    Drive::FOLLOW
}

/// Every mode of the independent simulator in turns, an hour each, another order each day: `set`,
/// `balance`, `charge-surplus`, `discharge-load`, `hold`.
fn plan(i: usize) -> Drive {
    let power_w = ((i * 7919) % 1601) as f64 - 800.0;
    match (i / 4 + i / 96) % 5 {
        0 if power_w < 0.0 => Drive::Charge { power_w: -power_w },
        0 => Drive::Discharge { power_w },
        1 => Drive::FOLLOW,
        2 => Drive::Follow { max_charge_w: f64::INFINITY, max_discharge_w: 0.0 },
        3 => Drive::Follow { max_charge_w: 0.0, max_discharge_w: f64::INFINITY },
        _ => Drive::Hold,
    }
}

fn house_10kwh() -> BatteryParameters {
    BatteryParameters {
        capacity_wh: 10_000.0,
        max_charge_w: 5_000.0,
        max_discharge_w: 5_000.0,
        charge_efficiency: 0.96,
        discharge_efficiency: 0.96,
        ..BatteryParameters::default()
    }
}

/// Cost, cost adjusted for what is stored, import, export, sun, cycles and final state of charge.
type Figures = [f64; 7];

fn year(battery: BatteryParameters, export_limit_w: Option<f64>, policy: Policy) -> Figures {
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let mut home = Home::new(Battery::new(battery, 50.0).unwrap(), export_limit_w);
    let mut account = Account::of(&home);
    for (i, row) in series.rows().iter().enumerate() {
        home.command(policy(i));
        let before_wh = home.batteries()[0].stored_wh();
        let step = home.step(Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w: 0.0 }, SLOT_S);
        assert_closes(row, &step, &home.batteries()[0], before_wh);
        account.add(&step, &home, row.import_price, row.export_price, SLOT_S);
    }
    let totals = account.totals();
    assert_eq!(totals.slots, 35_136);
    assert!((totals.load_kwh - 9287.82275).abs() < TOLERANCE);
    [
        totals.cost_eur,
        totals.cost_adjusted_eur,
        totals.import_kwh,
        totals.export_kwh,
        totals.solar_kwh,
        totals.cycles,
        totals.final_soc_pct,
    ]
}

/// What comes into the bus goes out of it, and the battery's energy is what went through it.
#[track_caller]
fn assert_closes(row: &SeriesRow, step: &Step, battery: &Battery, before_wh: f64) {
    assert!((step.grid_w + step.solar_w + step.battery_w - row.load_w).abs() < 1e-9, "{row:?} {step:?}");
    let (parameters, hours) = (battery.parameters(), SLOT_S / 3600.0);
    let gained_wh = if step.battery_w < 0.0 {
        -step.battery_w * hours * parameters.charge_efficiency
    } else {
        -step.battery_w * hours / parameters.discharge_efficiency
    };
    assert!((battery.stored_wh() - before_wh - gained_wh).abs() < 1e-6, "{row:?} {step:?}");
}

#[test]
fn a_year_agrees_with_the_independent_simulator() {
    #[rustfmt::skip]
    let expected: [(&str, BatteryParameters, Option<f64>, Policy, Figures); 12] = [
        ("plug-in, none", BatteryParameters::default(), None, none,
         [1943.41985385, 1943.41985385, 7147.931, 849.952, 2989.84375, 0.0, 50.0]),
        ("plug-in, self-consumption", BatteryParameters::default(), None, self_consumption,
         [1862.5184546134467, 1862.716015082649, 6745.44508625, 404.79264958448755, 2989.84375, 220.6611369243421, 10.0]),
        ("plug-in, plan", BatteryParameters::default(), None, plan,
         [1909.1460530099912, 1909.3436134791934, 6964.03305724723, 608.1640486495845, 2989.84375, 297.88198807565783, 10.0]),
        ("plug-in, 800 W, none", BatteryParameters::default(), Some(800.0), none,
         [1952.8767045499999, 1952.8767045499999, 7147.931, 732.183, 2872.07475, 0.0, 50.0]),
        ("plug-in, 800 W, self-consumption", BatteryParameters::default(), Some(800.0), self_consumption,
         [1867.8758797619232, 1868.0734402311255, 6745.44508625, 338.0750263157895, 2923.126126731302, 220.6611369243421, 10.0]),
        ("plug-in, 800 W, plan", BatteryParameters::default(), Some(800.0), plan,
         [1917.1461135106135, 1917.3436739798158, 6964.03305724723, 508.53689422091406, 2890.21659557133, 297.88198807565783, 10.0]),
        ("10 kWh, none", house_10kwh(), None, none,
         [1943.41985385, 1943.41985385, 7147.931, 849.952, 2989.84375, 0.0, 50.0]),
        ("10 kWh, self-consumption", house_10kwh(), None, self_consumption,
         [1799.3210935549546, 1800.360885498124, 6459.3035684, 106.91008203125, 2989.84375, 71.73202412500001, 10.0]),
        ("10 kWh, plan", house_10kwh(), None, plan,
         [1894.4393456178752, 1895.4791375610446, 6902.551759155556, 555.9093303756945, 2989.84375, 64.68991279166666, 10.0]),
        ("10 kWh, 800 W, none", house_10kwh(), Some(800.0), none,
         [1952.8767045499999, 1952.8767045499999, 7147.931, 732.183, 2872.07475, 0.0, 50.0]),
        ("10 kWh, 800 W, self-consumption", house_10kwh(), Some(800.0), self_consumption,
         [1801.0984131518728, 1802.1382050950422, 6459.3035684, 84.77658767361112, 2967.710255642361, 71.73202412500001, 10.0]),
        ("10 kWh, 800 W, plan", house_10kwh(), Some(800.0), plan,
         [1902.3231810012123, 1903.3629729443817, 6902.551759155556, 457.7295622145834, 2891.6639818388894, 64.68991279166666, 10.0]),
    ];
    for (name, battery, export_limit_w, policy, expected) in expected {
        let found = year(battery, export_limit_w, policy);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < TOLERANCE, "{name}: {found}, expected {expected}");
        }
    }
}

proptest! {
    #[test]
    fn energy_closes_in_every_slot_of_any_plan(
        slots in prop::collection::vec((0.0..8_000.0, 0.0..6_000.0, 0_u8..5, 0.0..6_000.0), 1..200),
        soc_pct in 0.0..=100.0,
        export_limit_w in prop::option::of(0.0..3_000.0),
        big in any::<bool>(),
    ) {
        let battery = if big { house_10kwh() } else { BatteryParameters::default() };
        let mut home = Home::new(Battery::new(battery, soc_pct).unwrap(), export_limit_w);
        for (load_w, solar_w, mode, power_w) in slots {
            home.command(match mode {
                0 => Drive::Hold,
                1 => Drive::FOLLOW,
                2 => Drive::Charge { power_w },
                3 => Drive::Discharge { power_w },
                _ => Drive::Follow { max_charge_w: power_w, max_discharge_w: power_w / 2.0 },
            });
            let before_wh = home.batteries()[0].stored_wh();
            let step = home.step(Inputs { load_w, solar_w, plugs_w: 0.0 }, SLOT_S);
            let start = "2026-01-01T00:00:00Z".parse().unwrap();
            let row = SeriesRow { start, import_price: 0.0, export_price: 0.0, solar_w, load_w, temperature_c: 0.0 };
            assert_closes(&row, &Step { grid_w: step.grid_w + step.solar_w - solar_w, solar_w, ..step }, &home.batteries()[0], before_wh);
            prop_assert!(step.solar_w >= 0.0 && step.solar_w <= solar_w);
        }
    }
}
