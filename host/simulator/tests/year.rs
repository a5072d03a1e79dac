//! The physics against an independent simulator (numpy, slot by slot), over a whole year of data. The
//! expected figures are what that simulator printed for the policies `none` and `self-consumption`.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use forecast::Series;
use wattwright_simulator::{Account, Battery, BatteryParameters, Drive, Home, Inputs, Totals};

const YEAR: &[u8] = include_bytes!("../../../examples/data/home-a.csv.gz");
/// A hundredth of a cent.
const TOLERANCE_EUR: f64 = 1e-4;

fn year(parameters: BatteryParameters, drive: Drive) -> Totals {
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let mut account = Account::new(parameters.clone(), 50.0);
    let mut home = Home::new(Battery::new(parameters, 50.0).unwrap(), None);
    home.command(drive);
    for row in series.rows() {
        let inputs = Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w: 0.0 };
        let step = home.step(inputs, 900.0);
        account.add(&step, row.import_price, row.export_price, 900.0);
    }
    account.totals()
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

#[track_caller]
fn assert_totals(totals: Totals, expected: Totals) {
    assert_eq!(totals.slots, expected.slots);
    let close = |name: &str, value: f64, expected: f64| {
        assert!((value - expected).abs() < TOLERANCE_EUR, "{name}: {value}, expected {expected}");
    };
    close("cost_eur", totals.cost_eur, expected.cost_eur);
    close("cost_adjusted_eur", totals.cost_adjusted_eur, expected.cost_adjusted_eur);
    close("import_kwh", totals.import_kwh, expected.import_kwh);
    close("export_kwh", totals.export_kwh, expected.export_kwh);
    close("solar_kwh", totals.solar_kwh, expected.solar_kwh);
    close("load_kwh", totals.load_kwh, expected.load_kwh);
    close("cycles", totals.cycles, expected.cycles);
    close("final_soc_pct", totals.final_soc_pct, expected.final_soc_pct);
}

#[test]
fn a_year_without_using_the_battery() {
    assert_totals(
        year(BatteryParameters::default(), Drive::Hold),
        Totals {
            slots: 35_136,
            cost_eur: 1943.41985385,
            cost_adjusted_eur: 1943.41985385,
            import_kwh: 7147.931,
            export_kwh: 849.952,
            solar_kwh: 2989.84375,
            load_kwh: 9287.82275,
            cycles: 0.0,
            final_soc_pct: 50.0,
        },
    );
}

#[test]
fn a_year_of_self_consumption_with_a_plug_in_battery() {
    assert_totals(
        year(BatteryParameters::default(), Drive::FOLLOW),
        Totals {
            slots: 35_136,
            cost_eur: 1862.5184546134467,
            cost_adjusted_eur: 1862.716015082649,
            import_kwh: 6745.44508625,
            export_kwh: 404.79264958448755,
            solar_kwh: 2989.84375,
            load_kwh: 9287.82275,
            cycles: 220.6611369243421,
            final_soc_pct: 10.0,
        },
    );
}

#[test]
fn a_year_of_self_consumption_with_a_house_battery() {
    assert_totals(
        year(house_10kwh(), Drive::FOLLOW),
        Totals {
            slots: 35_136,
            cost_eur: 1799.3210935549546,
            cost_adjusted_eur: 1800.360885498124,
            import_kwh: 6459.3035684,
            export_kwh: 106.91008203125,
            solar_kwh: 2989.84375,
            load_kwh: 9287.82275,
            cycles: 71.73202412500001,
            final_soc_pct: 10.0,
        },
    );
}
