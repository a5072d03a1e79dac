//! A backtest of the shipped year against the figures of an independent simulator and optimizer.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use forecast::Series;
use guard::{BatteryLimits, DeviceLimits, GridLimits, Limits};
use model::snapshot::{Abilities, Battery};
use model::task::TaskSetup;
use model::{Action, BalanceLimits, Command, CommandKind, Input, Reason};
use simulator::BatteryParameters;
use wattwright_backtest::{
    Asked, Forecasts, Foresight, House, HouseBattery, Played, Player, References, Strategy, play_together, share,
};

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
        tasks: Vec::new(),
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

/// As [`Cheap`] with each battery; loads run when it is cheap.
struct CheapEach;

impl Strategy for CheapEach {
    fn name(&self) -> &str {
        "cheap-each"
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        [CommandKind::Balance, CommandKind::Charge, CommandKind::TurnOnOff].into()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let only = Cheap.decide(input)?;
        let of = |target: &str, command: Command| Action { target: target.into(), command, ..only.actions[0].clone() };
        let is_cheap = matches!(only.actions[0].command, Command::Charge { .. });
        let snapshot = &input.snapshot;
        let batteries = snapshot.batteries.iter().map(|own| of(&own.id, only.actions[0].command.clone()));
        let switched = if is_cheap { Command::TurnOn } else { Command::TurnOff };
        let loads = snapshot.devices.iter().map(|device| of(&device.id, switched.clone()));
        Ok(Asked { actions: batteries.chain(loads).collect(), ..only.clone() })
    }
}

/// Two batteries, a dishwasher and a heater that may be paused.
fn full_house() -> House {
    let one = house(BatteryParameters::default());
    let other = HouseBattery { id: "other".into(), parameters: big(), start_soc_pct: 30.0, wear_cost_per_kwh: 0.0 };
    let mut limits = one.limits.clone();
    limits.batteries.extend([("other".to_owned(), house(big()).limits.batteries["battery"].clone())]);
    let task = |id: &str, energy_wh, power_w, earliest: &str, deadline: &str, interruptible| TaskSetup {
        id: id.into(),
        name: id.into(),
        device: format!("plug-{id}"),
        energy_wh,
        power_w,
        earliest: earliest.parse().unwrap(),
        deadline: deadline.parse().unwrap(),
        interruptible,
    };
    let tasks = vec![
        task("dishes", 1_100.0, 600.0, "20:00", "06:00", false),
        task("heater", 3_000.0, 1_200.0, "00:00", "23:00", true),
    ];
    for task in &tasks {
        let abilities = Abilities { switch: true, ..Abilities::default() };
        let device = DeviceLimits { abilities, interruptible: task.interruptible, ..DeviceLimits::default() };
        limits.devices.insert(task.device.clone(), device);
    }
    let batteries = one.batteries.iter().cloned().chain([other]).collect();
    House { batteries, tasks, limits, ..one }
}

#[test]
fn two_batteries_and_loads_are_served_alike_whoever_decides() {
    let house = full_house();
    let (slots, per_day_kwh) = (20 * 96, 1.1 + 3.0);
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let rows = &series.rows()[..slots];
    let references = References::of(&house, rows).unwrap();
    let (answers, through) = played_by(&CheapEach, &house, slots, &[]);
    let totals = through.totals.unwrap();
    let bare_kwh: f64 = rows.iter().map(|row| row.load_w / 4000.0).sum();
    let all = [&references.no_battery, &references.self_consumption, &references.perfect_foresight, &totals];
    for one in all {
        // The window that the series ends in may be served or not.
        let served_kwh = one.load_kwh - bare_kwh;
        assert!((served_kwh - 20.0 * per_day_kwh).abs() < 1.2, "{served_kwh}");
    }
    let best = references.perfect_foresight.cost_adjusted_eur;
    assert!(all.iter().all(|one| one.cost_adjusted_eur >= best - 1e-9), "{references:?}, {totals:?}");
    assert!(references.self_consumption.cost_adjusted_eur < references.no_battery.cost_adjusted_eur);
    assert!(answers.iter().any(|asked| asked.actions.len() == 4));

    // What was interrupted ends the same.
    let noted = serde_json::to_string(&answers[..777]).unwrap();
    let before: Vec<Asked> = serde_json::from_str(&noted).unwrap();
    let (_, gone_on) = played_by(&CheapEach, &house, slots, &before);
    assert_eq!(serde_json::to_string(&gone_on).unwrap(), serde_json::to_string(&through).unwrap());
}

/// All answers, and what came of them; the first ones are taken from `before`.
fn played(house: &House, slots: usize, before: &[Asked]) -> (Vec<Asked>, Played) {
    played_by(&Cheap, house, slots, before)
}

fn played_by(strategy: &dyn Strategy, house: &House, slots: usize, before: &[Asked]) -> (Vec<Asked>, Played) {
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let rows = &series.rows()[..slots];
    let forecasts = Forecasts::new(rows, &house.timezone);
    let mut player = Player::new(house, &forecasts, strategy, serde_json::json!({}), Foresight::KNOWN, true).unwrap();
    let mut all = Vec::new();
    while let Some(k) = player.next_slot() {
        let asked = before.get(k).cloned().unwrap_or_else(|| player.ask(strategy));
        all.push(asked.clone());
        player.play(strategy, asked);
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
fn side_by_side_all_end_as_alone() {
    let (small, large) = (house(BatteryParameters::default()), house(big()));
    let (slots, begun) = (5 * 96 + 7, 101);
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let rows = &series.rows()[..slots];
    let (answers, first) = played(&small, slots, &[]);
    let (_, second) = played(&large, slots, &[]);
    for threads in [1, 3] {
        let forecasts = Forecasts::new(rows, "Europe/Berlin");
        let player =
            |house, foresight| Player::new(house, &forecasts, &Cheap, serde_json::json!({}), foresight, true).unwrap();
        let mut gone_on = player(&small, Foresight::KNOWN);
        answers[..begun].iter().cloned().for_each(|asked| gone_on.play(&Cheap, asked));
        let players = vec![
            player(&large, Foresight::KNOWN),
            gone_on,
            player(&small, Foresight::PERFECT),
            player(&small, Foresight::KNOWN),
        ];
        let asked = AtomicUsize::new(0);
        let ends = play_together(&forecasts, players, threads, |_, player| {
            asked.fetch_add(1, Ordering::Relaxed);
            let answer = player.ask(&Cheap);
            player.play(&Cheap, answer);
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(asked.into_inner(), 4 * slots - begun);
        assert_eq!((&ends[0], &ends[1], &ends[3]), (&second, &first, &first));
        assert_ne!(ends[2], first);
    }
}

#[test]
fn one_that_fails_stops_all() {
    let house = house(big());
    let series = Series::parse("home-a.csv.gz", YEAR).unwrap();
    let forecasts = Forecasts::new(&series.rows()[..30 * 96], "Europe/Berlin");
    let player = || Player::new(&house, &forecasts, &Cheap, serde_json::json!({}), Foresight::KNOWN, true).unwrap();
    let asked = AtomicUsize::new(0);
    let ended = play_together(&forecasts, vec![player(), player()], 2, |number, player| {
        let answer = player.ask(&Cheap);
        player.play(&Cheap, answer);
        let is_enough = asked.fetch_add(1, Ordering::Relaxed) > 300 && number == 1;
        if is_enough { Err("enough") } else { Ok(()) }
    });
    assert_eq!(ended, Err("enough"));
    assert!(asked.into_inner() < 1_000);
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
