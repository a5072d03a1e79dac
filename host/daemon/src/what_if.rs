//! "What if?" for the API: a recorded decision once more, with other inputs.

use std::sync::{Arc, Mutex, TryLockError};

use engine::{Library, Strategy};
use journal::Journal;
use model::{Input, Snapshot, StrategyRef, Terms, Tick};
use serde_json::{Value, json};
use server::manage::ManageError;
use server::what_if::{Alternative, Comparison, Evaluate, WhatIf};

use crate::bill::bill;
use crate::evaluation::{self, evaluate};
use crate::roster::RosterFile;
use crate::sandboxed::in_use;

type Result<T> = std::result::Result<T, ManageError>;

/// What the server asks.
pub struct Evaluator {
    library: Arc<Library>,
    roster: RosterFile,
    journal: Journal,
    /// Held by the question under way: each may take as long as a decision, and the decisions of the home come first.
    turn: Mutex<()>,
}

fn refused(error: impl std::fmt::Display) -> ManageError {
    ManageError::Refused(error.to_string())
}

impl Evaluator {
    /// For this home.
    pub fn new(library: Arc<Library>, roster: RosterFile, journal: Journal) -> Self {
        Self { library, roster, journal, turn: Mutex::new(()) }
    }

    fn tick(&self, id: Option<i64>) -> Result<Tick> {
        let found = match id {
            Some(id) => self.journal.tick(id),
            None => self.journal.latest(),
        };
        found.map_err(|error| ManageError::Failed(error.to_string()))?.ok_or_else(|| {
            ManageError::NotFound(match id {
                Some(id) => format!("there is no tick {id}; it is too old to be kept, or never was"),
                None => "nothing was decided yet".to_owned(),
            })
        })
    }

    /// Whom to ask, with the settings and the memory that it had then, where it was asked then.
    fn asked(&self, tick: &Tick, name: &str) -> Result<(Arc<Strategy>, Value, Vec<u8>, Terms)> {
        let strategy = in_use(&self.library, name)?;
        let first = tick.strategy.iter().filter(|first| first.name == name);
        let mut then = first.map(|first| (&first.hash, &tick.input.settings, &tick.input.memory)).chain(
            tick.parts
                .iter()
                .filter(|part| part.strategy.name == name)
                .map(|part| (&part.strategy.hash, &part.settings, &part.memory)),
        );
        if let Some((hash, settings, memory)) = then.next() {
            // Another version need not understand what this one kept.
            let memory = if hash == strategy.hash() { memory.clone() } else { Vec::new() };
            return Ok((strategy, settings.clone(), memory, tick.terms(name)));
        }
        let roster = self.roster.read().map_err(|error| ManageError::Failed(format!("{error:#}")))?;
        Ok((strategy, roster.member(name).settings, Vec::new(), roster.terms(name)))
    }

    fn other(&self, tick: &Tick, question: &WhatIf) -> Result<Alternative> {
        let decided = decider(tick).or(tick.strategy.as_ref()).map(|strategy| strategy.name.as_str());
        let name = question.strategy.as_deref().or(decided);
        let name = name.ok_or_else(|| refused("no strategy decided then; name one"))?;
        let (strategy, own, memory, terms) = self.asked(tick, name)?;
        let mut both = json!({ "snapshot": changed(&tick.input.snapshot, question)?, "settings": own });
        for (key, value) in question.settings.iter().flatten() {
            both["settings"][key] = value.clone();
        }
        for (path, value) in &question.set {
            evaluation::set(&mut both, path, value.clone()).map_err(|error| refused(format!("{error:#}")))?;
        }
        let snapshot: Snapshot = serde_path_to_error::deserialize(both["snapshot"].take())
            .map_err(|error| refused(format!("snapshot.{}: {}", error.path(), error.inner())))?;
        let settings = strategy.complete_settings(&both["settings"]).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            refused(format!("these settings do not fit `{name}`: {}", list.join("; ")))
        })?;
        let (plan, verdicts, failure) =
            match evaluate(&strategy, Input { snapshot: snapshot.clone(), settings, memory }, terms) {
                Ok(evaluated) => (Some(evaluated.answer.plan), evaluated.verdicts, None),
                Err(error) => (None, Vec::new(), Some(control::ask::sentence(&error))),
            };
        let bill = plan.as_ref().and_then(|plan| bill(&snapshot, plan, &verdicts));
        let strategy = Some(strategy.reference());
        Ok(Alternative { strategy, plan, verdicts, failure, ahead: snapshot.ahead, bill })
    }
}

fn changed(snapshot: &Snapshot, question: &WhatIf) -> Result<Snapshot> {
    let mut snapshot = snapshot.clone();
    question.changes.apply(&mut snapshot).map_err(refused)?;
    Ok(snapshot)
}

/// Who decided about the battery; else the first one with a plan.
fn decider(tick: &Tick) -> Option<&StrategyRef> {
    let battery = tick.input.snapshot.batteries.first().map(|battery| battery.id.as_str());
    let by = tick.verdicts.iter().find(|verdict| Some(verdict.target.as_str()) == battery)?.by.as_deref();
    let mut all = tick.strategy.iter().chain(tick.parts.iter().map(|part| &part.strategy));
    all.find(|strategy| Some(strategy.name.as_str()) == by)
}

/// As it was recorded.
fn real(tick: &Tick) -> Alternative {
    let snapshot = &tick.input.snapshot;
    let battery = snapshot.batteries.first().map(|battery| battery.id.as_str());
    let verdict = tick.verdicts.iter().find(|verdict| Some(verdict.target.as_str()) == battery);
    // The battery's outlook is that of the strategy that decided about it.
    let whose = verdict.and_then(|verdict| tick.plan_of(verdict.by.as_deref()?));
    let plan = whose.or(tick.plan.as_ref());
    Alternative {
        strategy: decider(tick).or(tick.strategy.as_ref()).cloned(),
        plan: plan.cloned(),
        verdicts: tick.verdicts.clone(),
        failure: plan.is_none().then(|| "no strategy gave a plan".to_owned()),
        ahead: snapshot.ahead.clone(),
        bill: plan.and_then(|plan| bill(snapshot, plan, &tick.verdicts)),
    }
}

impl Evaluate for Evaluator {
    fn what_if(&self, question: WhatIf) -> Result<Comparison> {
        let _turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(ManageError::Busy("another question is under way; ask again in a moment".into()));
            }
        };
        let tick = self.tick(question.tick)?;
        let other = self.other(&tick, &question)?;
        Ok(Comparison { tick: tick.id, at: tick.at, real: real(&tick), other })
    }
}
