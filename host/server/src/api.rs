//! The routes under `/api`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use journal::{Journal, TickSummary};
use model::snapshot::PastSlot;
use model::{Live, Shadow, Tick};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Gate;
use crate::error::{ApiError, Failure};
use crate::events::{self, Events};
use crate::query::{Id, NoParameters, Parameters};
use crate::site::Sites;
use crate::strategies::beside;
use crate::{Server, access, hand, history, lab, page, scores, site, strategies, what_if};

const TICKS_DEFAULT: i64 = 50;
const TICKS_MOST: i64 = 500;
const PAST_DEFAULT: SignedDuration = SignedDuration::from_hours(48);
const PAST_MOST_DAYS: i64 = 35;

/// The control loop passes once a second; what takes longer than this has not ended.
const STANDS_STILL: SignedDuration = SignedDuration::from_secs(30);

pub(crate) type LiveState = watch::Receiver<Arc<Live>>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Wattwright",
        description = "What Wattwright sees, decides and does. Times are UTC (RFC 3339); power into the home is positive \
                       (import, solar, discharge); an absent value is unknown. Every error has the form of `Failure`."
    ),
    components(schemas(Live)),
    tags(
        (name = "live", description = "This moment."),
        (name = "history", description = "What was decided and measured."),
        (name = "strategies", description = "What decides."),
        (name = "access", description = "Who may do what."),
        (name = "hand", description = "What the owner does by hand."),
        (name = "lab", description = "What would be, and what would have been."),
        (name = "site", description = "How the home is set up, and how this program does.")
    )
)]
struct Api;

/// The description of the API, as `web/openapi.json` has it.
///
/// # Errors
/// Never in practice: the description is made of constants.
pub fn openapi_json() -> serde_json::Result<String> {
    let mut document = Api::openapi();
    document.merge(live_routes().into_openapi());
    document.merge(events_routes().into_openapi());
    document.merge(history_routes().into_openapi());
    document.merge(strategies::routes().into_openapi());
    document.merge(scores::routes().into_openapi());
    document.merge(access::routes().into_openapi());
    document.merge(hand::routes().into_openapi());
    document.merge(what_if::routes().into_openapi());
    document.merge(lab::routes().into_openapi());
    document.merge(site::routes().into_openapi());
    Ok(document.to_pretty_json()? + "\n")
}

fn live_routes() -> OpenApiRouter<LiveState> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(health))
}

fn events_routes() -> OpenApiRouter<Events> {
    OpenApiRouter::new().routes(routes!(events::events))
}

fn history_routes() -> OpenApiRouter<(Journal, LiveState)> {
    OpenApiRouter::new()
        .routes(routes!(ticks))
        .routes(routes!(latest_tick))
        .routes(routes!(tick))
        .routes(routes!(shadows))
        .routes(routes!(past))
        .merge(history::routes())
}

/// All routes under `/api`.
pub(crate) fn router(server: &Server, gate: &Gate) -> Router {
    let events = Events::new(server.live.clone(), server.shutdown.clone());
    let sites =
        Sites { site: server.site.clone(), journal: server.journal.clone(), copying: Arc::new(Semaphore::new(1)) };
    Router::new()
        .merge(Router::from(live_routes()).with_state(server.live.clone()))
        .merge(Router::from(events_routes()).with_state(events))
        .merge(Router::from(strategies::routes()).with_state(server.manage.clone()))
        .merge(Router::from(scores::routes()).with_state(scores::Ground {
            journal: server.journal.clone(),
            live: server.live.clone(),
            manage: server.manage.clone(),
            promotion: server.promotion,
        }))
        .merge(Router::from(hand::routes()).with_state(server.hand.clone()))
        .merge(Router::from(what_if::routes()).with_state(server.evaluate.clone()))
        .merge(Router::from(lab::routes()).with_state(server.lab.clone()))
        .merge(Router::from(history_routes()).with_state((server.journal.clone(), server.live.clone())))
        .merge(Router::from(access::routes()).with_state(gate.clone()))
        .merge(Router::from(site::routes()).with_state(sites))
        .route("/api/openapi.json", get(openapi))
        .method_not_allowed_fallback(page::method_not_allowed)
}

async fn openapi(_: NoParameters) -> Result<Response, ApiError> {
    let text = openapi_json()
        .map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "description-failed", error.to_string()))?;
    Ok(([(axum::http::header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The state of everything now.
#[utoipa::path(
    get,
    path = "/api/live",
    tag = "live",
    responses((status = 200, description = "The newest state.", body = Live))
)]
async fn live(State(live): State<LiveState>, _: NoParameters) -> Result<Response, ApiError> {
    let live = live.borrow().clone();
    Ok(Json(&*live).into_response())
}

/// Whether all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Nothing that the owner should know.
    Ok,
    /// See `troubles`.
    Trouble,
}

/// How the daemon is doing, for monitors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// In one word.
    pub status: HealthStatus,
    /// What the owner should know, most important first.
    pub troubles: Vec<String>,
    /// The daemon's version.
    pub version: String,
    /// When this was found.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When the last tick was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub tick_at: Option<Timestamp>,
}

/// The state is put together anew with each pass of the control loop, so an old one means that the loop hangs, which
/// it cannot say by itself.
fn stands_still(live: &Live, now: Timestamp) -> Option<String> {
    let silent = now.duration_since(live.at);
    (silent > STANDS_STILL).then(|| {
        format!(
            "The control loop has stood still for {} s: nothing is looked after; restart Wattwright",
            silent.as_secs()
        )
    })
}

/// Whether all is well, for monitors.
#[utoipa::path(
    get,
    path = "/api/health",
    tag = "live",
    responses(
        (status = 200, description = "All is well.", body = Health),
        (status = 503, description = "There is something that the owner should know.", body = Health),
    )
)]
async fn health(State(live): State<LiveState>, _: NoParameters) -> Result<(StatusCode, Json<Health>), ApiError> {
    let live = live.borrow().clone();
    let troubles: Vec<String> =
        stands_still(&live, Timestamp::now()).into_iter().chain(live.troubles.clone()).collect();
    let (code, status) = match troubles.is_empty() {
        true => (StatusCode::OK, HealthStatus::Ok),
        false => (StatusCode::SERVICE_UNAVAILABLE, HealthStatus::Trouble),
    };
    let health = Health { status, troubles, version: live.version.clone(), at: live.at, tick_at: live.tick_at };
    Ok((code, Json(health)))
}

/// Ticks, the newest first.
#[utoipa::path(
    get,
    path = "/api/ticks",
    tag = "history",
    params(
        ("limit" = Option<i64>, Query, description = "How many at most.", minimum = 1, maximum = 500),
        ("before" = Option<i64>, Query, description = "Only ticks with a smaller id: the last id of the page before.", minimum = 1),
        ("until" = Option<String>, Query, description = "Only ticks before this time, RFC 3339."),
    ),
    responses(
        (status = 200, description = "At most `limit` (50 when absent).", body = Vec<TickSummary>),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    )
)]
async fn ticks(
    State((journal, _)): State<(Journal, LiveState)>,
    parameters: Parameters,
) -> Result<Json<Vec<TickSummary>>, ApiError> {
    let parameters = parameters.only(&["limit", "before", "until"])?;
    let limit = parameters.whole("limit", 1..=TICKS_MOST, None)?.unwrap_or(TICKS_DEFAULT);
    let before = parameters.whole("before", 1..=i64::MAX, None)?;
    let until = parameters.instant("until")?;
    let ticks = ask(&journal, move |journal| {
        let last = until.map(|until| journal.last_before(until)).transpose()?;
        let below = last.map(|last| last.unwrap_or(0).saturating_add(1));
        journal.ticks(before.into_iter().chain(below).min(), limit as u32)
    });
    Ok(Json(ticks.await?))
}

/// The newest tick, with all that it saw and said.
#[utoipa::path(
    get,
    path = "/api/ticks/latest",
    tag = "history",
    responses(
        (status = 200, description = "The newest tick.", body = Tick),
        (status = 404, description = "There was none yet.", body = Failure),
    )
)]
async fn latest_tick(
    State((journal, _)): State<(Journal, LiveState)>,
    _: NoParameters,
) -> Result<Json<Tick>, ApiError> {
    let tick = ask(&journal, |journal| journal.latest()).await?;
    tick.map(Json).ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "no-such-tick", "there was no tick yet; the first comes within seconds")
    })
}

/// A tick, with all that it saw and said.
#[utoipa::path(
    get,
    path = "/api/ticks/{id}",
    tag = "history",
    params(("id" = i64, Path, description = "Its id.", minimum = 1)),
    responses(
        (status = 200, description = "The tick.", body = Tick),
        (status = 400, description = "The id is not one.", body = Failure),
        (status = 404, description = "There is no such tick, or no longer.", body = Failure),
    )
)]
async fn tick(
    State((journal, _)): State<(Journal, LiveState)>,
    Id(id): Id,
    _: NoParameters,
) -> Result<Json<Tick>, ApiError> {
    let tick = ask(&journal, move |journal| journal.tick(id)).await?;
    tick.map(Json).ok_or_else(|| {
        let message = format!("there is no tick {id}; it is too old to be kept, or never was");
        ApiError::new(StatusCode::NOT_FOUND, "no-such-tick", message)
    })
}

/// What strategies that are only looked at said to a tick.
#[utoipa::path(
    get,
    path = "/api/ticks/{id}/shadows",
    tag = "history",
    params(("id" = i64, Path, description = "The tick's id.", minimum = 1)),
    responses(
        (status = 200, description = "One for each shadow that was asked; empty when none was.", body = Vec<Shadow>),
        (status = 400, description = "The id is not one.", body = Failure),
    )
)]
async fn shadows(
    State((journal, _)): State<(Journal, LiveState)>,
    Id(id): Id,
    _: NoParameters,
) -> Result<Json<Vec<Shadow>>, ApiError> {
    Ok(Json(ask(&journal, move |journal| journal.shadows(id)).await?))
}

/// What was measured, slot by slot.
#[utoipa::path(
    get,
    path = "/api/past",
    tag = "history",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339; 48 hours before `until` when absent."),
        ("until" = Option<String>, Query, description = "RFC 3339; now when absent. At most 35 days after `from`."),
    ),
    responses(
        (status = 200, description = "The slots that begin in `[from, until)`, the oldest first.", body = Vec<PastSlot>),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    )
)]
async fn past(
    State((journal, live)): State<(Journal, LiveState)>,
    parameters: Parameters,
) -> Result<Json<Vec<PastSlot>>, ApiError> {
    let parameters = parameters.only(&["from", "until"])?;
    let until = parameters.instant("until")?.unwrap_or_else(|| live.borrow().at);
    let from = parameters.instant("from")?.unwrap_or_else(|| until.checked_sub(PAST_DEFAULT).unwrap_or(Timestamp::MIN));
    if from > until {
        return Err(ApiError::bad_parameter(format!("`from` is {from}, after `until`, which is {until}")));
    }
    if until.duration_since(from) > SignedDuration::from_hours(24 * PAST_MOST_DAYS) {
        let message =
            format!("`from` is {from} and `until` {until}; at most {PAST_MOST_DAYS} days can be asked at once");
        return Err(ApiError::bad_parameter(message));
    }
    Ok(Json(ask(&journal, move |journal| journal.past(from, until)).await?))
}

/// Asks the journal beside the asynchronous work.
pub(crate) async fn ask<T: Send + 'static>(
    journal: &Journal,
    question: impl FnOnce(&Journal) -> journal::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let journal = journal.clone();
    Ok(beside(move || question(&journal)).await??)
}
