//! The exact optimum of a year, against a mixed-integer program of the same year.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use forecast::Series;
use linear::market::{Chance, Market, Slot, Store};
use linear::worth::{Worth, walk};

const YEAR: &[u8] = include_bytes!("../../../examples/data/home-a.csv.gz");

fn store(capacity_kwh: f64, charge_kw: f64, discharge_kw: f64, efficiency: f64) -> Store {
    Store {
        stored_kwh: capacity_kwh / 2.0,
        floor_kwh: capacity_kwh / 10.0,
        ceiling_kwh: capacity_kwh,
        max_charge_kw: charge_kw,
        max_discharge_kw: discharge_kw,
        charge_efficiency: efficiency,
        discharge_efficiency: efficiency,
        wear_cost_per_kwh: 0.0,
        grid_charging: true,
        grid_export: true,
        gain_per_kwh: 0.0,
    }
}

/// Cost adjusted for what is stored, EUR.
fn foresight(store: Store) -> f64 {
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let rows = series.rows();
    let mean = rows.iter().map(|row| row.import_price).sum::<f64>() / rows.len() as f64;
    let slots: Vec<Slot> = rows
        .iter()
        .map(|row| Slot {
            market: Market {
                hours: 0.25,
                import_price: row.import_price,
                export_price: row.export_price,
                import_limit_kw: 1e3,
                export_limit_kw: 1e3,
            },
            chances: vec![Chance {
                weight: 1.0,
                net_kw: (row.load_w - row.solar_w) / 1e3,
                solar_kw: row.solar_w / 1e3,
            }],
        })
        .collect();
    let worth = Worth::of(&store, &slots, store.discharge_efficiency * mean);
    let steps = walk(&store, &slots, &worth);
    let cost: f64 =
        slots.iter().zip(&steps).map(|(s, step)| s.market.cost(s.chances[0].net_kw - step.power_kw, 0.0)).sum();
    let left = steps.last().unwrap().end_kwh - store.stored_kwh;
    cost - left * store.discharge_efficiency * mean
}

#[test]
fn a_year_costs_what_the_mixed_integer_program_found() {
    // It stopped at a gap of 1e-5 or after 240 s, so that a little less may be found.
    for (name, store, expected) in [
        ("1.92 kWh", store(1.92, 1.0, 0.8, 0.95), 1831.151720763232),
        ("10 kWh", store(10.0, 5.0, 5.0, 0.96), 1647.8383834689214),
    ] {
        let begun = std::time::Instant::now();
        let found = foresight(store);
        println!("{name}: {found} EUR, {expected} by HiGHS, {:?}", begun.elapsed());
        assert!((found - expected).abs() < 0.02, "{name}: {found}, expected {expected}");
    }
}
