//! Scores of the days that are over: what each strategy would have cost.
//!
//! ```text
//! journal (ticks, shadows, slots) ─> day ─> backtest, in the sandbox ─> journal (scores) ─> API, page, command
//! ```
//!
//! A thread of its own with the lowest priority does it, so that neither control nor the page waits for it.

mod day;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use control::{Setup, snapshot};
use engine::Library;
use home::Home;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use journal::Journal;
use tokio_util::sync::CancellationToken;

use crate::background;

/// How often it is looked whether a day is over.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// How often it is looked whether the home has told its time zone.
const ZONE_LOOK: Duration = Duration::from_secs(30);
/// After midnight the last slot is still being recorded.
const SETTLED: SignedDuration = SignedDuration::from_mins(5);
/// How far back days are looked for.
const DAYS_BACK: i32 = 30;
/// Days that are played at a time; the rest waits for the next look.
const AT_ONCE: usize = 7;

/// Plays days of one home.
#[derive(Clone)]
pub struct Scorer {
    /// What was recorded, and where scores go.
    pub journal: Journal,
    /// Who is asked.
    pub library: Arc<Library>,
    /// The home as it is configured.
    pub setup: Setup,
}

impl Scorer {
    /// Plays days as they end, and those that were missed, until it is cancelled.
    pub async fn run(self, home: Arc<dyn Home>, shutdown: CancellationToken) {
        loop {
            let state = home.state();
            if self.setup.timezone.is_none() && state.timezone.is_none() {
                // A day by another zone would be kept for good.
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(ZONE_LOOK) => continue,
                }
            }
            let zone = snapshot::timezone(&snapshot::timezone_name(&self.setup, &state));
            let (scorer, stop) = (self.clone(), shutdown.clone());
            let (done, ended) = tokio::sync::oneshot::channel();
            let work = move || {
                let _ = done.send(scorer.catch_up(&zone, Timestamp::now(), &stop));
            };
            if let Err(error) = background::spawn("scores", work) {
                tracing::error!(%error, "days cannot be scored");
            }
            match ended.await {
                Ok(Ok(0)) | Err(_) => {}
                Ok(Ok(days)) => tracing::info!(days, "days were scored"),
                Ok(Err(error)) => tracing::error!("days could not be scored: {error:#}"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Plays days that are over and lack scores, the newest first. Tells how many.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub fn catch_up(&self, zone: &TimeZone, now: Timestamp, stop: &CancellationToken) -> Result<usize> {
        let mut scored = 0;
        for (day, start, end) in self.missing(zone, now)? {
            if scored == AT_ONCE || stop.is_cancelled() {
                break;
            }
            match day::score(self, day, start, end, stop) {
                Ok(Some(score)) => {
                    self.journal.record_score(&score)?;
                    scored += 1;
                }
                Ok(None) => {}
                // The days before it may be in order.
                Err(error) => tracing::error!(%day, "this day could not be scored: {error:#}"),
            }
        }
        Ok(scored)
    }

    /// Days without scores.
    fn missing(&self, zone: &TimeZone, now: Timestamp) -> Result<Vec<(Date, Timestamp, Timestamp)>> {
        let now = now.checked_sub(SETTLED)?;
        let today = zone.to_datetime(now).date();
        let bounds = |back: i32| {
            let day = today.checked_sub(Span::new().days(back)).ok()?;
            let midnight = |day: Date| zone.to_timestamp(day.to_datetime(Time::midnight())).ok();
            Some((day, midnight(day)?, midnight(day.tomorrow().ok()?)?))
        };
        let days: Vec<_> = (1..=DAYS_BACK).filter_map(bounds).collect();
        let Some((_, oldest, _)) = days.last() else { return Ok(Vec::new()) };
        let there: BTreeSet<Date> = self.journal.scores(*oldest, now)?.into_iter().map(|score| score.day).collect();
        Ok(days.into_iter().filter(|(day, _, _)| !there.contains(day)).collect())
    }
}

#[cfg(test)]
mod tests;
