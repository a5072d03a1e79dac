//! One day: from what was recorded to what it would have cost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Result, anyhow};
use backtest::{Asked, Contender, Day, House, References, Strategy};
use forecast::SeriesRow;
use guard::GridLimits;
use jiff::Timestamp;
use jiff::civil::Date;
use model::score::{DayReferences, ScoredAs, StrategyScore};
use model::slot::{self, SLOT_S};
use model::snapshot::{PastSlot, Snapshot};
use model::{Allowance, CommandKind, DayScore, Grant, Input, StrategyRef, Tick};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Scorer;
use crate::house;

/// Less of a day than this says nothing of it.
const LEAST_SHARE: f64 = 0.9;

/// Plays a day. `None`: there was no tick on it, or it is to stop.
pub fn score(
    scorer: &Scorer,
    day: Date,
    start: Timestamp,
    end: Timestamp,
    stop: &CancellationToken,
) -> Result<Option<DayScore>> {
    let (mut snapshots, parties) = recorded(scorer, start, end)?;
    if snapshots.is_empty() {
        return Ok(None);
    }
    let slots = slot::starts(start, end).count();
    let past = scorer.journal.past(start, end)?;
    let mut score = DayScore {
        day,
        start,
        end,
        slots: u32::try_from(slots).unwrap_or(u32::MAX),
        played: 0,
        references: None,
        strategies: Vec::new(),
        unscored: None,
    };
    let of_day = match OfDay::new(scorer, &past, &mut snapshots, slots) {
        Ok(of_day) => of_day,
        Err(reason) => {
            score.unscored = Some(reason.to_string());
            return Ok(Some(score));
        }
    };
    score.played = u32::try_from(of_day.rows.len()).unwrap_or(u32::MAX);
    let references = References::of(&of_day.house, &of_day.rows)?;
    score.references = Some(DayReferences {
        no_battery: references.no_battery.cost_adjusted_eur,
        self_consumption: references.self_consumption.cost_adjusted_eur,
        perfect_foresight: references.perfect_foresight.cost_adjusted_eur,
        measured: of_day.measured,
    });
    let mut missing = Vec::new();
    for party in parties {
        if stop.is_cancelled() {
            return Ok(None);
        }
        match of_day.play(scorer, &party, &references) {
            Ok(played) => score.strategies.push(played),
            Err(error) => missing.push(format!("{}: {error:#}", party.strategy.name)),
        }
    }
    score.unscored = (!missing.is_empty()).then(|| missing.join("; "));
    Ok(Some(score))
}

/// A strategy as it was asked on a day.
struct Party {
    strategy: StrategyRef,
    role: ScoredAs,
    settings: Value,
    grant: Grant,
    allowance: Allowance,
    /// What it had kept when the day began.
    memory: Vec<u8>,
}

/// The snapshots of a day by slot, and who was asked at its end, with what it remembered at its beginning.
fn recorded(scorer: &Scorer, start: Timestamp, end: Timestamp) -> Result<(BTreeMap<Timestamp, Snapshot>, Vec<Party>)> {
    let mut snapshots = BTreeMap::new();
    let mut memories: BTreeMap<(String, String), Vec<u8>> = BTreeMap::new();
    let mut parties = Vec::new();
    for tick in scorer.journal.slot_ticks(start, end)? {
        let asked = asked(scorer, &tick)?;
        for party in &asked {
            let version = (party.strategy.name.clone(), party.strategy.hash.clone());
            memories.entry(version).or_insert_with(|| party.memory.clone());
        }
        // Shadows are left out of a tick when they are busy with the one before.
        if asked.iter().any(|party| party.role == ScoredAs::Shadow) || parties.is_empty() {
            parties = asked;
        } else {
            let is_left_out = |party: &Party| {
                party.role == ScoredAs::Shadow && asked.iter().all(|now| now.strategy.name != party.strategy.name)
            };
            let left_out: Vec<Party> = parties.into_iter().filter(is_left_out).collect();
            parties = asked.into_iter().chain(left_out).collect();
        }
        snapshots.insert(slot::start_of(tick.at), tick.input.snapshot);
    }
    for party in &mut parties {
        let version = (party.strategy.name.clone(), party.strategy.hash.clone());
        party.memory = memories.remove(&version).unwrap_or_default();
    }
    Ok((snapshots, parties))
}

/// Who was asked at a tick: the active ones in the order in which they were asked, then the shadows.
fn asked(scorer: &Scorer, tick: &Tick) -> Result<Vec<Party>> {
    let active = |strategy: &StrategyRef, settings: &Value, memory: &[u8]| {
        let terms = tick.terms(&strategy.name);
        Party {
            strategy: strategy.clone(),
            role: ScoredAs::Active,
            settings: settings.clone(),
            grant: terms.grant,
            allowance: terms.allowance,
            memory: memory.to_vec(),
        }
    };
    let mut all: Vec<Party> = tick
        .strategy
        .iter()
        .map(|strategy| active(strategy, &tick.input.settings, &tick.input.memory))
        .chain(tick.parts.iter().map(|part| active(&part.strategy, &part.settings, &part.memory)))
        .collect();
    for attempt in &tick.attempts {
        // One that was not called has no settings to be called with.
        all.extend(attempt.settings.as_ref().map(|settings| active(&attempt.strategy, settings, &attempt.memory)));
    }
    for shadow in scorer.journal.shadows(tick.id)? {
        if shadow.settings.is_null() {
            continue;
        }
        all.push(Party {
            role: ScoredAs::Shadow,
            grant: shadow.terms.grant,
            allowance: shadow.terms.allowance,
            strategy: shadow.strategy,
            settings: shadow.settings,
            memory: shadow.memory,
        });
    }
    let mut names = BTreeSet::new();
    all.retain(|party| names.insert(party.strategy.name.clone()));
    Ok(all)
}

/// What is needed to play a day.
struct OfDay {
    house: House,
    rows: Vec<SeriesRow>,
    snapshots: Vec<Option<Snapshot>>,
    measured: Option<f64>,
}

impl OfDay {
    fn new(
        scorer: &Scorer,
        past: &[PastSlot],
        snapshots: &mut BTreeMap<Timestamp, Snapshot>,
        slots: usize,
    ) -> Result<Self> {
        let setup = &scorer.setup;
        if setup.batteries.is_empty() {
            return Err(anyhow!("the home has no battery"));
        }
        if let Some(behind) = setup.batteries.iter().find(|battery| battery.carries_solar) {
            return Err(anyhow!("the panels are behind `{}`, which is not simulated", behind.id));
        }
        let first = snapshots.values().next().ok_or_else(|| anyhow!("there was no tick"))?.clone();
        let past: Vec<&PastSlot> = past.iter().filter(|slot| slot.end > first.now).collect();
        let rows: Vec<SeriesRow> = past.iter().filter_map(|slot| row(slot)).collect();
        let told = rows.iter().filter(|row| snapshots.contains_key(&row.start)).count();
        if (told as f64) < LEAST_SHARE * slots as f64 {
            return Err(anyhow!(
                "of {slots} quarter-hours only {told} have a decision and are measured with their prices"
            ));
        }
        let stored = |id: &String| first.batteries.iter().find(|battery| battery.id == *id)?.soc_pct;
        let mut limits = setup.limits.clone();
        // Neither was recorded; without, nothing is forbidden that was allowed.
        limits.grid = GridLimits { external: None, phase_limit_a: None, ..limits.grid };
        let house =
            house::of(setup, limits, stored).ok_or_else(|| anyhow!("what was stored at the beginning is not known"))?;
        // What plugs used is in the measured use.
        let tasks = Vec::new();
        let house = House { timezone: first.timezone.clone(), currency: first.currency.clone(), tasks, ..house };
        let measured = measured(&house, &past, &rows);
        let snapshots = rows.iter().map(|row| snapshots.remove(&row.start)).collect();
        Ok(Self { house, rows, snapshots, measured })
    }

    fn play(&self, scorer: &Scorer, party: &Party, references: &References) -> Result<StrategyScore> {
        let strategy = scorer.library.by_hash(&party.strategy.hash)?;
        let sandboxed = Sandboxed { strategy, allowance: party.allowance.clone() };
        let contender = Contender {
            strategy: &sandboxed,
            settings: party.settings.clone(),
            grant: party.grant.clone(),
            memory: party.memory.clone(),
        };
        let day = Day { house: &self.house, rows: &self.rows, snapshots: &self.snapshots };
        let scored = day.score(&contender, references)?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(StrategyScore {
            strategy: party.strategy.clone(),
            role: party.role,
            cost: scored.totals.cost_eur,
            cost_adjusted: scored.totals.cost_adjusted_eur,
            loss: scored.loss,
            accepted: count(scored.played.accepted),
            adjusted: count(scored.played.adjusted),
            refused: count(scored.played.refused),
            failed: count(scored.played.strategy_errors),
        })
    }
}

/// A slot of which all is known.
fn row(slot: &PastSlot) -> Option<SeriesRow> {
    Some(SeriesRow {
        start: slot.start,
        import_price: slot.import_price?,
        export_price: slot.export_price?,
        solar_w: slot.solar_w?.max(0.0),
        load_w: slot.load_w?.max(0.0),
        temperature_c: slot.temperature_c.unwrap_or_default(),
    })
}

/// What the played slots really cost, adjusted for what was stored: as [`simulator::Totals::cost_adjusted_eur`].
fn measured(house: &House, past: &[&PastSlot], rows: &[SeriesRow]) -> Option<f64> {
    let hours = SLOT_S as f64 / 3600.0;
    let cost = |row: &SeriesRow| {
        let at = past.binary_search_by_key(&row.start, |slot| slot.start).ok()?;
        let grid_kwh = past[at].grid_w? * hours / 1000.0;
        Some(grid_kwh * if grid_kwh > 0.0 { row.import_price } else { row.export_price })
    };
    let paid = rows.iter().map(cost).sum::<Option<f64>>()?;
    let capacity_kwh = |at: &backtest::HouseBattery| at.parameters.capacity_wh / 1000.0;
    let all_kwh: f64 = house.batteries.iter().map(capacity_kwh).sum();
    let start_kwh: f64 = house.batteries.iter().map(|own| own.start_soc_pct / 100.0 * capacity_kwh(own)).sum();
    let end_kwh = past.last()?.soc_pct? / 100.0 * all_kwh;
    // What is stored is measured of all together.
    let efficiency: f64 =
        house.batteries.iter().map(|own| own.parameters.discharge_efficiency * capacity_kwh(own)).sum::<f64>()
            / all_kwh;
    let mean_price = rows.iter().map(|row| row.import_price).sum::<f64>() / rows.len() as f64;
    Some(paid - (end_kwh - start_kwh) * efficiency * mean_price)
}

/// A version in its sandbox, within what a call of it may use.
struct Sandboxed {
    strategy: Arc<engine::Strategy>,
    allowance: Allowance,
}

impl Strategy for Sandboxed {
    fn name(&self) -> &str {
        &self.strategy.description().name
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        self.strategy.description().commands.clone()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let answer = self.strategy.decide_within(input, &self.allowance).map_err(|error| error.to_string())?;
        Ok(Asked { actions: answer.plan.actions, memory: answer.plan.memory, ok: true, took_us: 0 })
    }
}
