//! Single values that outlast a restart.

use rusqlite::{OptionalExtension, params};

use crate::{Journal, Result};

impl Journal {
    /// Keeps a text under a name, in place of the one before.
    ///
    /// # Errors
    /// [`crate::Error::Full`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn save_state(&self, name: &str, value: &str) -> Result<()> {
        self.with("keep a value", |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO state (name, value) VALUES (?, ?)")?
                .execute(params![name, value])
        })?;
        Ok(())
    }

    /// The text kept under a name.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn load_state(&self, name: &str) -> Result<Option<String>> {
        self.with("read a value", |connection| {
            connection.query_row("SELECT value FROM state WHERE name = ?", params![name], |row| row.get(0)).optional()
        })
    }
}
