//! A recorded tick once more: the same strategies with the same input, and the same guard before the same
//! scene, must give the same plans and verdicts, byte for byte. Pure but for the calling of strategies.
//!
//! Plans and verdicts are compared as they are written down. What a tick recorded of a strategy that failed
//! is replayed as well: it must fail with the same code. What depends on the machine is not compared: how
//! long a call took, and what ended by the clock (`out-of-time`, `late`), which is left out.

mod compare;
mod export;

use std::sync::Arc;

use engine::Strategy;
use guard::{Mandate, SceneRecord};
use model::{Attempt, Input, Plan, Snapshot, StrategyRef, Terms, Tick};
use serde::Serialize;
use serde_json::Value;

pub use compare::{Difference, differences};
pub use export::{ExportError, Exported};

use crate::ask;
use crate::claims::{self, Voice};

/// Codes of failures that another machine, or the same one on another day, need not repeat.
const BY_THE_CLOCK: [&str; 2] = ["out-of-time", "late"];

/// Why a tick cannot be replayed at all.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The scene is of a format that this program does not read.
    #[error("what the guard saw at tick {tick} cannot be read; the program that recorded it can: {source}")]
    Scene {
        /// Which tick.
        tick: i64,
        /// Why.
        source: serde_json::Error,
    },
}

/// One strategy of a tick, asked again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplayedPart {
    /// The recorded version.
    pub strategy: StrategyRef,
    /// Whether it said the same: the same plan, or the same kind of failure. `None`: it could not be asked.
    pub same: Option<bool>,
    /// Why it could not be asked, or has no plan where it had one.
    pub failure: Option<String>,
    /// What the plan cost then, and what it costs now; `None`: it failed.
    pub fuel: Option<(u64, u64)>,
}

/// A tick, replayed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replayed {
    /// Which.
    pub tick: i64,
    /// Those with a plan in the owner's order, then those that failed.
    pub parts: Vec<ReplayedPart>,
    /// Whether the verdicts are the same; `None`: what the guard saw was not recorded, or a strategy could not
    /// be asked.
    pub verdicts_same: Option<bool>,
    /// All that differs.
    pub differences: Vec<Difference>,
}

impl Replayed {
    /// Whether all of it could be replayed and nothing differs.
    pub fn is_same(&self) -> bool {
        self.parts.iter().all(|part| part.same == Some(true)) && self.verdicts_same == Some(true)
    }
}

/// Gives the recorded version of a strategy, or why it is not to be had.
pub type Find<'a> = dyn Fn(&StrategyRef) -> Result<Arc<Strategy>, String> + 'a;

/// Replays a tick. `scene` is what was recorded with it, as JSON.
///
/// # Errors
/// When the scene cannot be read. Strategies that are not to be had stand in the answer.
pub fn replay(tick: &Tick, scene: Option<&[u8]>, find: &Find<'_>) -> Result<Replayed, ReplayError> {
    let scene = scene.map(|scene| read_scene(tick.id, scene)).transpose()?;
    let mut found = Vec::new();
    let mut replayed = Replayed { tick: tick.id, parts: Vec::new(), verdicts_same: None, differences: Vec::new() };
    let mut plans = Vec::new();
    for said in recorded(tick) {
        let at = format!("plans.{}", said.strategy.name);
        let (part, plan) = match find(said.strategy) {
            Ok(strategy) => {
                let asked = again(&strategy, &tick.input.snapshot, &said, &at, &mut found);
                let declared = strategy.description().commands.clone();
                let mandate = Mandate { declared, grant: said.terms.grant.clone() };
                (asked.0, asked.1.map(|plan| (said.strategy.name.clone(), mandate, plan)))
            }
            Err(failure) => (unasked(said.strategy, failure), None),
        };
        replayed.parts.push(part);
        plans.extend(plan);
    }
    let all_have_plans = plans.len() == replayed.parts.len();
    for attempt in tick.attempts.iter().filter(|attempt| is_repeatable(attempt)) {
        replayed.parts.push(attempt_again(tick, attempt, find, &mut found));
    }
    if let Some(scene) = scene.filter(|_| all_have_plans) {
        let overrides = Plan { actions: tick.overrides.clone(), ..Plan::default() };
        let said = plans.iter().map(|(name, mandate, plan)| Voice { name, mandate, plan });
        let voices: Vec<_> = std::iter::once(claims::owners_voice(&overrides)).chain(said).collect();
        let (proposals, superseded) = claims::claim(&voices);
        let verdicts: Vec<_> = claims::judge(&proposals, &scene).into_iter().map(|r| r.judged.verdict).collect();
        let before = found.len();
        compare::compare("verdicts", &tick.verdicts, &verdicts, &mut found);
        compare::compare("superseded", &tick.superseded, &superseded, &mut found);
        replayed.verdicts_same = Some(found.len() == before);
    }
    replayed.differences = found;
    Ok(replayed)
}

/// What another strategy would have said to a tick's snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Otherwise {
    /// The other.
    pub strategy: StrategyRef,
    /// Its plan; `None`: see `failure`.
    pub plan: Option<Plan>,
    /// Why there is none.
    pub failure: Option<String>,
    /// Where its plan differs from that of the tick's first strategy.
    pub differences: Vec<Difference>,
}

/// Asks another strategy about a recorded tick, with an empty memory. `settings` are checked and completed.
pub fn ask_other(tick: &Tick, other: &Arc<Strategy>, settings: Value, terms: &Terms) -> Otherwise {
    let snapshot = ask::seen_by(&tick.input.snapshot, &terms.grant);
    let said = other.decide_within(&Input { snapshot, settings, memory: Vec::new() }, &terms.allowance);
    let (plan, failure) = match said {
        Ok(answer) => (Some(answer.plan), None),
        Err(error) => (None, Some(format!("{}: {error}", error.code()))),
    };
    let differences = differences("plan", &tick.plan, &plan);
    Otherwise { strategy: other.reference(), plan, failure, differences }
}

/// What is recorded of one strategy that had a plan.
struct Said<'a> {
    strategy: &'a StrategyRef,
    terms: Terms,
    settings: &'a Value,
    memory: &'a [u8],
    plan: &'a Plan,
    fuel: u64,
}

fn recorded(tick: &Tick) -> impl Iterator<Item = Said<'_>> {
    let first = tick.strategy.iter().zip(&tick.plan).map(|(strategy, plan)| Said {
        strategy,
        terms: tick.terms(&strategy.name),
        settings: &tick.input.settings,
        memory: &tick.input.memory,
        plan,
        fuel: tick.fuel,
    });
    first.chain(tick.parts.iter().map(|part| Said {
        strategy: &part.strategy,
        terms: tick.terms(&part.strategy.name),
        settings: &part.settings,
        memory: &part.memory,
        plan: &part.plan,
        fuel: part.fuel,
    }))
}

fn again(
    strategy: &Strategy,
    snapshot: &Snapshot,
    said: &Said<'_>,
    at: &str,
    found: &mut Vec<Difference>,
) -> (ReplayedPart, Option<Plan>) {
    let input = Input {
        snapshot: ask::seen_by(snapshot, &said.terms.grant),
        settings: said.settings.clone(),
        memory: said.memory.to_vec(),
    };
    let mut part = unasked(said.strategy, String::new());
    match strategy.decide_within(&input, &said.terms.allowance) {
        Ok(answer) => {
            let before = found.len();
            compare::compare(at, said.plan, &answer.plan, found);
            part.same = Some(found.len() == before);
            part.failure = None;
            part.fuel = Some((said.fuel, answer.fuel));
            (part, Some(answer.plan))
        }
        Err(error) => {
            found.push(Difference::of(at, "a plan", format!("no plan: {}: {error}", error.code())));
            part.same = Some(false);
            part.failure = Some(format!("{}: {error}", error.code()));
            (part, None)
        }
    }
}

/// Whether a failure is of a call, and not by the clock.
fn is_repeatable(attempt: &Attempt) -> bool {
    attempt.settings.is_some() && !BY_THE_CLOCK.contains(&attempt.code.as_str())
}

fn attempt_again(tick: &Tick, attempt: &Attempt, find: &Find<'_>, found: &mut Vec<Difference>) -> ReplayedPart {
    let strategy = match find(&attempt.strategy) {
        Ok(strategy) => strategy,
        Err(failure) => return unasked(&attempt.strategy, failure),
    };
    let terms = tick.terms(&attempt.strategy.name);
    let input = Input {
        snapshot: ask::seen_by(&tick.input.snapshot, &terms.grant),
        settings: attempt.settings.clone().unwrap_or_default(),
        memory: attempt.memory.clone(),
    };
    let mut part = unasked(&attempt.strategy, String::new());
    let code = match strategy.decide_within(&input, &terms.allowance) {
        Ok(_) => "a plan".to_owned(),
        Err(error) => {
            part.failure = Some(format!("{}: {error}", error.code()));
            error.code().to_owned()
        }
    };
    part.same = Some(code == attempt.code);
    if code != attempt.code {
        found.push(Difference::of(&format!("attempts.{}", attempt.strategy.name), &attempt.code, code));
    }
    part
}

fn unasked(strategy: &StrategyRef, failure: String) -> ReplayedPart {
    ReplayedPart { strategy: strategy.clone(), same: None, failure: Some(failure), fuel: None }
}

fn read_scene(tick: i64, scene: &[u8]) -> Result<SceneRecord, ReplayError> {
    serde_json::from_slice(scene).map_err(|source| ReplayError::Scene { tick, source })
}
