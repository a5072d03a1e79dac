//! Retention.

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;

use crate::{Journal, Result, micros};

/// How long records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Ticks, what shadows said to them, and notes, in days. A day with a tick each slot takes about 1.5 MB.
    pub ticks_days: u32,
    /// Past slots and scores of days, in days. A year of them takes about 4 MB.
    pub past_days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { ticks_days: 90, past_days: 800 }
    }
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Ticks.
    pub ticks: usize,
    /// What shadows said to them.
    pub shadows: usize,
    /// Notes.
    pub notes: usize,
    /// Past slots.
    pub past: usize,
}

impl Journal {
    /// Deletes what is older than `keep` at `now`, and gives the space back to the disk. The newest tick
    /// stays in any case: it says what is in force.
    ///
    /// # Errors
    /// [`crate::Error::Full`], [`crate::Error::Damaged`] and [`crate::Error::Sqlite`].
    pub fn prune(&self, now: Timestamp, keep: Keep) -> Result<Pruned> {
        let before =
            |days: u32| now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN);
        let ticks_before = micros(before(keep.ticks_days));
        let past_before = before(keep.past_days).as_second();
        self.with("prune old records", |connection| {
            let transaction = connection.transaction()?;
            let pruned = Pruned {
                ticks: transaction.execute(
                    "DELETE FROM tick WHERE at_us < ? AND id < (SELECT max(id) FROM tick)",
                    params![ticks_before],
                )?,
                shadows: transaction.execute(
                    "DELETE FROM shadow WHERE NOT EXISTS (SELECT 1 FROM tick WHERE tick.id = shadow.tick)",
                    [],
                )?,
                notes: transaction.execute("DELETE FROM note WHERE at_us < ?", params![ticks_before])?,
                past: transaction.execute("DELETE FROM past_slot WHERE start_s < ?", params![past_before])?,
            };
            transaction.execute("DELETE FROM score WHERE start_s < ?", params![past_before])?;
            transaction.execute("DELETE FROM strategy_log WHERE at_us < ?", params![ticks_before])?;
            // A version is needed as long as a tick as old as the last that names it is there.
            transaction.execute("DELETE FROM used WHERE last_tick < (SELECT min(id) FROM tick)", [])?;
            transaction.commit()?;
            if pruned != Pruned::default() {
                // One step frees one page; the last returns no row.
                let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
                let mut rows = vacuum.query([])?;
                while rows.next()?.is_some() {}
            }
            Ok(pruned)
        })
    }
}
