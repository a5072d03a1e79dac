//! The routes over what was decided and measured in a span of time.

use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::{Action, Expectation, Outcome, StrategyRef, Tick, Verdict};
use serde::{Deserialize, Serialize};
use simulator::BatteryParameters;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{LiveState, ask};
use crate::energy::{self, Batteries, By, EnergyPeriod};
use crate::error::{ApiError, Failure, quoted};
use crate::query::Parameters;

const DECISIONS_DEFAULT: SignedDuration = SignedDuration::from_hours(24);
const DECISIONS_MOST: SignedDuration = SignedDuration::from_hours(50);
const ENERGY_MOST_DAYS: i64 = 1100;
/// How much of the past is read at a time: the tick under way may need the journal in between.
const CHUNK: SignedDuration = SignedDuration::from_hours(24 * 31);

type Ground = (Journal, LiveState);

pub(crate) fn routes() -> OpenApiRouter<Ground> {
    OpenApiRouter::new().routes(routes!(decisions)).routes(routes!(energy))
}

/// What was decided for a slot when it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotDecision {
    /// When the slot begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// The first tick of the slot that had a plan.
    pub tick: i64,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whose plan it is.
    pub strategy: Option<StrategyRef>,
    /// What to do, and why.
    pub actions: Vec<Action>,
    /// What the guard said.
    pub verdicts: Vec<Verdict>,
    /// What became of it.
    pub outcomes: Vec<Outcome>,
    /// What the plan expected of this slot.
    pub expected: Vec<Expectation>,
}

impl From<Tick> for SlotDecision {
    fn from(tick: Tick) -> Self {
        let start = model::slot::start_of(tick.at);
        let (actions, outlook) = tick.plan.map_or_else(Default::default, |plan| (plan.actions, plan.outlook));
        let expected = outlook.into_iter().find(|slot| slot.start == start).map(|slot| slot.targets);
        Self {
            start,
            tick: tick.id,
            at: tick.at,
            strategy: tick.strategy,
            actions,
            verdicts: tick.verdicts,
            outcomes: tick.outcomes,
            expected: expected.unwrap_or_default(),
        }
    }
}

/// What was decided, slot by slot.
#[utoipa::path(
    get,
    path = "/api/decisions",
    tag = "history",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339; 24 hours before `until` when absent."),
        ("until" = Option<String>, Query, description = "RFC 3339; now when absent. At most 50 hours after `from`."),
    ),
    responses(
        (status = 200, description = "One for each slot of `[from, until)` with a plan, the oldest first.", body = Vec<SlotDecision>),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    )
)]
async fn decisions(
    State((journal, live)): State<Ground>,
    parameters: Parameters,
) -> Result<Json<Vec<SlotDecision>>, ApiError> {
    let parameters = parameters.only(&["from", "until"])?;
    let until = parameters.instant("until")?.unwrap_or_else(|| live.borrow().at);
    let from = parameters.instant("from")?.unwrap_or_else(|| back(until, DECISIONS_DEFAULT));
    in_order(from, until, DECISIONS_MOST, "50 hours")?;
    let ticks = ask(&journal, move |journal| journal.slot_ticks(from, until)).await?;
    Ok(Json(ticks.into_iter().map(SlotDecision::from).collect()))
}

/// Energy, money and cycles by day, week or month, in the home's calendar.
#[utoipa::path(
    get,
    path = "/api/energy",
    tag = "history",
    params(
        ("by" = Option<String>, Query, description = "`day`, `week` or `month`; `day` when absent."),
        ("from" = Option<String>, Query, description = "RFC 3339; its period is given whole. When absent, 31 days, 26 weeks or 24 months before `until`."),
        ("until" = Option<String>, Query, description = "RFC 3339; now when absent. At most 1100 days after `from`."),
    ),
    responses(
        (status = 200, description = "Periods with something recorded, the oldest first.", body = Vec<EnergyPeriod>),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    )
)]
async fn energy(
    State((journal, live)): State<Ground>,
    parameters: Parameters,
) -> Result<Json<Vec<EnergyPeriod>>, ApiError> {
    let parameters = parameters.only(&["by", "from", "until"])?;
    let by = by(parameters.text("by"))?;
    let (now, zone) = {
        let live = live.borrow();
        (live.at, live.home.timezone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC))
    };
    let until = parameters.instant("until")?.unwrap_or(now);
    let from = parameters.instant("from")?.unwrap_or_else(|| back(until, default_span(by)));
    in_order(from, until, SignedDuration::from_hours(24 * ENERGY_MOST_DAYS), "1100 days")?;
    let from = by.start_of(from, &zone);
    let (slots, batteries) = ask(&journal, move |journal| {
        let mut slots = Vec::new();
        let mut start = from;
        while start < until {
            let end = start.checked_add(CHUNK).unwrap_or(until).min(until);
            slots.extend(journal.past(start, end)?);
            start = end;
        }
        Ok((slots, batteries(journal.latest()?)))
    })
    .await?;
    Ok(Json(energy::periods(&slots, by, &zone, &batteries)))
}

/// As the newest tick knows them. One that has the panels behind it is not simulated.
fn batteries(newest: Option<Tick>) -> Batteries {
    let all = newest.map(|tick| tick.input.snapshot.batteries).unwrap_or_default();
    let single = match all.as_slice() {
        [one] if !one.carries_solar => Some(BatteryParameters::from(one)),
        _ => None,
    };
    let capacity_wh = (!all.is_empty()).then(|| all.iter().map(|battery| battery.capacity_wh).sum());
    Batteries { capacity_wh, single }
}

fn by(text: Option<&str>) -> Result<By, ApiError> {
    let Some(text) = text else { return Ok(By::Day) };
    By::NAMES.iter().find(|(name, _)| *name == text).map(|(_, by)| *by).ok_or_else(|| {
        ApiError::bad_parameter(format!("`by` is {}; it must be `day`, `week` or `month`", quoted(text)))
    })
}

fn default_span(by: By) -> SignedDuration {
    let days = match by {
        By::Day => 30,
        By::Week => 25 * 7,
        By::Month => 23 * 30,
    };
    SignedDuration::from_hours(24 * days)
}

pub(crate) fn back(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_sub(by).unwrap_or(Timestamp::MIN)
}

pub(crate) fn in_order(from: Timestamp, until: Timestamp, most: SignedDuration, words: &str) -> Result<(), ApiError> {
    if from > until {
        return Err(ApiError::bad_parameter(format!("`from` is {from}, after `until`, which is {until}")));
    }
    if until.duration_since(from) > most {
        let message = format!("`from` is {from} and `until` {until}; at most {words} can be asked at once");
        return Err(ApiError::bad_parameter(message));
    }
    Ok(())
}
