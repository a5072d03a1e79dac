//! A record in memory that tells what comes in.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use jiff::Timestamp;
use model::home::Baseline;
use model::{Outcome, Shadow, StrategyRef, TargetId, Tick};
use tokio::sync::mpsc;
use wattwright_control::{Kept, Record, RecordError};

/// Something was recorded.
#[derive(Clone, Debug)]
pub enum Event {
    Tick(Box<Tick>, Vec<u8>),
    Shadow(Box<Shadow>),
    Note(String),
}

#[derive(Default)]
struct Inner {
    ticks: i64,
    baselines: BTreeMap<TargetId, Baseline>,
    memories: BTreeMap<String, Kept>,
    ledger: Option<String>,
    hand: Option<String>,
    tasks: Option<String>,
    logs: BTreeMap<String, Vec<String>>,
    /// Nothing can be kept.
    full: bool,
}

pub struct FakeRecord {
    inner: Mutex<Inner>,
    events: mpsc::UnboundedSender<Event>,
    /// Whether recording a shadow waits, and the bell for when it need not any more.
    gate: (Mutex<bool>, Condvar),
}

impl FakeRecord {
    pub fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Event>) {
        let (events, receiver) = mpsc::unbounded_channel();
        (Arc::new(Self { inner: Mutex::default(), events, gate: (Mutex::new(false), Condvar::new()) }), receiver)
    }

    /// Makes shadows slow without end, or lets them go on.
    pub fn hold_shadows(&self, hold: bool) {
        *self.gate.0.lock().unwrap() = hold;
        self.gate.1.notify_all();
    }

    pub fn memory(&self, strategy: &str) -> Option<Kept> {
        self.inner.lock().unwrap().memories.get(strategy).cloned()
    }

    pub fn remind(&self, strategy: &str, hash: &str, memory: &[u8]) {
        let kept = Kept { hash: hash.into(), memory: memory.into() };
        self.inner.lock().unwrap().memories.insert(strategy.into(), kept);
    }

    pub fn kept_baseline(&self, target: &str) -> Option<Baseline> {
        self.inner.lock().unwrap().baselines.get(target).cloned()
    }

    /// Nothing can be kept any more, or again.
    pub fn fill_disk(&self, full: bool) {
        self.inner.lock().unwrap().full = full;
    }

    pub fn ledger(&self) -> Option<String> {
        self.inner.lock().unwrap().ledger.clone()
    }
}

impl Record for FakeRecord {
    fn tick(&self, tick: &Tick, scene: &[u8]) -> Result<i64, RecordError> {
        let mut inner = self.inner.lock().unwrap();
        inner.ticks += 1;
        let id = inner.ticks;
        let _ = self.events.send(Event::Tick(Box::new(Tick { id, ..tick.clone() }), scene.to_vec()));
        Ok(id)
    }

    fn shadow(&self, shadow: &Shadow) -> Result<(), RecordError> {
        let mut held = self.gate.0.lock().unwrap();
        while *held {
            held = self.gate.1.wait(held).unwrap();
        }
        let _ = self.events.send(Event::Shadow(Box::new(shadow.clone())));
        Ok(())
    }

    fn log(&self, _: i64, _: Timestamp, strategy: &str, lines: &[String]) -> Result<(), RecordError> {
        self.inner.lock().unwrap().logs.entry(strategy.into()).or_default().extend_from_slice(lines);
        Ok(())
    }

    fn note(&self, _: Timestamp, text: &str) -> Result<(), RecordError> {
        let _ = self.events.send(Event::Note(text.into()));
        Ok(())
    }

    fn outcomes(&self, _: i64, _: &[Outcome]) -> Result<(), RecordError> {
        Ok(())
    }

    fn remember_baseline(&self, target: &TargetId, baseline: &Baseline) -> Result<(), RecordError> {
        let mut inner = self.inner.lock().unwrap();
        if inner.full {
            return Err(RecordError("the disk is full".into()));
        }
        inner.baselines.entry(target.clone()).or_insert(baseline.clone());
        Ok(())
    }

    fn baseline(&self, target: &TargetId) -> Result<Option<Baseline>, RecordError> {
        Ok(self.kept_baseline(target))
    }

    fn forget_baseline(&self, target: &TargetId) -> Result<(), RecordError> {
        self.inner.lock().unwrap().baselines.remove(target);
        Ok(())
    }

    fn save_memory(&self, strategy: &StrategyRef, memory: &[u8]) -> Result<(), RecordError> {
        self.remind(&strategy.name, &strategy.hash, memory);
        Ok(())
    }

    fn load_memory(&self, strategy: &str) -> Result<Option<Kept>, RecordError> {
        Ok(self.memory(strategy))
    }

    fn save_ledger(&self, ledger: &str) -> Result<(), RecordError> {
        let mut inner = self.inner.lock().unwrap();
        if inner.full {
            return Err(RecordError("the disk is full".into()));
        }
        inner.ledger = Some(ledger.into());
        Ok(())
    }

    fn load_ledger(&self) -> Result<Option<String>, RecordError> {
        Ok(self.ledger())
    }

    fn save_hand(&self, hand: &str) -> Result<(), RecordError> {
        let mut inner = self.inner.lock().unwrap();
        if inner.full {
            return Err(RecordError("the disk is full".into()));
        }
        inner.hand = Some(hand.into());
        Ok(())
    }

    fn load_hand(&self) -> Result<Option<String>, RecordError> {
        Ok(self.inner.lock().unwrap().hand.clone())
    }

    fn save_tasks(&self, tasks: &str) -> Result<(), RecordError> {
        self.inner.lock().unwrap().tasks = Some(tasks.into());
        Ok(())
    }

    fn load_tasks(&self) -> Result<Option<String>, RecordError> {
        Ok(self.inner.lock().unwrap().tasks.clone())
    }
}
