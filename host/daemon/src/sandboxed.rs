//! A strategy in the sandbox of the live daemon, as a backtest asks it.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use backtest::{Asked, Strategy};
use engine::Library;
use model::{Action, Allowance, CommandKind, Input};
use serde_json::Value;
use server::manage::ManageError;

/// The strategy of that name that is in use.
///
/// # Errors
/// There is none; the sentence names those that there are.
pub fn in_use(library: &Library, name: &str) -> Result<Arc<engine::Strategy>, ManageError> {
    library.current(name).ok_or_else(|| {
        let known: Vec<String> = library.entries().into_iter().map(|entry| entry.name).collect();
        ManageError::NotFound(format!("there is no strategy `{name}` in use; there are: {}", known.join(", ")))
    })
}

/// A strategy, with what a call of it may use.
pub struct Sandboxed {
    strategy: Arc<engine::Strategy>,
    allowance: Allowance,
}

impl Sandboxed {
    pub fn new(strategy: Arc<engine::Strategy>, allowance: Allowance) -> Self {
        Self { strategy, allowance }
    }

    pub fn hash(&self) -> &str {
        self.strategy.hash()
    }

    pub fn version(&self) -> &str {
        &self.strategy.description().version
    }

    /// Settings with their defaults, checked.
    pub fn complete(&self, settings: &Value) -> anyhow::Result<Value> {
        self.strategy.complete_settings(settings).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| format!("settings{}: {}", p.path, p.message)).collect();
            anyhow!("{}: {}", self.name(), list.join("; "))
        })
    }
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
        let plan = answer.plan;
        let snapshot = &input.snapshot;
        let is_played = |action: &Action| {
            let is_battery = snapshot.batteries.iter().any(|battery| battery.id == action.target);
            is_battery || snapshot.tasks.iter().any(|task| task.device == action.target)
        };
        let mut actions: Vec<Action> = plan.actions.into_iter().filter(is_played).collect();
        for action in &mut actions {
            // The words do not matter for what is done, and there are many.
            action.reason.text.clear();
            action.reason.facts.clear();
        }
        let took_us = u64::try_from(answer.took.as_micros()).unwrap_or(u64::MAX).max(1);
        Ok(Asked { actions, memory: plan.memory, ok: true, took_us })
    }
}
