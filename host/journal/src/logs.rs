//! What strategies wrote into their own logs.

use jiff::Timestamp;
use rusqlite::params;

use crate::{Journal, Result, micros};

/// Lines of one strategy that are kept at most; the oldest go first.
const MOST_LINES: i64 = 10_000;

/// A line of a strategy's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The tick in which it was written.
    pub tick: i64,
    /// When.
    pub at: Timestamp,
    /// The line.
    pub text: String,
}

impl Journal {
    /// Keeps lines that a strategy wrote in a tick.
    ///
    /// # Errors
    /// [`crate::Error::Full`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn record_log(&self, tick: i64, at: Timestamp, strategy: &str, lines: &[String]) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.with("keep a strategy's log", |connection| {
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction
                    .prepare_cached("INSERT INTO strategy_log (tick, at_us, strategy, text) VALUES (?, ?, ?, ?)")?;
                for line in lines {
                    insert.execute(params![tick, micros(at), strategy, line])?;
                }
                transaction
                    .prepare_cached(
                        "DELETE FROM strategy_log WHERE strategy = ?1 AND id <= (SELECT id FROM strategy_log \
                         WHERE strategy = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                    )?
                    .execute(params![strategy, MOST_LINES])?;
            }
            transaction.commit()
        })
    }

    /// At most `limit` lines of a strategy's log, the newest first.
    ///
    /// # Errors
    /// [`crate::Error::Unreadable`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn log(&self, strategy: &str, limit: u32) -> Result<Vec<LogEntry>> {
        let rows: Vec<(i64, i64, String)> = self.with("read a strategy's log", |connection| {
            connection
                .prepare_cached(
                    "SELECT tick, at_us, text FROM strategy_log WHERE strategy = ? ORDER BY id DESC LIMIT ?",
                )?
                .query_map(params![strategy, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })?;
        rows.into_iter()
            .map(|(tick, at_us, text)| {
                let at = Timestamp::from_microsecond(at_us)
                    .map_err(|error| self.unreadable(format!("the log of `{strategy}`"), error))?;
                Ok(LogEntry { tick, at, text })
            })
            .collect()
    }
}
