//! A day that was recorded, played again.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::collections::BTreeSet;

use forecast::SeriesRow;
use guard::{BatteryLimits, GridLimits, Limits};
use model::snapshot::{Battery, Grid, Slot, Snapshot};
use model::{Action, BalanceLimits, Command, CommandKind, Input, Reason};
use proptest::prelude::*;
use serde_json::Value;
use simulator::BatteryParameters;
use wattwright_backtest::{Asked, Contender, Day, House, HouseBattery, References, Strategy};

fn house(capacities_wh: &[f64], soc_pct: f64) -> House {
    let battery = |(at, capacity_wh): (usize, &f64)| HouseBattery {
        id: format!("battery-{at}"),
        parameters: BatteryParameters {
            capacity_wh: *capacity_wh,
            // Each another one, so that they are not one by accident.
            charge_efficiency: 0.95 - 0.05 * at as f64,
            ..BatteryParameters::default()
        },
        start_soc_pct: soc_pct,
        wear_cost_per_kwh: 0.0,
    };
    let batteries: Vec<HouseBattery> = capacities_wh.iter().enumerate().map(battery).collect();
    let limits = |own: &HouseBattery| BatteryLimits {
        capacity_wh: own.parameters.capacity_wh,
        min_soc_pct: own.parameters.min_soc_pct,
        max_soc_pct: own.parameters.max_soc_pct,
        max_charge_w: own.parameters.max_charge_w,
        max_discharge_w: own.parameters.max_discharge_w,
        commands: Battery::all_commands(),
        ..BatteryLimits::default()
    };
    let grid = GridLimits { feed_in_limit_w: Some(100_000.0), ..GridLimits::default() };
    let each = batteries.iter().map(|own| (own.id.clone(), limits(own))).collect();
    House {
        timezone: "UTC".into(),
        currency: "EUR".into(),
        tasks: Vec::new(),
        limits: Limits { grid, batteries: each, ..Limits::default() },
        batteries,
    }
}

fn snapshot(house: &House, rows: &[SeriesRow], known_w: f64) -> Snapshot {
    let battery = |own: &HouseBattery| Battery {
        id: own.id.clone(),
        name: own.id.clone(),
        commands: Battery::all_commands(),
        soc_pct: Some(1.0),
        capacity_wh: own.parameters.capacity_wh,
        min_soc_pct: 10.0,
        max_soc_pct: 100.0,
        max_charge_w: 1000.0,
        max_discharge_w: 800.0,
        min_power_w: 0.0,
        grid_charging: true,
        grid_export: true,
        carries_solar: false,
        charge_efficiency: 0.95,
        discharge_efficiency: 0.95,
        power_w: None,
        wear_cost_per_kwh: 0.0,
        in_force: None,
        extras: Vec::new(),
    };
    let slot = |row: &SeriesRow| Slot { load_w: Some(known_w), ..Slot::unknown(row.start) };
    Snapshot {
        now: rows[0].start,
        timezone: "UTC".into(),
        utc_offset_s: 0,
        currency: "EUR".into(),
        grid: Grid { power_w: None, import_limit_w: None, export_limit_w: None },
        solar_power_w: None,
        load_power_w: None,
        batteries: house.batteries.iter().map(battery).collect(),
        devices: Vec::new(),
        tasks: Vec::new(),
        ahead: rows.iter().map(slot).collect(),
        past: Vec::new(),
        sources: Vec::new(),
        problems: Vec::new(),
        extras: Vec::new(),
    }
}

/// Does something with each battery by what it sees: charges where it knows a price below the mean, gives what the
/// home is said to use, else what the numbers say.
struct Whim(Vec<u8>);

impl Strategy for Whim {
    fn name(&self) -> &str {
        "whim"
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        [CommandKind::Balance, CommandKind::Charge, CommandKind::Discharge, CommandKind::Hold].into()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let turn = input.memory.len();
        let (snapshot, here) = (&input.snapshot, &input.snapshot.ahead[0]);
        if self.0[turn % self.0.len()] == 255 {
            return Err("no idea".into());
        }
        let command = |at: usize, battery: &Battery| match self.0[(turn + at) % self.0.len()] % 5 {
            0 => Command::Hold,
            1 => Command::Balance(BalanceLimits::default()),
            2 => Command::Discharge { power_w: here.load_w.unwrap_or_default() },
            3 if here.import_price.is_none_or(|price| price < 0.2) => Command::Charge { power_w: 700.0 },
            3 => Command::Discharge { power_w: 300.0 },
            _ if battery.soc_pct.unwrap() > 50.0 => Command::Discharge { power_w: 800.0 },
            _ => Command::Charge { power_w: 1000.0 },
        };
        let reason = Reason { code: "whim".into(), text: String::new(), facts: Vec::new() };
        let action = |(at, battery): (usize, &Battery)| Action {
            target: battery.id.clone(),
            command: command(at, battery),
            reason: reason.clone(),
            until: None,
        };
        let actions = snapshot.batteries.iter().enumerate().map(action).collect();
        Ok(Asked { actions, memory: vec![0; turn + 1], ok: true, took_us: 1 })
    }
}

fn rows(values: &[(f64, f64, f64, f64)]) -> Vec<SeriesRow> {
    let start = "2026-11-24T00:00:00Z".parse().unwrap();
    let starts = std::iter::successors(Some(start), |start| Some(model::slot::next(*start)));
    starts
        .zip(values)
        .map(|(start, (import_price, export_share, solar_w, load_w))| SeriesRow {
            start,
            import_price: *import_price,
            // Whoever gets more for what is fed in than is paid for what is drawn has no end of money.
            export_price: import_price * export_share,
            solar_w: *solar_w,
            load_w: *load_w,
            temperature_c: 10.0,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_beats_perfect_foresight_and_the_parts_are_the_whole(
        values in prop::collection::vec((0.01..0.6, 0.0..=1.0, 0.0..3_000.0, 0.0..4_000.0), 8..96),
        whim in prop::collection::vec(any::<u8>(), 1..40),
        soc_pct in 10.0..=100.0,
        two in any::<bool>(),
        gap in 0_usize..96,
    ) {
        let house = house(if two { &[1920.0, 5000.0] } else { &[1920.0] }, soc_pct);
        let rows = rows(&values);
        let snapshots: Vec<Option<Snapshot>> =
            (0..rows.len()).map(|k| (k != gap).then(|| snapshot(&house, &rows[k..], 250.0))).collect();
        let references = References::of(&house, &rows).unwrap();
        let whim = Whim(whim);
        let day = Day { house: &house, rows: &rows, snapshots: &snapshots };
        let scored = day.score(&Contender::new(&whim, Value::Null), &references).unwrap();
        let best = references.perfect_foresight.cost_adjusted_eur;
        let cost = scored.totals.cost_adjusted_eur;
        prop_assert!(cost >= best - 1e-6, "{cost} is less than {best}");
        prop_assert!(references.self_consumption.cost_adjusted_eur >= best - 1e-6);
        prop_assert!(references.no_battery.cost_adjusted_eur >= best - 1e-6);
        prop_assert!(scored.loss.strategy >= -1e-6, "{:?}", scored.loss);
        prop_assert!((scored.loss.sum() - (cost - best)).abs() < 1e-9, "{:?}, {cost} - {best}", scored.loss);
        let played = &scored.played;
        let asked = rows.len() as u64 - u64::from(gap < rows.len()) - played.strategy_errors;
        prop_assert_eq!(played.accepted + played.adjusted + played.refused, asked * house.batteries.len() as u64);
    }
}

/// Charges as long as the home is not said to use anything.
struct Trusting;

impl Strategy for Trusting {
    fn name(&self) -> &str {
        "trusting"
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        [CommandKind::Balance, CommandKind::Charge].into()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let here = &input.snapshot.ahead[0];
        assert_ne!(input.snapshot.batteries[0].soc_pct, Some(1.0), "what is stored is the simulator's");
        let is_busy = here.load_w.unwrap() > 500.0 || here.import_price.is_some_and(|price| price > 0.3);
        let command =
            if is_busy { Command::Balance(BalanceLimits::default()) } else { Command::Charge { power_w: 1000.0 } };
        let reason = Reason { code: "trusting".into(), text: String::new(), facts: Vec::new() };
        let action = Action { target: "battery-0".into(), command, reason, until: None };
        Ok(Asked { actions: vec![action], ok: true, ..Asked::default() })
    }
}

#[test]
fn each_part_of_the_loss_is_what_knowing_would_have_spared() {
    let house = house(&[1920.0], 50.0);
    // Said to use nothing, but uses much; and prices are not known.
    let rows = rows(&[(0.4, 0.2, 0.0, 900.0), (0.2, 0.2, 0.0, 900.0), (0.4, 0.2, 0.0, 900.0), (0.4, 0.2, 0.0, 0.0)]);
    let snapshots: Vec<_> = (0..rows.len()).map(|k| Some(snapshot(&house, &rows[k..], 0.0))).collect();
    let references = References::of(&house, &rows).unwrap();
    let day = Day { house: &house, rows: &rows, snapshots: &snapshots };
    let scored = day.score(&Contender::new(&Trusting, Value::Null), &references).unwrap();
    assert!(scored.loss.forecast_error > 0.001, "{:?}", scored.loss);
    assert!(scored.loss.price_error > 0.01, "{:?}", scored.loss);
    assert!(scored.loss.guard.abs() < 1e-9, "{:?}", scored.loss);
    assert_eq!(scored.played.refused, 0);
}
