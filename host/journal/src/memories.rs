//! What strategies asked to be given back.

use rusqlite::{OptionalExtension, params};

use crate::{Journal, Result};

/// A strategy's memory and which version of it wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Hash of the strategy's file.
    pub hash: String,
    /// At most 64 KiB, as the contract says.
    pub bytes: Vec<u8>,
}

impl Journal {
    /// Keeps the memory of the strategy `name`, written by the version with `hash`, in place of the one
    /// before.
    ///
    /// # Errors
    /// [`crate::Error::Full`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn save_memory(&self, name: &str, hash: &str, bytes: &[u8]) -> Result<()> {
        self.with("keep a strategy's memory", |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO memory (strategy, hash, bytes) VALUES (?, ?, ?)")?
                .execute(params![name, hash, bytes])
        })?;
        Ok(())
    }

    /// The memory of the strategy `name`.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn load_memory(&self, name: &str) -> Result<Option<Memory>> {
        self.with("read a strategy's memory", |connection| {
            connection
                .query_row("SELECT hash, bytes FROM memory WHERE strategy = ?", params![name], |row| {
                    Ok(Memory { hash: row.get(0)?, bytes: row.get(1)? })
                })
                .optional()
        })
    }
}
