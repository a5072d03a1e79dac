//! The Home port, and what stands behind it: a real Home Assistant, or the simulated home.
//!
//! Architecture invariants: this is the only crate that knows Home Assistant, and [`Home::send`] takes
//! nothing but what the guard approved.

use std::time::Duration;

use async_trait::async_trait;
use guard::Approved;
use model::home::Baseline;
use model::{Command, HomeState, TargetId};
use tokio::sync::watch;

pub mod homeassistant;
pub mod simulated;

/// Why an order was not passed on.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The link is down or not in step yet.
    #[error("the link to the home is down")]
    LinkDown,
    /// The configuration maps nothing that could do this.
    #[error("`{target}` has no entity for: {command}")]
    NotMapped {
        /// Battery or device.
        target: TargetId,
        /// What was to be done.
        command: String,
    },
    /// The entities cannot take it now; nothing was sent.
    #[error("{0}")]
    Unable(String),
    /// The home refused it, in its own words.
    #[error("the home refused it: {0}")]
    Rejected(String),
    /// No acknowledgement in time.
    #[error("no acknowledgement within {} s", .0.as_secs())]
    TimedOut(Duration),
}

/// What the device shows of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadBack {
    /// The settings of this command.
    Shows,
    /// Something else, in words: entity, what it shows, what was expected.
    Differs(String),
    /// Nothing that could be compared: unavailable, or there is no such setting (a notification).
    Unknown,
}

/// A home: readings out, approved orders in. Implementations keep themselves connected.
#[async_trait]
pub trait Home: Send + Sync {
    /// The latest of all that is mapped. Cheap; does not wait.
    fn state(&self) -> HomeState;

    /// Changes its value whenever [`Home::state`] may have changed.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Passes an order on and returns when the home has acknowledged all of it. An order that the device
    /// shows already is not sent again, entity by entity.
    async fn send(&self, approved: &Approved) -> Result<(), SendError>;

    /// Compares what the device shows with a command. Cheap; does not wait.
    fn read_back(&self, target: &TargetId, command: &Command) -> ReadBack;

    /// Who set what the target shows now, in words for a person; `None`: nobody can tell.
    async fn author(&self, _target: &TargetId) -> Option<String> {
        None
    }

    /// The settings that a release would restore later, as the target shows them now; `None` while it
    /// shows nothing.
    fn baseline(&self, target: &TargetId) -> Option<Baseline>;
}
