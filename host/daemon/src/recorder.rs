//! The control loop's record, kept in the journal.

use control::{Kept, Record, RecordError};
use jiff::Timestamp;
use journal::{Journal, Level};
use model::home::Baseline;
use model::{Outcome, Shadow, StrategyRef, TargetId, Tick};

/// Under which name the guard's ledger is kept.
const LEDGER: &str = "guard-ledger";

/// Under which name is kept what the owner does by hand.
const HAND: &str = "hand";

/// Under which name is kept how far the flexible loads are.
const TASKS: &str = "tasks";

/// A [`Record`] in a [`Journal`].
pub struct Recorder(pub Journal);

/// With all causes: the journal's own message leaves out what SQLite said.
fn failed(error: journal::Error) -> RecordError {
    RecordError(format!("{:#}", anyhow::Error::from(error)))
}

impl Record for Recorder {
    fn tick(&self, tick: &Tick, scene: &[u8]) -> Result<i64, RecordError> {
        self.0.record(tick, Some(scene)).map_err(failed)
    }

    fn shadow(&self, shadow: &Shadow) -> Result<(), RecordError> {
        self.0.record_shadow(shadow).map_err(failed)
    }

    fn log(&self, tick: i64, at: Timestamp, strategy: &str, lines: &[String]) -> Result<(), RecordError> {
        self.0.record_log(tick, at, strategy, lines).map_err(failed)
    }

    fn note(&self, at: Timestamp, text: &str) -> Result<(), RecordError> {
        self.0.note(at, Level::Warning, text).map_err(failed)
    }

    fn outcomes(&self, tick: i64, outcomes: &[Outcome]) -> Result<(), RecordError> {
        self.0.update_outcomes(tick, outcomes).map_err(failed)
    }

    fn remember_baseline(&self, target: &TargetId, baseline: &Baseline) -> Result<(), RecordError> {
        self.0.remember_baseline(target, baseline).map_err(failed)
    }

    fn baseline(&self, target: &TargetId) -> Result<Option<Baseline>, RecordError> {
        self.0.baseline(target).map_err(failed)
    }

    fn forget_baseline(&self, target: &TargetId) -> Result<(), RecordError> {
        self.0.forget_baseline(target).map_err(failed)
    }

    fn save_memory(&self, strategy: &StrategyRef, memory: &[u8]) -> Result<(), RecordError> {
        self.0.save_memory(&strategy.name, &strategy.hash, memory).map_err(failed)
    }

    fn load_memory(&self, strategy: &str) -> Result<Option<Kept>, RecordError> {
        let kept = self.0.load_memory(strategy).map_err(failed)?;
        Ok(kept.map(|kept| Kept { hash: kept.hash, memory: kept.bytes }))
    }

    fn save_ledger(&self, ledger: &str) -> Result<(), RecordError> {
        self.0.save_state(LEDGER, ledger).map_err(failed)
    }

    fn load_ledger(&self) -> Result<Option<String>, RecordError> {
        self.0.load_state(LEDGER).map_err(failed)
    }

    fn save_hand(&self, hand: &str) -> Result<(), RecordError> {
        self.0.save_state(HAND, hand).map_err(failed)
    }

    fn load_hand(&self) -> Result<Option<String>, RecordError> {
        self.0.load_state(HAND).map_err(failed)
    }

    fn save_tasks(&self, tasks: &str) -> Result<(), RecordError> {
        self.0.save_state(TASKS, tasks).map_err(failed)
    }

    fn load_tasks(&self) -> Result<Option<String>, RecordError> {
        self.0.load_state(TASKS).map_err(failed)
    }
}
