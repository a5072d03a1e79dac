//! What the task that keeps the connection and its handle share.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use model::{Command, Link, TargetId};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use super::command::{Call, Wanted};
use super::config::{EntityId, HomeEntities};
use super::view::Known;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The link is down or not in step, or went down before the answer came.
    #[error("the link to Home Assistant is down")]
    LinkDown,
    /// Home Assistant refused it, in its own words.
    #[error("Home Assistant says: {0}")]
    Refused(String),
    /// No answer in time.
    #[error("no answer from Home Assistant within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

/// A message to be sent, and who waits for its answer.
pub struct Request {
    /// Without id.
    pub message: Value,
    /// Takes the answer.
    pub reply: oneshot::Sender<Result<Value, CallError>>,
}

/// What the task and its handle share.
pub struct Shared {
    /// The mapping.
    pub entities: HomeEntities,
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

/// What changes.
pub struct Inner {
    /// What is seen.
    pub known: Known,
    /// What was written to an entity and has not been seen there since.
    pub unseen: BTreeMap<EntityId, Wanted>,
    /// The last command of each target, and its calls.
    pub sent: BTreeMap<TargetId, (Command, Vec<Call>)>,
    /// Contexts of our last calls, by which they are told from those of others.
    pub own_contexts: VecDeque<String>,
}

/// More than all targets together are written to within the seconds for which a context holds.
const CONTEXTS: usize = 64;

impl Inner {
    /// Takes in the context of a call of ours.
    pub fn remember_context(&mut self, context: &str) {
        self.own_contexts.truncate(CONTEXTS - 1);
        self.own_contexts.push_front(context.to_owned());
    }
}

impl Shared {
    /// Not connected yet.
    pub fn new(entities: HomeEntities) -> Self {
        let link = Link::Connecting { reason: String::new() };
        let known = Known { link, timezone: None, currency: None, country: None, place: None, states: None };
        let inner = Inner { known, unseen: BTreeMap::new(), sent: BTreeMap::new(), own_contexts: VecDeque::new() };
        Self { entities, inner: Mutex::new(inner), changes: watch::Sender::new(0) }
    }

    /// What changes, for as long as the guard is held.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here is left half done by a panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with everything that changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Changes something and tells so.
    pub fn update(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.lock());
        self.changes.send_modify(|count| *count += 1);
    }

    /// Out of step: whatever was seen may be over.
    pub fn down(&self, link: Link) {
        self.update(|inner| {
            inner.known.link = link;
            inner.known.states = None;
        });
    }

    /// Takes in an event of the subscription; the first one after a connection brings in step.
    pub fn apply(&self, event: &Value) {
        self.update(|inner| {
            let states = inner.known.states.get_or_insert_default();
            states.apply(event);
            inner.unseen.retain(|entity, wanted| {
                states.get(entity.as_str()).is_none_or(|state| wanted.shown_by(state) != Some(true))
            });
            if !inner.known.link.is_up() {
                inner.known.link = Link::Up { since: Timestamp::now() };
            }
        });
    }
}
