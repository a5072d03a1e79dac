//! Opening: one process at a time, damage noticed, format brought up to date.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{Error, Journal, Result, Shared, schema};

/// A damaged file that was moved out of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now; its `-wal` file, if it had one, lies beside it.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

impl Journal {
    /// Opens the file at `path`, or begins a new one, folder included.
    ///
    /// A damaged file is renamed to `<name>.corrupt-<time>` and a new one begun: a home must go on
    /// without its past. [`Journal::set_aside`] tells.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::File`], [`Error::TooNew`], [`Error::NotAJournal`], [`Error::Migration`]
    /// and [`Error::Sqlite`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|source| Error::file(folder, "create the folder", source))?;
        }
        let lock = lock(path)?;
        let (connection, set_aside) = match open_checked(path)? {
            Checked::Sound(connection) => (connection, None),
            Checked::Damaged(reason) => {
                let set_aside = SetAside { path: move_away(path)?, reason };
                tracing::error!(
                    path = %path.display(), aside = %set_aside.path.display(), reason = set_aside.reason,
                    "the journal was damaged; it was set aside and a new one begun"
                );
                match open_checked(path)? {
                    Checked::Sound(connection) => (connection, Some(set_aside)),
                    Checked::Damaged(reason) => {
                        let source = std::io::Error::other(reason);
                        return Err(Error::file(path, "begin a new journal at", source));
                    }
                }
            }
        };
        Ok(Self::of(path.to_owned(), connection, Some(lock), set_aside))
    }

    /// Looks into a journal that may be in use, without changing anything.
    ///
    /// # Errors
    /// [`Error::File`], when there is none; [`Error::TooNew`], [`Error::TooOld`], [`Error::NotAJournal`],
    /// [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn look(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        fs::metadata(path).map_err(|source| Error::file(path, "read", source))?;
        let sqlite = |source| Error::sqlite(path, "open", source);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(sqlite)?;
        schema::check(&connection, path)?;
        Ok(Self::of(path.to_owned(), connection, None, None))
    }

    /// A journal without a file, gone with its last handle.
    ///
    /// # Errors
    /// [`Error::Sqlite`].
    pub fn in_memory() -> Result<Self> {
        let path = PathBuf::from(":memory:");
        let mut connection = Connection::open_in_memory().map_err(|source| Error::sqlite(&path, "begin", source))?;
        schema::migrate(&mut connection, &path)?;
        Ok(Self::of(path, connection, None, None))
    }

    fn of(path: PathBuf, connection: Connection, lock: Option<Locked>, set_aside: Option<SetAside>) -> Self {
        Self { shared: Arc::new(Shared { path, connection: Mutex::new(connection), _lock: lock, set_aside }) }
    }
}

/// Holds `<name>.lock` beside the journal. The operating system releases it however the process ends.
#[derive(Debug)]
pub(crate) struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing alone is not enough: a child that is just being started shares the lock until it is another program.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the journal's lock could not be released");
        }
    }
}

fn lock(path: &Path) -> Result<Locked> {
    let lock_path = path.with_extension("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(|source| Error::file(&lock_path, "open", source))?;
    match file.try_lock() {
        Ok(()) => Ok(Locked(file)),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.to_owned(), lock: lock_path }),
        Err(TryLockError::Error(source)) => Err(Error::file(&lock_path, "lock", source)),
    }
}

enum Checked {
    Sound(Connection),
    Damaged(String),
}

fn open_checked(path: &Path) -> Result<Checked> {
    match try_open(path) {
        Ok(Ok(connection)) => Ok(Checked::Sound(connection)),
        Ok(Err(reason)) => Ok(Checked::Damaged(reason)),
        Err(Error::Damaged { source, .. }) => Ok(Checked::Damaged(source.to_string())),
        Err(error) => Err(error),
    }
}

fn try_open(path: &Path) -> Result<std::result::Result<Connection, String>> {
    let sqlite = |source| Error::sqlite(path, "open", source);
    let mut connection = Connection::open(path).map_err(sqlite)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(sqlite)?;
    // Before anything is written, so that a damaged file is set aside as it is.
    if let Some(reason) = damage(&connection).map_err(sqlite)? {
        return Ok(Err(reason));
    }
    // Works only before the first table; an older file keeps what it has.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(sqlite)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)).map_err(sqlite)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(sqlite)?;
    // Without a limit the WAL keeps the size of the largest transaction for ever.
    connection
        .pragma_update_and_check(None, "journal_size_limit", 4 << 20, |row| row.get::<_, i64>(0))
        .map_err(sqlite)?;
    schema::migrate(&mut connection, path)?;
    Ok(Ok(connection))
}

/// What `quick_check` finds first, if anything.
fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let answer: rusqlite::Result<String> = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match answer {
        Ok(text) if text == "ok" => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Renames the file and its companions; the new name of the file.
fn move_away(path: &Path) -> Result<PathBuf> {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    // Two in one second: the second must not overwrite the first.
    let stem = (0..)
        .map(|n| if n == 0 { format!(".corrupt-{time}") } else { format!(".corrupt-{time}-{n}") })
        .find(|stem| !with(stem).exists())
        .unwrap_or_else(|| format!(".corrupt-{time}"));
    for companion in ["-wal", "-shm", ""] {
        let from = with(companion);
        if from.exists() {
            fs::rename(&from, with(&format!("{stem}{companion}")))
                .map_err(|source| Error::file(&from, "set aside the damaged", source))?;
        }
    }
    Ok(with(&stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_is_being_started_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let held = lock(&path).unwrap();
        let of_the_child = held.0.try_clone().unwrap();
        assert!(matches!(lock(&path), Err(Error::InUse { .. })));
        drop(held);
        lock(&path).unwrap();
        drop(of_the_child);
    }
}
