//! A copy of the journal while it is in use.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use crate::{Error, Journal, Result};

impl Journal {
    /// Writes a copy to `to`, where no file may be yet. It is the journal as it is at one moment, in one file without
    /// a `-wal`. Whoever records goes on meanwhile: the copy is read through a connection of its own.
    ///
    /// # Errors
    /// [`Error::File`], when there is such a file already or the copy cannot be written; [`Error::Full`],
    /// [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn back_up(&self, to: impl AsRef<Path>) -> Result<()> {
        let (from, to) = (self.path(), to.as_ref());
        if to.exists() {
            let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(Error::file(to, "write a copy of the journal to", source));
        }
        let copied = copy(from, to).map_err(|source| Error::sqlite(from, "copy everything", source));
        if copied.is_err() {
            // Half a copy would be taken for a whole one.
            let _ = fs::remove_file(to);
        }
        copied
    }

    /// Bytes that the journal takes on the disk.
    pub fn size_bytes(&self) -> u64 {
        let mut wal = self.path().as_os_str().to_owned();
        wal.push("-wal");
        let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        size(self.path()) + size(Path::new(&wal))
    }
}

fn copy(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute("VACUUM INTO ?", params![to.to_string_lossy()])?;
    Ok(())
}
