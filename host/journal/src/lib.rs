//! The record of every tick, in one SQLite file: enough to show what was done and why, and to replay
//! any decision bit for bit.
//!
//! ```text
//! control ── record, update_outcomes, record_past, … ──> journal.db <── ticks, tick, past ── server
//!         record_shadow                              └── scene, shadows ── replay
//! ```
//!
//! [`Journal`] is a cheap handle on one connection behind a mutex. All calls block for a moment (a
//! disk write at most), so asynchronous callers make them through `spawn_blocking`.
//!
//! **What survives what.** The file is in WAL mode with `synchronous=NORMAL`. A commit is handed to the
//! operating system before the call returns, so nothing that was recorded is lost when this process
//! ends in any way, `kill -9` included: the next opening reads the rest from `journal.db-wal`. It is
//! flushed to the disk only at checkpoints, which spares SD cards; so a power cut can take the ticks
//! since the last checkpoint, but cannot damage the file, since SQLite flushes the WAL before it
//! touches the database and drops a torn end of it by its checksums.
//!
//! Architecture invariants: this crate is the only one that names SQLite; it reads no clock, except for
//! the name under which it sets a damaged file aside; only one process has a journal open.

mod backup;
mod baselines;
mod bodies;
mod error;
mod logs;
mod memories;
mod notes;
mod open;
mod past;
mod prune;
mod schema;
mod scores;
mod shadows;
mod state;
mod ticks;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use error::Error;
pub use logs::LogEntry;
pub use memories::Memory;
pub use notes::{Level, Note};
pub use open::SetAside;
pub use prune::{Keep, Pruned};
pub use shadows::ShadowSummary;
pub use ticks::TickSummary;

/// Result of a journal operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A handle on the open journal. Clones share it; the file is closed with the last one.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    // Before the lock, so that the file is closed when the lock is released.
    connection: Mutex<rusqlite::Connection>,
    _lock: Option<open::Locked>,
    set_aside: Option<SetAside>,
}

impl Journal {
    /// Where the file is; `:memory:` for one without.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Where a damaged earlier file was put when this one was opened, if there was one. The owner should
    /// be told.
    pub fn set_aside(&self) -> Option<&SetAside> {
        self.shared.set_aside.as_ref()
    }

    fn connection(&self) -> MutexGuard<'_, rusqlite::Connection> {
        // A panic elsewhere while the mutex was held ended its transaction by dropping it.
        self.shared.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on the connection and gives its error the file and what was being done.
    fn with<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut rusqlite::Connection) -> std::result::Result<T, rusqlite::Error>,
    ) -> Result<T> {
        work(&mut self.connection()).map_err(|source| Error::sqlite(&self.shared.path, doing, source))
    }

    fn unreadable(&self, what: String, reason: impl std::fmt::Display) -> Error {
        Error::Unreadable { path: self.shared.path.clone(), what, reason: reason.to_string() }
    }
}

/// Microseconds since 1970.
fn micros(at: jiff::Timestamp) -> i64 {
    at.as_microsecond()
}
