//! What the control loop needs from outside, besides the home itself.

use jiff::Timestamp;
use model::home::Baseline;
use model::snapshot::{PastSlot, Problem, Slot, Source};
use model::{Measured, Outcome, Shadow, StrategyRef, TargetId, Tick};
use tokio::sync::watch;

/// What is known of the slots ahead and behind at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// From the slot that contains the moment, without gaps.
    pub ahead: Vec<Slot>,
    /// Oldest first.
    pub past: Vec<PastSlot>,
    /// Where the columns of `ahead` come from.
    pub sources: Vec<Source>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// Prices, forecasts and history.
pub trait Data: Send + Sync {
    /// Takes a measurement into the history.
    fn observe(&self, at: Timestamp, measured: &Measured);
    /// All that is known at `now`.
    fn known(&self, now: Timestamp) -> Known;
    /// Changes its value when something new is known of the slots ahead.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// Why something could not be recorded. Control goes on without.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RecordError(pub String);

/// What a strategy wants to know next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which version of it wrote this.
    pub hash: String,
    /// What it wrote.
    pub memory: Vec<u8>,
}

/// Where a tick is kept.
pub trait Record: Send + Sync {
    /// Keeps a tick and gives it an id. `scene` is what its verdicts were found from: a
    /// [`guard::SceneRecord`] as JSON.
    fn tick(&self, tick: &Tick, scene: &[u8]) -> Result<i64, RecordError>;
    /// Keeps what a strategy that is only looked at said to a tick.
    fn shadow(&self, shadow: &Shadow) -> Result<(), RecordError>;
    /// Keeps lines that a strategy wrote into its own log.
    fn log(&self, tick: i64, at: Timestamp, strategy: &str, lines: &[String]) -> Result<(), RecordError>;
    /// Keeps a sentence for the owner.
    fn note(&self, at: Timestamp, text: &str) -> Result<(), RecordError>;
    /// Brings the outcomes of an earlier tick up to date.
    fn outcomes(&self, tick: i64, outcomes: &[Outcome]) -> Result<(), RecordError>;
    /// Keeps the settings from before the first takeover, unless some are kept already.
    fn remember_baseline(&self, target: &TargetId, baseline: &Baseline) -> Result<(), RecordError>;
    /// The settings kept of a target.
    fn baseline(&self, target: &TargetId) -> Result<Option<Baseline>, RecordError>;
    /// Drops them after they were restored.
    fn forget_baseline(&self, target: &TargetId) -> Result<(), RecordError>;
    /// Keeps what a strategy wants to know next time, in place of what it kept before.
    ///
    /// There is one memory for each name: a strategy is active or a shadow and never both, and it takes its
    /// memory along from the one to the other.
    fn save_memory(&self, strategy: &StrategyRef, memory: &[u8]) -> Result<(), RecordError>;
    /// What the strategy of that name kept, whichever version of it.
    fn load_memory(&self, strategy: &str) -> Result<Option<Kept>, RecordError>;
    /// Keeps what the guard remembers of writes, in place of what is kept.
    fn save_ledger(&self, ledger: &str) -> Result<(), RecordError>;
    /// What is kept of it.
    fn load_ledger(&self) -> Result<Option<String>, RecordError>;
    /// Keeps what the owner does by hand, in place of what is kept.
    fn save_hand(&self, hand: &str) -> Result<(), RecordError>;
    /// What is kept of it.
    fn load_hand(&self) -> Result<Option<String>, RecordError>;
    /// Keeps how far the tasks are, in place of what is kept.
    fn save_tasks(&self, tasks: &str) -> Result<(), RecordError>;
    /// What is kept of it.
    fn load_tasks(&self) -> Result<Option<String>, RecordError>;
}
