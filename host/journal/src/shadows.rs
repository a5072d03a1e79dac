//! What strategies that are only looked at said to the ticks' snapshots.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Decision, Shadow};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ticks::worst_of;
use crate::{Error, Journal, Result, bodies, micros};

/// A shadow's record as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowSummary {
    /// The tick.
    pub tick: i64,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The strategy's name.
    pub strategy: String,
    /// Which version of it.
    pub hash: String,
    /// The worst verdict; `None`: the plan had no action, or there is none.
    pub worst_decision: Option<Decision>,
    /// Why there is no plan, as [`model::Attempt::code`].
    pub failure: Option<String>,
}

impl Journal {
    /// Records what a shadow said to a tick that is recorded already, in place of what is recorded of it.
    ///
    /// # Errors
    /// [`Error::NoTick`], [`Error::Unwritable`], [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn record_shadow(&self, shadow: &Shadow) -> Result<()> {
        let unwritable = |reason: &dyn std::fmt::Display| Error::Unwritable {
            path: self.path().to_owned(),
            what: format!("what the shadow `{}` said to tick {}", shadow.strategy.name, shadow.tick),
            reason: reason.to_string(),
        };
        let body = bodies::pack(shadow).map_err(|error| unwritable(&error))?;
        let decision = worst_of(&shadow.verdicts).map(|decision| serde_json::to_string(&decision)).transpose();
        let decision = decision.map_err(|error| unwritable(&error))?;
        let recorded = self.with("record a shadow", |connection| {
            let transaction = connection.transaction()?;
            let recorded = transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO shadow (tick, at_us, strategy, hash, worst_decision, failure, body) \
                     SELECT id, at_us, ?, ?, ?, ?, ? FROM tick WHERE id = ?",
                )?
                .execute(params![
                    shadow.strategy.name,
                    shadow.strategy.hash,
                    decision,
                    shadow.failure.as_ref().map(|failure| &failure.code),
                    body,
                    shadow.tick,
                ])?;
            if recorded > 0 {
                name_version(&transaction, &shadow.strategy.hash, shadow.tick)?;
            }
            transaction.commit()?;
            Ok(recorded)
        })?;
        if recorded == 0 { Err(Error::NoTick { path: self.path().to_owned(), id: shadow.tick }) } else { Ok(()) }
    }

    /// What the shadows said to a tick, in the order of their names.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn shadows(&self, tick: i64) -> Result<Vec<Shadow>> {
        let rows: Vec<Vec<u8>> = self.with("read what shadows said", |connection| {
            connection
                .prepare_cached("SELECT body FROM shadow WHERE tick = ? ORDER BY strategy")?
                .query_map(params![tick], |row| row.get(0))?
                .collect()
        })?;
        rows.iter()
            .map(|body| {
                bodies::unpack(body)
                    .map_err(|reason| self.unreadable(format!("what a shadow said to tick {tick}"), reason))
            })
            .collect()
    }

    /// What a strategy said as a shadow to the ticks of `[from, until)`: at most `limit` of them, the newest
    /// first.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn shadow_list(
        &self,
        strategy: &str,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ShadowSummary>> {
        let rows = self.with("list what a shadow said", |connection| {
            connection
                .prepare_cached(
                    "SELECT tick, at_us, strategy, hash, worst_decision, failure FROM shadow \
                     WHERE strategy = ? AND at_us >= ? AND at_us < ? ORDER BY at_us DESC, tick DESC LIMIT ?",
                )?
                .query_map(params![strategy, micros(from), micros(until), limit], read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter()
            .map(|(mut summary, at_us, decision)| {
                let unreadable =
                    |reason: String| self.unreadable(format!("what a shadow said to tick {}", summary.tick), reason);
                let at = Timestamp::from_microsecond(at_us).map_err(|error| unreadable(error.to_string()))?;
                let decision = decision.as_deref().map(serde_json::from_str).transpose();
                let decision = decision.map_err(|error| unreadable(error.to_string()))?;
                summary.at = at;
                summary.worst_decision = decision;
                Ok(summary)
            })
            .collect()
    }

    /// The hashes of all versions of strategies that recorded ticks and shadows name: what a replay needs.
    ///
    /// # Errors
    /// [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn referenced_hashes(&self) -> Result<BTreeSet<String>> {
        self.with("list the versions of strategies that ticks name", |connection| {
            connection.prepare("SELECT hash FROM used")?.query_map([], |row| row.get(0))?.collect()
        })
    }
}

type Columns = (ShadowSummary, i64, Option<String>);

fn read(row: &Row<'_>) -> rusqlite::Result<Columns> {
    let summary = ShadowSummary {
        tick: row.get(0)?,
        at: Timestamp::UNIX_EPOCH,
        strategy: row.get(2)?,
        hash: row.get(3)?,
        worst_decision: None,
        failure: row.get(5)?,
    };
    Ok((summary, row.get(1)?, row.get(4)?))
}

/// Remembers that a tick names a version.
pub(crate) fn name_version(connection: &rusqlite::Connection, hash: &str, tick: i64) -> rusqlite::Result<()> {
    if !hash.is_empty() {
        connection
            .prepare_cached(
                "INSERT INTO used (hash, last_tick) VALUES (?, ?) \
                 ON CONFLICT (hash) DO UPDATE SET last_tick = max(last_tick, excluded.last_tick)",
            )?
            .execute(params![hash, tick])?;
    }
    Ok(())
}
