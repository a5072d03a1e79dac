//! A backtest of the shipped year against the figures of an independent simulator and optimizer.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::collections::BTreeSet;

use forecast::Series;
use guard::{BatteryLimits, GridLimits, Limits};
use model::snapshot::Battery;
use model::{Action, BalanceLimits, Command, CommandKind, Input, Reason};
use simulator::BatteryParameters;
use wattwright_backtest::{Asked, Foresight, House, HouseBattery, Played, Player, References, Strategy, share};

const YEAR: &[u8] = include_bytes!("../../../examples/data/home-a.csv.gz");

fn house(parameters: BatteryParameters) -> House {
    let battery = BatteryLimits {
        capacity_wh: parameters.capacity_wh,
        min_soc_pct: parameters.min_soc_pct,
        max_soc_pct: parameters.max_soc_pct,
        max_charge_w: parameters.max_charge_w,
        max_discharge_w: parameters.max_discharge_w,
        commands: Battery::all_commands(),
        ..BatteryLimits::default()
    };
    let grid = GridLimits { feed_in_limit_w: Some(100_000.0), ..GridLimits::default() };
    let limits = Limits { grid, batteries: [("battery".into(), battery)].into(), ..Limits::default() };
    House {
        timezone: "Europe/Brussels".into(),
        currency: "EUR".into(),
        batteries: vec![HouseBattery { id: "battery".into(), parameters, start_soc_pct: 50.0, wear_cost_per_kwh: 0.0 }],
        limits,
    }
}

fn big() -> BatteryParameters {
    BatteryParameters {
        capacity_wh: 10_000.0,
        max_charge_w: 5_000.0,
        max_discharge_w: 5_000.0,
        charge_efficiency: 0.96,
        discharge_efficiency: 0.96,
        ..BatteryParameters::default()
    }
}

/// Charges in the cheapest hours of the prices that it sees, else follows the meter.
struct Cheap;

impl Strategy for Cheap {
    fn name(&self) -> &str {
        "cheap"
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        [CommandKind::Balance, CommandKind::Charge].into()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let prices: Vec<f64> = input.snapshot.ahead.iter().filter_map(|slot| slot.import_price).collect();
        let mean = prices.iter().sum::<f64>() / prices.len() as f64;
        let command = if prices[0] < 0.8 * mean {
            Command::Charge { power_w: 500.0 }
        } else {
            Command::Balance(BalanceLimits::default())
        };
        let reason = Reason { code: "cheap".into(), text: String::new(), facts: Vec::new() };
        let action = Action { target: "battery".into(), command, reason, until: None };
        Ok(Asked { actions: vec![action], memory: vec![prices.len() as u8], ok: true, took_us: 1 })
    }
}

/// All answers, and what came of them; the first ones are taken from `before`.
fn played(house: &House, slots: usize, before: &[Asked]) -> (Vec<Asked>, Played) {
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let rows = &series.rows()[..slots];
    let mut player = Player::new(house, rows, &Cheap, serde_json::json!({}), Foresight::KNOWN, true).unwrap();
    let mut all = Vec::new();
    while let Some(k) = player.next_slot() {
        let asked = before.get(k).cloned().unwrap_or_else(|| player.ask(&Cheap));
        all.push(asked.clone());
        player.play(&Cheap, asked);
    }
    (all, player.finish())
}

#[test]
fn the_references_are_those_of_the_independent_programs() {
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    for (parameters, plain, best) in [
        (BatteryParameters::default(), 1862.716015082649, 1831.151720763232),
        (big(), 1800.360885498124, 1647.8383834689214),
    ] {
        let references = References::of(&house(parameters), series.rows()).unwrap();
        assert!((references.no_battery.cost_adjusted_eur - 1943.41985385).abs() < 1e-4);
        assert!((references.self_consumption.cost_adjusted_eur - plain).abs() < 1e-4);
        let found = references.perfect_foresight.cost_adjusted_eur;
        // The mixed-integer program stopped at a gap of 1e-5.
        assert!(found <= best + 1e-4 && found > best - 0.02, "{found}, expected {best}");
        assert!((share(found, &references) - 1.0).abs() < 1e-12 && share(plain, &references).abs() < 1e-6);
    }
}

#[test]
fn a_run_that_is_gone_on_with_ends_the_same() {
    let house = house(big());
    let (answers, through) = played(&house, 10 * 96, &[]);
    let noted = serde_json::to_string(&answers[..411]).unwrap();
    let before: Vec<Asked> = serde_json::from_str(&noted).unwrap();
    let (_, gone_on) = played(&house, 10 * 96, &before);
    assert_eq!(serde_json::to_string(&gone_on).unwrap(), serde_json::to_string(&through).unwrap());
    assert_eq!((through.days.len(), through.strategy_errors), (10, 0));
    assert_eq!(through.accepted + through.adjusted + through.refused, 960);
    assert!(through.refused < 50, "{} refused", through.refused);
    let by_month: f64 = through.months.iter().map(|(_, cost)| cost).sum();
    assert!((through.totals.unwrap().cost_eur - by_month).abs() < 5.0);
}

#[test]
fn nobody_sees_a_price_before_it_is_published() {
    let house = house(big());
    let (answers, _) = played(&house, 3 * 96, &[]);
    // From local midnight on there is a day, from 13:00 on two.
    assert_eq!(answers[0].memory, [96]);
    assert_eq!(answers[51].memory, [45]);
    assert_eq!(answers[52].memory, [140]);
    assert_eq!(answers[96].memory, [96]);
}
