//! What happened besides ticks: starts and stops, lost links, strategies loaded.

use jiff::Timestamp;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Journal, Result, micros};

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
// In the API's description this must not be taken for a device's level.
#[schema(as = NoteLevel)]
pub enum Level {
    /// Good to know.
    Info,
    /// May need the owner.
    Warning,
    /// Needs the owner.
    Error,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// Its id; later notes have greater ones.
    pub id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// One sentence.
    pub text: String,
}

impl Level {
    const ALL: [(Level, &str); 3] = [(Level::Info, "info"), (Level::Warning, "warning"), (Level::Error, "error")];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(level, _)| *level == self).map_or("info", |(_, name)| name)
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(level, _)| *level)
    }
}

impl Journal {
    /// Writes down one sentence.
    ///
    /// # Errors
    /// [`crate::Error::Full`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn note(&self, at: Timestamp, level: Level, text: &str) -> Result<()> {
        self.with("write a note", |connection| {
            connection.prepare_cached("INSERT INTO note (at_us, level, text) VALUES (?, ?, ?)")?.execute(params![
                micros(at),
                level.name(),
                text
            ])
        })?;
        Ok(())
    }

    /// At most `limit` notes with an id below `before`, the newest first.
    ///
    /// # Errors
    /// [`crate::Error::Unreadable`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn notes(&self, before: Option<i64>, limit: u32) -> Result<Vec<Note>> {
        let rows: Vec<(i64, i64, String, String)> = self.with("list notes", |connection| {
            connection
                .prepare_cached("SELECT id, at_us, level, text FROM note WHERE id < ? ORDER BY id DESC LIMIT ?")?
                .query_map(params![before.unwrap_or(i64::MAX), limit], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?
                .collect()
        })?;
        rows.into_iter()
            .map(|(id, at_us, level, text)| {
                let unreadable = |reason: String| self.unreadable(format!("note {id}"), reason);
                Ok(Note {
                    id,
                    at: Timestamp::from_microsecond(at_us).map_err(|error| unreadable(error.to_string()))?,
                    level: Level::of(&level).ok_or_else(|| unreadable(format!("unknown level `{level}`")))?,
                    text,
                })
            })
            .collect()
    }
}
