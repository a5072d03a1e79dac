//! What strategies would have cost on days that are over.

use jiff::Timestamp;
use model::DayScore;
use rusqlite::params;

use crate::{Error, Journal, Result};

impl Journal {
    /// Records a day, in place of what is recorded of it.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn record_score(&self, score: &DayScore) -> Result<()> {
        let body = serde_json::to_string(score).map_err(|error| Error::Unwritable {
            path: self.path().to_owned(),
            what: format!("the scores of {}", score.day),
            reason: error.to_string(),
        })?;
        self.with("record scores", |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO score (day, start_s, body) VALUES (?, ?, ?)")?
                .execute(params![score.day.to_string(), score.start.as_second(), body])
        })?;
        Ok(())
    }

    /// The days that begin in `[from, until)`, the oldest first. Days that were not played are absent.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn scores(&self, from: Timestamp, until: Timestamp) -> Result<Vec<DayScore>> {
        let rows: Vec<(String, String)> = self.with("read scores", |connection| {
            connection
                .prepare_cached("SELECT day, body FROM score WHERE start_s >= ? AND start_s < ? ORDER BY start_s")?
                .query_map(params![from.as_second(), until.as_second()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        rows.into_iter()
            .map(|(day, body)| {
                serde_json::from_str(&body).map_err(|reason| self.unreadable(format!("the scores of {day}"), reason))
            })
            .collect()
    }
}
