//! Ticks: recorded once, their outcomes updated until they are final.

use jiff::Timestamp;
use model::{Cause, Decision, Outcome, Stage, StrategyRef, Tick, Verdict};
use rusqlite::{OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::shadows::name_version;
use crate::{Error, Journal, Result, bodies, micros};

/// A tick as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TickSummary {
    /// Its id; later ticks have greater ones.
    pub id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why it took place.
    pub cause: Cause,
    /// Whose plan it is; `None`: no strategy gave one.
    pub strategy: Option<StrategyRef>,
    /// The plan in one sentence; empty: no plan, or it has none.
    pub summary: String,
    /// The worst verdict; `None`: the plan had no action.
    pub worst_decision: Option<Decision>,
    /// The worst outcome so far; `None`: nothing was approved.
    pub worst_stage: Option<Stage>,
}

impl Journal {
    /// Records a tick and gives it its id. Numbers of commands that are not finite are kept
    /// ([`model::number`]); all others are finite, since the engine and the readings see to it.
    ///
    /// `scene` is what the verdicts were found from, in whatever form its reader wants it back
    /// ([`Journal::scene`]).
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn record(&self, tick: &Tick, scene: Option<&[u8]>) -> Result<i64> {
        let unwritable = |reason: &dyn std::fmt::Display| Error::Unwritable {
            path: self.path().to_owned(),
            what: format!("the tick of {}", tick.at),
            reason: reason.to_string(),
        };
        let text = |value: serde_json::Result<String>| value.map_err(|error| unwritable(&error));
        let body = bodies::pack(tick).map_err(|error| unwritable(&error))?;
        let scene = scene.map(bodies::deflate).transpose().map_err(|error| unwritable(&error))?;
        let cause = text(serde_json::to_string(&tick.cause))?;
        let strategy =
            text(tick.strategy.as_ref().map(serde_json::to_string).transpose().map(Option::unwrap_or_default))?;
        let decision = worst_of(&tick.verdicts).map(|decision| serde_json::to_string(&decision)).transpose();
        let decision = decision.map_err(|error| unwritable(&error))?;
        let (outcomes, stage) = outcome_columns(&tick.outcomes).map_err(|error| unwritable(&error))?;
        self.with("record a tick", |connection| {
            let transaction = connection.transaction()?;
            let id = transaction
                .prepare_cached(
                    "INSERT INTO tick (at_us, cause, strategy, strategy_name, strategy_hash, summary, worst_decision, \
                     worst_stage, outcomes, body, scene) VALUES (?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .insert(params![
                    micros(tick.at),
                    cause,
                    strategy,
                    tick.strategy.as_ref().map(|strategy| &strategy.name),
                    tick.strategy.as_ref().map(|strategy| &strategy.hash),
                    tick.plan.as_ref().map_or("", |plan| &plan.summary),
                    decision,
                    stage,
                    outcomes,
                    body,
                    scene,
                ])?;
            for version in tick.versions() {
                name_version(&transaction, &version.hash, id)?;
            }
            transaction.commit()?;
            Ok(id)
        })
    }

    /// Replaces the outcomes of a tick.
    ///
    /// # Errors
    /// [`Error::NoTick`], and those of [`Journal::record`].
    pub fn update_outcomes(&self, id: i64, outcomes: &[Outcome]) -> Result<()> {
        let (text, stage) = outcome_columns(outcomes).map_err(|error| Error::Unwritable {
            path: self.path().to_owned(),
            what: format!("the outcomes of tick {id}"),
            reason: error.to_string(),
        })?;
        let changed = self.with("update the outcomes of a tick", |connection| {
            connection
                .prepare_cached("UPDATE tick SET outcomes = ?, worst_stage = ? WHERE id = ?")?
                .execute(params![text, stage, id])
        })?;
        if changed == 0 { Err(Error::NoTick { path: self.path().to_owned(), id }) } else { Ok(()) }
    }

    /// The tick of that id, as it was recorded, with its newest outcomes.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn tick(&self, id: i64) -> Result<Option<Tick>> {
        self.one_tick("SELECT id, outcomes, body FROM tick WHERE id = ?", params![id])
    }

    /// What was recorded as the scene of that tick; `None`: nothing, or no such tick.
    ///
    /// # Errors
    /// As [`Journal::tick`].
    pub fn scene(&self, id: i64) -> Result<Option<Vec<u8>>> {
        let row: Option<Option<Vec<u8>>> = self.with("read the scene of a tick", |connection| {
            connection.query_row("SELECT scene FROM tick WHERE id = ?", params![id], |row| row.get(0)).optional()
        })?;
        let scene = row.flatten().map(|scene| bodies::inflate(&scene)).transpose();
        scene.map_err(|reason| self.unreadable(format!("the scene of tick {id}"), reason))
    }

    /// The newest tick.
    ///
    /// # Errors
    /// As [`Journal::tick`].
    pub fn latest(&self) -> Result<Option<Tick>> {
        self.one_tick("SELECT id, outcomes, body FROM tick ORDER BY id DESC LIMIT 1", params![])
    }

    /// At most `limit` ticks with an id below `before`, the newest first.
    ///
    /// # Errors
    /// As [`Journal::tick`].
    pub fn ticks(&self, before: Option<i64>, limit: u32) -> Result<Vec<TickSummary>> {
        let rows = self.with("list ticks", |connection| {
            connection
                .prepare_cached(
                    "SELECT id, at_us, cause, strategy, summary, worst_decision, worst_stage FROM tick \
                     WHERE id < ? ORDER BY id DESC LIMIT ?",
                )?
                .query_map(params![before.unwrap_or(i64::MAX), limit], SummaryRow::read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter()
            .map(|row| {
                let id = row.id;
                row.parse().map_err(|reason| self.unreadable(format!("the summary of tick {id}"), reason))
            })
            .collect()
    }

    /// The greatest id of a tick before `until`; `None`: there is none.
    ///
    /// # Errors
    /// [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn last_before(&self, until: Timestamp) -> Result<Option<i64>> {
        self.with("find a tick by its time", |connection| {
            connection
                .prepare_cached("SELECT id FROM tick WHERE at_us < ? ORDER BY at_us DESC, id DESC LIMIT 1")?
                .query_row(params![micros(until)], |row| row.get(0))
                .optional()
        })
    }

    /// The first tick with a plan of each slot in `[from, until)`, the oldest first: what was planned when the
    /// slot began.
    ///
    /// # Errors
    /// As [`Journal::tick`].
    pub fn slot_ticks(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Tick>> {
        const SLOT_US: i64 = model::slot::SLOT_S * 1_000_000;
        let ids: Vec<i64> = self.with("list the ticks that began slots", |connection| {
            connection
                .prepare_cached(
                    "SELECT min(id) FROM tick WHERE at_us >= ? AND at_us < ? AND strategy IS NOT NULL \
                     GROUP BY at_us / ? ORDER BY 1",
                )?
                .query_map(params![micros(from), micros(until), SLOT_US], |row| row.get(0))?
                .collect()
        })?;
        // One at a time, so that the tick under way need not wait for all of them.
        Ok(ids.into_iter().map(|id| self.tick(id)).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    fn one_tick(&self, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Option<Tick>> {
        let row: Option<(i64, String, Vec<u8>)> = self.with("read a tick", |connection| {
            connection
                .prepare_cached(sql)?
                .query_row(params, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        })?;
        let Some((id, outcomes, body)) = row else { return Ok(None) };
        let tick = || -> std::result::Result<Tick, Box<dyn std::error::Error>> {
            let tick: Tick = bodies::unpack(&body)?;
            Ok(Tick { id, outcomes: serde_json::from_str(&outcomes)?, ..tick })
        };
        tick().map(Some).map_err(|reason| self.unreadable(format!("tick {id}"), reason))
    }
}

/// The columns of a summary as they are stored.
struct SummaryRow {
    id: i64,
    at_us: i64,
    cause: String,
    strategy: Option<String>,
    summary: String,
    worst_decision: Option<String>,
    worst_stage: Option<String>,
}

impl SummaryRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            at_us: row.get(1)?,
            cause: row.get(2)?,
            strategy: row.get(3)?,
            summary: row.get(4)?,
            worst_decision: row.get(5)?,
            worst_stage: row.get(6)?,
        })
    }

    fn parse(self) -> std::result::Result<TickSummary, Box<dyn std::error::Error>> {
        fn optional<T: DeserializeOwned>(text: Option<String>) -> serde_json::Result<Option<T>> {
            text.as_deref().map(serde_json::from_str).transpose()
        }
        Ok(TickSummary {
            id: self.id,
            at: Timestamp::from_microsecond(self.at_us)?,
            cause: serde_json::from_str(&self.cause)?,
            strategy: optional(self.strategy)?,
            summary: self.summary,
            worst_decision: optional(self.worst_decision)?,
            worst_stage: optional(self.worst_stage)?,
        })
    }
}

fn outcome_columns(outcomes: &[Outcome]) -> serde_json::Result<(String, Option<String>)> {
    let stage = outcomes.iter().map(|outcome| outcome.stage).max_by_key(|stage| badness(*stage));
    Ok((serde_json::to_string(outcomes)?, stage.map(|stage| serde_json::to_string(&stage)).transpose()?))
}

pub(crate) fn worst_of(verdicts: &[Verdict]) -> Option<Decision> {
    verdicts.iter().map(|verdict| verdict.decision).max_by_key(|decision| match decision {
        Decision::Accepted => 0,
        Decision::Adjusted => 1,
        Decision::Refused => 2,
    })
}

/// Troubles above what is under way, that above what went well.
fn badness(stage: Stage) -> u8 {
    match stage {
        Stage::Advised => 0,
        Stage::Unchanged => 1,
        Stage::Effective => 2,
        Stage::Superseded => 3,
        Stage::ReadBack => 4,
        Stage::Acknowledged => 5,
        Stage::Sent => 6,
        Stage::Judged => 7,
        Stage::NotObeyed => 8,
        Stage::Contradicted => 9,
        Stage::TimedOut => 10,
        Stage::Rejected => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_is_worse_than_anything_else() {
        use Stage::*;
        let all = [
            Judged,
            Advised,
            Unchanged,
            Sent,
            Acknowledged,
            ReadBack,
            Effective,
            TimedOut,
            Rejected,
            Contradicted,
            NotObeyed,
            Superseded,
        ];
        for trouble in all.into_iter().filter(|stage| stage.is_trouble()) {
            for other in all.into_iter().filter(|stage| !stage.is_trouble()) {
                assert!(badness(trouble) > badness(other), "{trouble:?} {other:?}");
            }
        }
    }
}
