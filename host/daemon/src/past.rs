//! The home's past, to learn from: what the journal has and, where it has nothing, what Home Assistant recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use control::{Setup, snapshot};
use forecast::Accumulator;
use guard::Watch;
use home::Home;
use home::homeassistant::{CallError, HomeAssistant, Period};
use home::simulated::SimulatedHome;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use knowledge::{Knowledge, LEARNED_FROM, Learned};
use model::snapshot::PastSlot;
use model::{HomeState, Measured};

use crate::wiring::PATIENCE;

/// Under which name is kept until when the recorder was read.
const READ_UNTIL: &str = "recorder-read-until";
/// Means of five minutes are kept for about this long.
const FINE: SignedDuration = SignedDuration::from_hours(9 * 24);
/// What is asked for at once: an answer has a limit.
const CHUNK: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Less than this is not worth asking for.
const SHORT: SignedDuration = SignedDuration::from_mins(30);
/// What a command that looks once learns from.
const GLANCE: SignedDuration = SignedDuration::from_hours(28 * 24);
/// After the recorder could not be read.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(60);

/// By which clock and holidays a home lives.
#[derive(Clone, PartialEq)]
pub struct Customs {
    zone: TimeZone,
    country: Option<String>,
}

impl Customs {
    fn of(setup: &Setup, state: &HomeState, country: Option<String>) -> Self {
        Self { zone: snapshot::timezone(&snapshot::timezone_name(setup, state)), country }
    }
}

/// Records what the journal does not have, and leaves what it has.
pub fn record_missing(journal: &Journal, mut slots: Vec<PastSlot>) -> Result<(), journal::Error> {
    let (Some(first), Some(last)) = (slots.first(), slots.last()) else { return Ok(()) };
    let there = journal.past(first.start, last.end)?.into_iter().map(|slot| (slot.start, slot));
    let there: BTreeMap<Timestamp, PastSlot> = there.collect();
    slots.retain_mut(|slot| match there.get(&slot.start) {
        None => true,
        Some(own) => {
            let filled = filled(own, slot);
            let is_more = filled != *own;
            *slot = filled;
            is_more
        }
    });
    journal.record_past(&slots)
}

/// A slot of ours with what only the other one knows.
fn filled(own: &PastSlot, other: &PastSlot) -> PastSlot {
    let mut filled = PastSlot {
        solar_w: own.solar_w.or(other.solar_w),
        load_w: own.load_w.or(other.load_w),
        grid_w: own.grid_w.or(other.grid_w),
        battery_w: own.battery_w.or(other.battery_w),
        soc_pct: own.soc_pct.or(other.soc_pct),
        temperature_c: own.temperature_c.or(other.temperature_c),
        ..own.clone()
    };
    if own.load_w.is_none() {
        filled.extras.extend(other.extras.iter().filter(|extra| own.extra(&extra.name).is_none()).cloned());
    }
    filled
}

/// Learns what the journal has, by customs that are known so far.
pub fn learn(journal: &Journal, setup: &Setup, state: &HomeState, knowledge: &Knowledge) -> Result<Customs> {
    let customs = Customs::of(setup, state, None);
    learn_as(&customs, journal, knowledge)?;
    Ok(customs)
}

fn learn_as(customs: &Customs, journal: &Journal, knowledge: &Knowledge) -> Result<()> {
    let now = Timestamp::now();
    let past = journal.past(now.checked_sub(LEARNED_FROM).unwrap_or(Timestamp::MIN), now)?;
    knowledge.learn(Learned::new(customs.zone.clone(), customs.country.as_deref(), &past), &past, now);
    Ok(())
}

/// Learns what a simulated home lived through before it was started.
pub fn lived(home: &SimulatedHome, setup: &Setup, knowledge: &Knowledge) {
    let (past, customs) = (home.past_slots(), Customs::of(setup, &home.state(), None));
    let until = past.last().map_or(Timestamp::MIN, |slot| slot.end);
    knowledge.learn(Learned::new(customs.zone, customs.country.as_deref(), &past), &past, until);
}

/// Learns what Home Assistant has to teach.
pub struct Follower {
    /// Where it is asked.
    pub home: Arc<HomeAssistant>,
    /// Whose past it is.
    pub setup: Setup,
    /// Where the past is kept.
    pub journal: Journal,
    /// What learns it.
    pub knowledge: Arc<Knowledge>,
}

impl Follower {
    /// Learns again when Home Assistant tells other customs than those that were learned by, and what its recorder
    /// has since the last time. Ends when that is done.
    pub async fn run(self, mut learned: Customs) {
        loop {
            self.home.settled(PATIENCE).await;
            let customs = Customs::of(&self.setup, &self.home.state(), self.home.country());
            let read = import(&self.home, &self.setup, &self.journal).await;
            if customs != learned || matches!(read, Ok(slots) if slots > 0) {
                learned = customs.clone();
                let (journal, knowledge) = (self.journal.clone(), self.knowledge.clone());
                match tokio::task::spawn_blocking(move || learn_as(&customs, &journal, &knowledge)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!("the past cannot be learned from: {error:#}"),
                    Err(error) => tracing::error!(%error, "the past cannot be learned from"),
                }
            }
            match read {
                Ok(slots) => return tracing::info!(slots, "the recorder's past was taken over"),
                Err(error) => {
                    // A recorder that refuses will refuse again; one that is not there yet will be.
                    let refused = error.downcast_ref::<CallError>().is_some_and(|e| matches!(e, CallError::Refused(_)));
                    if refused && self.home.state().link.is_up() {
                        return tracing::warn!("the recorder's past could not be read: {error:#}");
                    }
                    tracing::debug!("the recorder's past could not be read: {error:#}");
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Takes what was recorded since the last time over into the journal; returns how many slots.
async fn import(home: &HomeAssistant, setup: &Setup, journal: &Journal) -> Result<usize> {
    let now = Timestamp::now();
    // Other entities have a past of their own, that was not read yet.
    let entities = home.recorded_entities().join(",");
    let read_until = journal.load_state(READ_UNTIL)?.and_then(|text| {
        let (until, of) = text.split_once(' ')?;
        until.parse::<Timestamp>().ok().filter(|_| of == entities)
    });
    let from = now.checked_sub(LEARNED_FROM)?.max(read_until.unwrap_or(Timestamp::MIN));
    if now.duration_since(from) < SHORT {
        return Ok(0);
    }
    let slots = recorded(home, setup, from, now).await?;
    let (count, journal) = (slots.len(), journal.clone());
    tokio::task::spawn_blocking(move || {
        // Where there is nothing yet, there may be later.
        if slots.is_empty() {
            return Ok(());
        }
        record_missing(&journal, slots)?;
        journal.save_state(READ_UNTIL, &format!("{now} {entities}"))
    })
    .await
    .context("the past could not be kept")??;
    Ok(count)
}

/// Learns from the recorder alone: for a command that looks once.
pub async fn glance(home: &HomeAssistant, setup: &Setup, knowledge: &Knowledge) -> Result<()> {
    let now = Timestamp::now();
    let past = recorded(home, setup, now.checked_sub(GLANCE)?, now).await?;
    let customs = Customs::of(setup, &home.state(), home.country());
    knowledge.learn(Learned::new(customs.zone, customs.country.as_deref(), &past), &past, now);
    Ok(())
}

/// Quarter-hours of the recorder, oldest first, from means of five minutes as far as there are any, and of hours
/// before.
async fn recorded(home: &HomeAssistant, setup: &Setup, from: Timestamp, until: Timestamp) -> Result<Vec<PastSlot>> {
    let fine = periods(home, from.max(until.checked_sub(FINE)?), until, Period::FiveMinutes).await?;
    let until = fine.first().map_or(until, |(at, _)| *at);
    let mut slots = slots(setup, &periods(home, from, until, Period::Hour).await?, Period::Hour);
    slots.extend(self::slots(setup, &fine, Period::FiveMinutes).into_iter().filter(|slot| slot.start >= until));
    slots.sort_by_key(|slot| slot.start);
    slots.dedup_by_key(|slot| slot.start);
    Ok(slots)
}

async fn periods(
    home: &HomeAssistant,
    from: Timestamp,
    until: Timestamp,
    period: Period,
) -> Result<Vec<(Timestamp, HomeState)>, CallError> {
    let mut all = Vec::new();
    let mut start = from;
    while start < until {
        let end = start.checked_add(CHUNK).unwrap_or(until).min(until);
        all.extend(home.recorded(start, end, period).await?.into_iter().filter(|(at, _)| *at < end));
        start = end;
    }
    Ok(all)
}

/// Means of periods to quarter-hours.
fn slots(setup: &Setup, periods: &[(Timestamp, HomeState)], period: Period) -> Vec<PastSlot> {
    let mut accumulator = Accumulator::new(period.length());
    let mut slots = Vec::new();
    for (at, state) in periods {
        // The recorder keeps means and no on and off, so that it never knows of a plug without a meter; a use with that
        // plug in it is better than none to begin with.
        let measured = Measured { tasks_unknown_w: None, ..snapshot::measure(setup, state, &Watch::default(), *at) };
        slots.extend(accumulator.push(*at, measured));
    }
    let end = periods.last().and_then(|(at, _)| at.checked_add(period.length()).ok());
    slots.extend(end.into_iter().flat_map(|end| accumulator.push(end, Measured::default())));
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn slot(start: &str, load_w: f64) -> PastSlot {
        PastSlot { load_w: Some(load_w), ..PastSlot::unknown(at(start)) }
    }

    #[test]
    fn what_the_journal_measured_itself_stays() {
        let journal = Journal::in_memory().unwrap();
        journal.record_past(&[slot("2026-11-01T10:00:00Z", 400.0)]).unwrap();
        let recorded = [9.0, 8.0, 7.0].into_iter().zip(["09:45", "10:00", "10:15"]);
        let recorded = recorded.map(|(load_w, time)| slot(&format!("2026-11-01T{time}:00Z"), load_w));
        record_missing(&journal, recorded.collect()).unwrap();
        let past = journal.past(at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z")).unwrap();
        assert_eq!(past.iter().map(|s| s.load_w).collect::<Vec<_>>(), [Some(9.0), Some(400.0), Some(7.0)]);
    }

    #[test]
    fn what_only_the_recorder_knows_of_a_slot_is_filled_in() {
        let journal = Journal::in_memory().unwrap();
        journal.record_past(&[slot("2026-11-01T10:00:00Z", 400.0)]).unwrap();
        let recorded = PastSlot { solar_w: Some(70.0), ..slot("2026-11-01T10:00:00Z", 9.0) };
        record_missing(&journal, vec![recorded]).unwrap();
        let past = journal.past(at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z")).unwrap();
        assert_eq!((past[0].load_w, past[0].solar_w), (Some(400.0), Some(70.0)));
    }
}
