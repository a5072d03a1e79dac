//! A backtest, played on one thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Result;
use backtest::{Forecasts, Foresight, House, Played, Player, References, Strategy as _, play_together, share};
use forecast::SeriesRow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use server::lab::{BacktestDay, BacktestLine, BatteryCharge, LineKind};

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
    /// Slots to be played, all strategies together.
    pub fn slots(&self) -> u64 {
        (self.rows.len() * self.runs.len()) as u64
    }

    /// Plays it. `None`: it was cancelled.
    ///
    /// # Errors
    /// The battery cannot be.
    pub fn play(&self, progress: &Progress) -> Result<Option<Vec<BacktestLine>>> {
        let (references, ways) = References::played(&self.house, &self.rows)?;
        let days = self.days();
        let kinds = [LineKind::NoBattery, LineKind::SelfConsumption, LineKind::PerfectForesight];
        let fixed = kinds.into_iter().zip(&ways).map(|(kind, way)| self.line(kind, way, &references, &days));
        let mut lines: Vec<BacktestLine> = fixed.collect();
        let Some(played) = self.ways(progress)? else { return Ok(None) };
        for (run, way) in self.runs.iter().zip(&played) {
            let own = self.line(LineKind::Strategy, way, &references, &days);
            lines.push(BacktestLine {
                strategy: run.strategy.name().to_owned(),
                version: run.strategy.version().to_owned(),
                settings: run.asked.clone(),
                ..own
            });
        }
        Ok(Some(lines))
    }

    /// What came of each strategy.
    fn ways(&self, progress: &Progress) -> Result<Option<Vec<Played>>> {
        let forecasts = Forecasts::new(&self.rows, &self.house.timezone);
        let player = |run: &Run| {
            Player::new(&self.house, &forecasts, &*run.strategy, run.settings.clone(), self.foresight, true)
        };
        let players = self.runs.iter().map(player).collect::<Result<_, _>>()?;
        let played = play_together(&forecasts, players, 1, |number, player| {
            if progress.cancelled.load(Ordering::Relaxed) {
                return Err(());
            }
            let strategy = &*self.runs[number].strategy;
            let asked = player.ask(strategy);
            player.play(strategy, asked);
            progress.slots_done.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        Ok(played.ok())
    }

    fn line(&self, kind: LineKind, way: &Played, references: &References, days: &[(Date, usize)]) -> BacktestLine {
        let totals = way.totals.unwrap_or(references.no_battery);
        let cost = totals.cost_adjusted_eur;
        let mut took_us = way.took_us.clone();
        took_us.sort_unstable();
        let together = self.together(&way.socs_pct);
        let means = means(days, &together);
        let day = |(((day, _), cost), soc_pct): ((&(Date, usize), &f64), &f64)| BacktestDay {
            day: *day,
            cost: *cost,
            soc_pct: *soc_pct,
        };
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
            adjusted: way.adjusted,
            refused: way.refused,
            strategy_errors: way.strategy_errors,
            decide_ms: took_us.get(took_us.len() / 2).map(|us| *us as f64 / 1000.0),
            days: days.iter().zip(&way.days).zip(&means).map(day).collect(),
            soc_pct: by_slot(&together),
            batteries: self.batteries(&way.socs_pct, days),
        }
    }

    /// Each by itself, where there are several.
    fn batteries(&self, socs_pct: &[Vec<f64>], days: &[(Date, usize)]) -> Vec<BatteryCharge> {
        if socs_pct.len() < 2 {
            return Vec::new();
        }
        let own = self.house.batteries.iter().zip(socs_pct);
        own.map(|(battery, soc_pct)| BatteryCharge {
            id: battery.id.clone(),
            days: means(days, soc_pct),
            soc_pct: by_slot(soc_pct),
        })
        .collect()
    }

    /// How far all batteries together are charged.
    fn together(&self, socs_pct: &[Vec<f64>]) -> Vec<f64> {
        let sizes_wh = self.house.batteries.iter().map(|battery| battery.parameters.capacity_wh);
        match socs_pct {
            [] => Vec::new(),
            [one] => one.clone(),
            [first, ..] => {
                let all_wh: f64 = sizes_wh.clone().sum();
                let stored_wh = |slot: usize| -> f64 {
                    let own = socs_pct.iter().map(|own| own.get(slot).copied().unwrap_or_default());
                    own.zip(sizes_wh.clone()).map(|(soc_pct, size_wh)| soc_pct * size_wh).sum()
                };
                (0..first.len()).map(|slot| stored_wh(slot) / all_wh).collect()
            }
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

/// A tenth of a percent is more than a screen shows.
fn rounded(soc_pct: f64) -> f64 {
    (soc_pct * 10.0).round() / 10.0
}

/// Empty where there are too many slots.
fn by_slot(soc_pct: &[f64]) -> Vec<f64> {
    let shown = if soc_pct.len() <= SLOT_CURVE_MOST { soc_pct } else { &[] };
    shown.iter().copied().map(rounded).collect()
}

/// The mean of each day.
fn means(days: &[(Date, usize)], soc_pct: &[f64]) -> Vec<f64> {
    let mut left = soc_pct;
    let day = |(_, slots): &(Date, usize)| {
        let (own, rest) = left.split_at((*slots).min(left.len()));
        left = rest;
        rounded(own.iter().sum::<f64>() / own.len().max(1) as f64)
    };
    days.iter().map(day).collect()
}

#[cfg(test)]
mod tests {
    use backtest::HouseBattery;
    use guard::{BatteryLimits, Limits};
    use simulator::BatteryParameters;

    use super::*;

    fn job(days: usize, capacities_wh: &[f64]) -> Job {
        let rows = home::simulated::year_of_data().unwrap().rows()[..days * 96].to_vec();
        let id = |number: usize| format!("battery-{number}");
        let limits = (0..capacities_wh.len()).map(|number| (id(number), BatteryLimits::default()));
        let battery = |(number, capacity_wh): (usize, &f64)| HouseBattery {
            id: id(number),
            parameters: BatteryParameters { capacity_wh: *capacity_wh, ..BatteryParameters::default() },
            start_soc_pct: 50.0,
            wear_cost_per_kwh: 0.0,
        };
        let house = House {
            timezone: "Europe/Berlin".into(),
            currency: "EUR".into(),
            batteries: capacities_wh.iter().enumerate().map(battery).collect(),
            tasks: Vec::new(),
            limits: Limits { batteries: limits.collect(), ..Limits::default() },
        };
        Job { house, rows, foresight: Foresight::KNOWN, runs: Vec::new() }
    }

    #[test]
    fn the_references_stand_in_their_order_with_their_days() {
        let lines = job(3, &[2000.0]).play(&Progress::default()).unwrap().unwrap();
        let [none, plain, perfect] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert_eq!((none.kind, none.share, plain.share), (LineKind::NoBattery, none.share, 0.0));
        assert!(perfect.cost_adjusted <= plain.cost_adjusted && plain.cost_adjusted < none.cost_adjusted);
        assert!((perfect.share - 1.0).abs() < 1e-9);
        assert_eq!((none.days.len(), none.soc_pct.len(), none.days[0].soc_pct), (3, 3 * 96, 50.0));
        assert_eq!(none.days[0].day.to_string(), "2023-07-01");
        let sum: f64 = none.days.iter().map(|day| day.cost).sum();
        assert!((sum - none.cost_adjusted).abs() < 1e-9, "{sum} is not {}", none.cost_adjusted);
        for line in &lines {
            assert_eq!((line.days.len(), line.soc_pct.len(), line.batteries.len()), (3, 3 * 96, 0));
        }
    }

    #[test]
    fn of_several_batteries_the_sum_is_told_and_each() {
        let lines = job(15, &[1000.0, 3000.0]).play(&Progress::default()).unwrap().unwrap();
        let plain = &lines[1];
        let ids: Vec<&str> = plain.batteries.iter().map(|battery| battery.id.as_str()).collect();
        assert_eq!(ids, ["battery-0", "battery-1"]);
        for (at, day) in plain.days.iter().enumerate() {
            let sum = (plain.batteries[0].days[at] + 3.0 * plain.batteries[1].days[at]) / 4.0;
            assert!((day.soc_pct - sum).abs() < 0.11, "{} is not {sum}", day.soc_pct);
        }
        assert!(plain.soc_pct.is_empty() && plain.batteries[0].soc_pct.is_empty(), "15 days are told by the day");
        assert!(lines[2].batteries.is_empty(), "perfect foresight has all as one");
        assert_eq!(lines[2].days.len(), plain.days.len());
    }
}
