//! What can go wrong, and the way out of it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the journal could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has the journal open.
    #[error(
        "the journal `{}` is in use by another process, which holds `{}`; stop that Wattwright first, or set \
         another folder for this one's data", path.display(), lock.display()
    )]
    InUse {
        /// The journal.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error(
        "cannot {doing} `{}`; check that the folder exists on a disk with free space and that the user who \
         runs Wattwright may write to it", path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried, such as `create the folder`.
        doing: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The file was written by a newer Wattwright.
    #[error(
        "the journal `{}` has format {found}, this Wattwright knows up to {known}; install the newer version \
         again, or move the file away to begin a new one", path.display()
    )]
    TooNew {
        /// The journal.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// The file was written by an older version, and is only to be looked at.
    #[error(
        "the journal `{}` has format {found}, this Wattwright reads {known}; start the newer `wattwright run` once, \
         which brings it up to date", path.display()
    )]
    TooOld {
        /// The journal.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The one that is read.
        known: i64,
    },
    /// The file is a SQLite database of something else.
    #[error(
        "`{}` is a database, but not a journal of Wattwright (application id {found:#x}); set another path for \
         the journal", path.display()
    )]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// Its application id.
        found: i32,
    },
    /// A format change failed and was rolled back.
    #[error("cannot bring the journal `{}` from format {from} to {to}; it is unchanged", path.display())]
    Migration {
        /// The journal.
        path: PathBuf,
        /// Its format.
        from: i64,
        /// The format that was tried.
        to: i64,
        /// Why not.
        source: rusqlite::Error,
    },
    /// The disk is full.
    #[error("cannot {doing} in the journal `{}`: the disk is full; free some space", path.display())]
    Full {
        /// The journal.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
    },
    /// The file was damaged while it was open.
    #[error(
        "cannot {doing} in the journal `{}`: the file is damaged; at the next start Wattwright sets it aside and \
         begins a new one", path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Anything else that SQLite says.
    #[error("cannot {doing} in the journal `{}`", path.display())]
    Sqlite {
        /// The journal.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A record is there but does not have the expected form.
    #[error("{what} in the journal `{}` cannot be read: {reason}; all other records can still be read", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// Which record, such as `tick 5`.
        what: String,
        /// Why not.
        reason: String,
    },
    /// Something cannot be written as JSON.
    #[error("{what} cannot be recorded in the journal `{}`: {reason}", path.display())]
    Unwritable {
        /// The journal.
        path: PathBuf,
        /// What.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The tick is not, or no longer, in the journal.
    #[error("there is no tick {id} in the journal `{}`; it was pruned or never recorded", path.display())]
    NoTick {
        /// The journal.
        path: PathBuf,
        /// Its id.
        id: i64,
    },
}

impl Error {
    pub(crate) fn sqlite(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path, doing },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, doing, source },
            _ => Self::Sqlite { path, doing, source },
        }
    }

    pub(crate) fn file(path: &Path, doing: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), doing, source }
    }
}
