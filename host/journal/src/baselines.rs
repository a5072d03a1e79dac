//! What was found at a target before the first takeover.

use model::home::Baseline;
use rusqlite::{OptionalExtension, params};

use crate::{Error, Journal, Result};

impl Journal {
    /// Keeps what was found at `target`, unless something is kept already: after a crash in the middle of
    /// controlling, what is found is our own doing and not what the owner had.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn remember_baseline(&self, target: &str, baseline: &Baseline) -> Result<()> {
        let text = serde_json::to_string(baseline).map_err(|error| Error::Unwritable {
            path: self.path().to_owned(),
            what: format!("the state found at `{target}`"),
            reason: error.to_string(),
        })?;
        self.with("keep the state found at a target", |connection| {
            connection.execute("INSERT OR IGNORE INTO baseline (target, baseline) VALUES (?, ?)", params![target, text])
        })?;
        Ok(())
    }

    /// What is kept for `target`.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn baseline(&self, target: &str) -> Result<Option<Baseline>> {
        let text: Option<String> = self.with("read the state found at a target", |connection| {
            connection
                .query_row("SELECT baseline FROM baseline WHERE target = ?", params![target], |row| row.get(0))
                .optional()
        })?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|reason| self.unreadable(format!("the state found at `{target}`"), reason))
    }

    /// Forgets what is kept for `target`, once it was restored.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn forget_baseline(&self, target: &str) -> Result<()> {
        self.with("forget the state found at a target", |connection| {
            connection.execute("DELETE FROM baseline WHERE target = ?", params![target])
        })?;
        Ok(())
    }
}
