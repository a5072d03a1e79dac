//! How far tasks are, so that a restart does not run them twice.

use jiff::Timestamp;
use model::snapshot::TaskState;
use rusqlite::{OptionalExtension, params};

use crate::{Error, Journal, Result, micros};

/// How far a task is in its period.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskProgress {
    /// Begin of the period that this is about, such as the day's earliest start; another period begins
    /// with nothing done. Kept to the microsecond.
    pub period_start: Timestamp,
    /// Watt-hours done in it.
    pub done_wh: f64,
    /// How far.
    pub state: TaskState,
}

impl Journal {
    /// Keeps how far the task `id` is, in place of what was kept before.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn save_task(&self, id: &str, progress: &TaskProgress) -> Result<()> {
        let unwritable = |reason: String| Error::Unwritable {
            path: self.path().to_owned(),
            what: format!("the progress of task `{id}`"),
            reason,
        };
        if !progress.done_wh.is_finite() {
            return Err(unwritable(format!("{} Wh is no finite number", progress.done_wh)));
        }
        let state = serde_json::to_string(&progress.state).map_err(|error| unwritable(error.to_string()))?;
        self.with("keep the progress of a task", |connection| {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO task (id, period_start_us, done_wh, state) VALUES (?, ?, ?, ?)",
                )?
                .execute(params![id, micros(progress.period_start), progress.done_wh, state])
        })?;
        Ok(())
    }

    /// How far the task `id` is.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn load_task(&self, id: &str) -> Result<Option<TaskProgress>> {
        let row: Option<(i64, f64, String)> = self.with("read the progress of a task", |connection| {
            connection
                .query_row("SELECT period_start_us, done_wh, state FROM task WHERE id = ?", params![id], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
        })?;
        let Some((start_us, done_wh, state)) = row else { return Ok(None) };
        let unreadable = |reason: String| self.unreadable(format!("the progress of task `{id}`"), reason);
        Ok(Some(TaskProgress {
            period_start: Timestamp::from_microsecond(start_us).map_err(|error| unreadable(error.to_string()))?,
            done_wh,
            state: serde_json::from_str(&state).map_err(|error| unreadable(error.to_string()))?,
        }))
    }
}
