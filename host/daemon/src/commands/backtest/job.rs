//! One way of one strategy through the series.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use backtest::{Asked, Foresight, House, Played, Player, Strategy};
use forecast::SeriesRow;
use model::{Action, CommandKind, Input};
use serde_json::Value;

use super::notes::Notes;

/// A strategy in the sandbox of the live daemon.
pub struct Sandboxed(engine::Strategy);

impl Sandboxed {
    pub fn new(strategy: engine::Strategy) -> Self {
        Self(strategy)
    }

    pub fn hash(&self) -> &str {
        self.0.hash()
    }

    /// Settings with their defaults, checked.
    pub fn complete(&self, settings: &Value) -> Result<Value> {
        self.0.complete_settings(settings).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| format!("settings{}: {}", p.path, p.message)).collect();
            anyhow!("{}: {}", self.name(), list.join("; "))
        })
    }
}

impl Strategy for Sandboxed {
    fn name(&self) -> &str {
        &self.0.description().name
    }

    fn declared(&self) -> BTreeSet<CommandKind> {
        self.0.description().commands.clone()
    }

    fn decide(&self, input: &Input) -> Result<Asked, String> {
        let answer = self.0.decide(input).map_err(|error| error.to_string())?;
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

/// What is to be played.
pub struct Job {
    /// For people: the strategy and what was varied.
    pub label: String,
    pub strategy: Arc<Sandboxed>,
    pub settings: Value,
    pub foresight: Foresight,
    pub guarded: bool,
}

/// What came of a job.
pub type Done = Played;

impl Job {
    /// Plays it, first by what was noted.
    pub fn play(
        &self,
        index: usize,
        house: &House,
        rows: &[SeriesRow],
        notes: Option<&Notes>,
        step: &dyn Fn(),
    ) -> Result<Done> {
        let strategy = &*self.strategy;
        let mut player = Player::new(house, rows, strategy, self.settings.clone(), self.foresight, self.guarded)?;
        let mut before = notes.map(|notes| notes.of(index)).unwrap_or_default().into_iter();
        while player.next_slot().is_some() {
            let asked = match before.next() {
                Some(asked) => asked,
                None => {
                    let asked = player.ask(strategy);
                    if let Some(notes) = notes {
                        notes.add(index, &asked)?;
                    }
                    asked
                }
            };
            player.play(strategy, asked);
            step();
        }
        if let Some(notes) = notes {
            notes.flush()?;
        }
        Ok(player.finish())
    }
}
