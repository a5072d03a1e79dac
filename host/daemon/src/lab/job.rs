//! A backtest, played on one thread.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use backtest::{Asked, Foresight, House, Played, Player, References, Strategy, share};
use forecast::SeriesRow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Action, BalanceLimits, Command, CommandKind, Input, Reason};
use serde_json::{Map, Value};
use server::lab::{BacktestDay, BacktestLine, LineKind};
use simulator::Totals;

use crate::sandboxed::Sandboxed;

/// Of a longer time, a line for each slot is more than a screen can show.
const SLOT_CURVE_MOST: usize = 14 * 96;

/// What is to be played.
pub struct Job {
    pub house: House,
    pub rows: Vec<SeriesRow>,
    pub foresight: Foresight,
    pub runs: Vec<Run>,
}

/// One strategy of it.
pub struct Run {
    pub strategy: Arc<Sandboxed>,
    /// Complete.
    pub settings: Value,
    /// What of them was asked for.
    pub asked: Map<String, Value>,
}

/// How far it is, and whether it is still wanted.
#[derive(Default)]
pub struct Progress {
    pub slots_done: AtomicU64,
    pub cancelled: AtomicBool,
}

impl Job {
    /// Slots to be played, all lines together.
    pub fn slots(&self) -> u64 {
        (self.rows.len() * (self.runs.len() + 2)) as u64
    }

    /// Plays it. `None`: it was cancelled.
    ///
    /// # Errors
    /// The battery cannot be.
    pub fn play(&self, progress: &Progress) -> Result<Option<Vec<BacktestLine>>> {
        let references = References::of(&self.house, &self.rows)?;
        let days = self.days();
        let mut lines = Vec::new();
        for (kind, command) in [
            (LineKind::NoBattery, Command::Hold),
            (LineKind::SelfConsumption, Command::Balance(BalanceLimits::default())),
        ] {
            let fixed = Fixed(command);
            let Some(way) = self.way(&fixed, Value::Null, Foresight::PERFECT, false, progress)? else {
                return Ok(None);
            };
            lines.push(self.line(kind, &way, &references, &days));
        }
        lines.push(line(LineKind::PerfectForesight, &references.perfect_foresight, &references));
        for run in &self.runs {
            let Some(way) = self.way(&*run.strategy, run.settings.clone(), self.foresight, true, progress)? else {
                return Ok(None);
            };
            let own = self.line(LineKind::Strategy, &way, &references, &days);
            lines.push(BacktestLine {
                strategy: run.strategy.name().to_owned(),
                version: run.strategy.version().to_owned(),
                settings: run.asked.clone(),
                ..own
            });
        }
        Ok(Some(lines))
    }

    fn way(
        &self,
        strategy: &dyn Strategy,
        settings: Value,
        foresight: Foresight,
        guarded: bool,
        progress: &Progress,
    ) -> Result<Option<Way>> {
        let watched = Watched { strategy, soc_pct: Mutex::default() };
        let mut player = Player::new(&self.house, &self.rows, &watched, settings, foresight, guarded)?;
        while player.next_slot().is_some() {
            if progress.cancelled.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let asked = player.ask(&watched);
            player.play(&watched, asked);
            progress.slots_done.fetch_add(1, Ordering::Relaxed);
        }
        let played = player.finish();
        Ok(Some(Way { played, soc_pct: watched.soc_pct.into_inner().unwrap_or_else(PoisonError::into_inner) }))
    }

    fn line(&self, kind: LineKind, way: &Way, references: &References, days: &[(Date, usize)]) -> BacktestLine {
        let played = &way.played;
        let totals = played.totals.unwrap_or(references.no_battery);
        let mut took_us = played.took_us.clone();
        took_us.sort_unstable();
        let is_short = way.soc_pct.len() <= SLOT_CURVE_MOST;
        BacktestLine {
            adjusted: played.adjusted,
            refused: played.refused,
            strategy_errors: played.strategy_errors,
            decide_ms: took_us.get(took_us.len() / 2).map(|us| *us as f64 / 1000.0),
            days: curve(days, &played.days, &way.soc_pct),
            soc_pct: if is_short {
                way.soc_pct.iter().map(|soc| (soc * 10.0).round() / 10.0).collect()
            } else {
                vec![]
            },
            ..line(kind, &totals, references)
        }
    }

    /// The days of the home's calendar, each with its number of slots.
    fn days(&self) -> Vec<(Date, usize)> {
        let zone = TimeZone::get(&self.house.timezone).unwrap_or(TimeZone::UTC);
        let mut days: Vec<(Date, usize)> = Vec::new();
        for row in &self.rows {
            let day = zone.to_datetime(row.start).date();
            match days.last_mut() {
                Some((last, slots)) if *last == day => *slots += 1,
                _ => days.push((day, 1)),
            }
        }
        days
    }
}

/// What came of a way through the past.
struct Way {
    played: Played,
    /// When each slot began.
    soc_pct: Vec<f64>,
}

fn line(kind: LineKind, totals: &Totals, references: &References) -> BacktestLine {
    let cost = totals.cost_adjusted_eur;
    BacktestLine {
        kind,
        strategy: String::new(),
        version: String::new(),
        settings: Map::new(),
        cost: totals.cost_eur,
        cost_adjusted: cost,
        saved_against_no_battery: references.no_battery.cost_adjusted_eur - cost,
        saved_against_self_consumption: references.self_consumption.cost_adjusted_eur - cost,
        share: share(cost, references),
        import_kwh: totals.import_kwh,
        export_kwh: totals.export_kwh,
        cycles: totals.cycles,
        adjusted: 0,
        refused: 0,
        strategy_errors: 0,
        decide_ms: None,
        days: Vec::new(),
        soc_pct: Vec::new(),
    }
}

fn curve(days: &[(Date, usize)], costs: &[f64], soc_pct: &[f64]) -> Vec<BacktestDay> {
    let mut left = soc_pct;
    let day = |((day, slots), cost): (&(Date, usize), &f64)| {
        let (own, rest) = left.split_at((*slots).min(left.len()));
        left = rest;
        let mean = own.iter().sum::<f64>() / own.len().max(1) as f64;
        BacktestDay { day: *day, cost: *cost, soc_pct: (mean * 10.0).round() / 10.0 }
    };
    days.iter().zip(costs).map(day).collect()
}

/// Looks at the charge of the battery while a strategy is asked.
struct Watched<'a> {
    strategy: &'a dyn Strategy,
    soc_pct: Mutex<Vec<f64>>,
}

impl Strategy for Watched<'_> {
    fn name(&self) -> &str {
        self.strategy.name()
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        self.strategy.declared()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let soc_pct = input.snapshot.batteries.first().and_then(|battery| battery.soc_pct);
        self.soc_pct.lock().unwrap_or_else(PoisonError::into_inner).push(soc_pct.unwrap_or_default());
        self.strategy.decide(input)
    }
}

/// Always says the same.
struct Fixed(Command);

impl Strategy for Fixed {
    fn name(&self) -> &str {
        "reference"
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        [self.0.kind()].into()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let target = input.snapshot.batteries.first().map(|battery| battery.id.clone()).unwrap_or_default();
        let action = Action { target, command: self.0.clone(), reason: Reason::default(), until: None };
        Ok(Asked { actions: vec![action], ok: true, ..Asked::default() })
    }
}

#[cfg(test)]
mod tests {
    use backtest::HouseBattery;
    use guard::{BatteryLimits, Limits};
    use simulator::BatteryParameters;

    use super::*;

    fn job(days: usize) -> Job {
        let rows = home::simulated::year_of_data().unwrap().rows()[..days * 96].to_vec();
        let limits = Limits { batteries: [("battery".into(), BatteryLimits::default())].into(), ..Limits::default() };
        let house = House {
            timezone: "Europe/Berlin".into(),
            currency: "EUR".into(),
            batteries: vec![HouseBattery {
                id: "battery".into(),
                parameters: BatteryParameters::default(),
                start_soc_pct: 50.0,
                wear_cost_per_kwh: 0.0,
            }],
            tasks: Vec::new(),
            limits,
        };
        Job { house, rows, foresight: Foresight::KNOWN, runs: Vec::new() }
    }

    #[test]
    fn the_references_stand_in_their_order_with_their_days() {
        let job = job(3);
        let progress = Progress::default();
        let lines = job.play(&progress).unwrap().unwrap();
        let [none, plain, perfect] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert_eq!(progress.slots_done.into_inner(), job.slots());
        assert_eq!((none.kind, none.share, plain.share), (LineKind::NoBattery, none.share, 0.0));
        assert!(perfect.cost_adjusted <= plain.cost_adjusted && plain.cost_adjusted < none.cost_adjusted);
        assert!((perfect.share - 1.0).abs() < 1e-9);
        assert_eq!((none.days.len(), none.soc_pct.len(), none.days[0].soc_pct), (3, 3 * 96, 50.0));
        assert_eq!(none.days[0].day.to_string(), "2023-07-01");
        let sum: f64 = none.days.iter().map(|day| day.cost).sum();
        assert!((sum - none.cost_adjusted).abs() < 1e-9, "{sum} is not {}", none.cost_adjusted);
    }

    #[test]
    fn what_is_cancelled_ends_without_a_result() {
        let progress = Progress::default();
        progress.cancelled.store(true, Ordering::Relaxed);
        assert!(job(2).play(&progress).unwrap().is_none());
        assert_eq!(progress.slots_done.into_inner(), 0);
    }
}
