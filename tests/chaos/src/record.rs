//! A record on disk that can fail, and what it acknowledged.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use control::{Kept, Record, RecordError};
use jiff::Timestamp;
use journal::Journal;
use model::home::Baseline;
use model::{Outcome, Shadow, StrategyRef, TargetId, Tick};

use crate::recorder::Recorder;

/// What a journal must still have: of each tick its id, time and plan's summary; baselines; the owner's hand.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    pub ticks: Vec<(i64, Timestamp, Option<String>)>,
    pub hand: Option<String>,
    pub ledger: Option<String>,
}

/// What happened in the loop, as it was to be recorded.
#[derive(Default)]
pub struct Witness {
    /// Ticks that were to be recorded since the last look.
    pub ticks: Vec<Tick>,
    pub acknowledged: Acknowledged,
    pub fails: bool,
}

/// Shared with the run.
pub type Shared = Arc<Mutex<Witness>>;

pub fn lock(shared: &Shared) -> MutexGuard<'_, Witness> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The daemon's own recorder behind a disk that can fail.
pub struct FailingRecord {
    recorder: Recorder,
    witness: Shared,
}

impl FailingRecord {
    pub fn new(journal: Journal, witness: Shared) -> Self {
        Self { recorder: Recorder(journal), witness }
    }

    fn disk(&self) -> Result<&Recorder, RecordError> {
        if lock(&self.witness).fails {
            return Err(RecordError("chaos: the disk is full".into()));
        }
        Ok(&self.recorder)
    }
}

impl Record for FailingRecord {
    fn tick(&self, tick: &Tick, scene: &[u8]) -> Result<i64, RecordError> {
        lock(&self.witness).ticks.push(tick.clone());
        let id = self.disk()?.tick(tick, scene)?;
        let summary = tick.plan.as_ref().map(|plan| plan.summary.clone());
        lock(&self.witness).acknowledged.ticks.push((id, tick.at, summary));
        Ok(id)
    }

    fn shadow(&self, shadow: &Shadow) -> Result<(), RecordError> {
        self.disk()?.shadow(shadow)
    }

    fn log(&self, tick: i64, at: Timestamp, strategy: &str, lines: &[String]) -> Result<(), RecordError> {
        self.disk()?.log(tick, at, strategy, lines)
    }

    fn note(&self, at: Timestamp, text: &str) -> Result<(), RecordError> {
        self.disk()?.note(at, text)
    }

    fn outcomes(&self, tick: i64, outcomes: &[Outcome]) -> Result<(), RecordError> {
        self.disk()?.outcomes(tick, outcomes)
    }

    fn remember_baseline(&self, target: &TargetId, baseline: &Baseline) -> Result<(), RecordError> {
        self.disk()?.remember_baseline(target, baseline)
    }

    fn baseline(&self, target: &TargetId) -> Result<Option<Baseline>, RecordError> {
        self.disk()?.baseline(target)
    }

    fn forget_baseline(&self, target: &TargetId) -> Result<(), RecordError> {
        self.disk()?.forget_baseline(target)
    }

    fn save_memory(&self, strategy: &StrategyRef, memory: &[u8]) -> Result<(), RecordError> {
        self.disk()?.save_memory(strategy, memory)
    }

    fn load_memory(&self, strategy: &str) -> Result<Option<Kept>, RecordError> {
        self.disk()?.load_memory(strategy)
    }

    fn save_ledger(&self, ledger: &str) -> Result<(), RecordError> {
        self.disk()?.save_ledger(ledger)?;
        lock(&self.witness).acknowledged.ledger = Some(ledger.into());
        Ok(())
    }

    fn load_ledger(&self) -> Result<Option<String>, RecordError> {
        self.disk()?.load_ledger()
    }

    fn save_hand(&self, hand: &str) -> Result<(), RecordError> {
        self.disk()?.save_hand(hand)?;
        lock(&self.witness).acknowledged.hand = Some(hand.into());
        Ok(())
    }

    fn load_hand(&self) -> Result<Option<String>, RecordError> {
        self.disk()?.load_hand()
    }

    fn save_tasks(&self, tasks: &str) -> Result<(), RecordError> {
        self.disk()?.save_tasks(tasks)
    }

    fn load_tasks(&self) -> Result<Option<String>, RecordError> {
        self.disk()?.load_tasks()
    }
}

/// What of the acknowledged a journal does not have, in words.
pub fn missing(journal: &Journal, acknowledged: &Acknowledged) -> Vec<String> {
    let mut missing = Vec::new();
    for (id, at, summary) in &acknowledged.ticks {
        match journal.tick(*id) {
            Ok(Some(tick)) if tick.at == *at && tick.plan.as_ref().map(|plan| &plan.summary) == summary.as_ref() => {}
            Ok(Some(tick)) => missing.push(format!("tick {id} of {at} is another one, of {}", tick.at)),
            Ok(None) => missing.push(format!("tick {id} of {at} is not there")),
            Err(error) => missing.push(format!("tick {id} of {at} cannot be read: {error}")),
        }
    }
    let recorder = Recorder(journal.clone());
    for (what, kept, there) in [
        ("the owner's hand", &acknowledged.hand, recorder.load_hand()),
        ("the guard's ledger", &acknowledged.ledger, recorder.load_ledger()),
    ] {
        match there {
            Ok(there) if there == *kept => {}
            Ok(_) => missing.push(format!("{what} is another one")),
            Err(error) => missing.push(format!("{what} cannot be read: {error}")),
        }
    }
    missing
}
