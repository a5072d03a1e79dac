//! What is known of each strategy and would-be strategy.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use model::StrategyRef;

use super::Quarantine;
use crate::Strategy;

/// Where a strategy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is part of this program.
    Shipped,
    /// A file in the owner's folder.
    File(PathBuf),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Shipped => write!(f, "shipped"),
            Origin::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// [`super::Library::current`] gives it.
    InUse,
    /// It is loaded, and [`super::Library::current`] does not give it.
    Quarantined(Quarantine),
    /// Nothing usable came from there.
    NotLoaded,
}

/// One strategy or would-be strategy.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it calls itself; for a file that never loaded, its name without `.wasm`.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The version that is loaded, also when it is in quarantine; `None`: nothing usable came from there.
    pub strategy: Option<Arc<Strategy>>,
    /// Whether it is in use.
    pub state: State,
    /// Why the file as it is now is not in use.
    pub error: Option<String>,
    /// When `strategy` was loaded.
    pub loaded_at: Option<Timestamp>,
    /// SHA-256 of the file as it was read last, in hexadecimal: with an error not that of `strategy`.
    /// `None`: it could not be read.
    pub newest_hash: Option<String>,
}

impl Entry {
    /// Name, version and hash of what is loaded.
    pub fn reference(&self) -> Option<StrategyRef> {
        self.strategy.as_ref().map(|strategy| strategy.reference())
    }
}
