//! The control loop's record, kept in the journal.

use control::{Record, RecordError};
use jiff::Timestamp;
use journal::{Journal, TaskProgress};
use model::home::Baseline;
use model::snapshot::TaskState;
use model::{Outcome, StrategyRef, TargetId, Tick};

/// A [`Record`] in a [`Journal`].
pub struct Recorder(pub Journal);

/// With all causes: the journal's own message leaves out what SQLite said.
fn failed(error: journal::Error) -> RecordError {
    RecordError(format!("{:#}", anyhow::Error::from(error)))
}

impl Record for Recorder {
    fn tick(&self, tick: &Tick) -> Result<i64, RecordError> {
        self.0.record(tick).map_err(failed)
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

    /// A new version of a strategy gets what the old one kept: it may refuse it.
    fn load_memory(&self, strategy: &StrategyRef) -> Result<Vec<u8>, RecordError> {
        Ok(self.0.load_memory(&strategy.name).map_err(failed)?.map(|memory| memory.bytes).unwrap_or_default())
    }

    fn save_task(&self, task: &str, deadline: Timestamp, done_wh: f64) -> Result<(), RecordError> {
        // The window is told by its deadline, which never moves while a task runs.
        let progress = TaskProgress { period_start: deadline, done_wh, state: TaskState::Running };
        self.0.save_task(task, &progress).map_err(failed)
    }

    fn load_task(&self, task: &str, deadline: Timestamp) -> Result<Option<f64>, RecordError> {
        let kept = self.0.load_task(task).map_err(failed)?;
        Ok(kept.filter(|kept| kept.period_start == deadline).map(|kept| kept.done_wh))
    }
}
