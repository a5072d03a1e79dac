//! The lab: backtests from the page. The routes that begin or end something demand what [`crate::strategies`]
//! demands.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use model::TargetId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Failure};
use crate::manage::ManageError;
use crate::query::{Id, NoParameters};
use crate::secure;
use crate::strategies::{Body, Meant, blocking, body_limit, json};

/// Which past is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabData {
    /// What this home's journal has.
    Home,
    /// The year of data that comes with the program.
    Sample,
}

/// What strategies are told of what is to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabForecast {
    /// What would have been known then.
    #[default]
    Known,
    /// What came.
    Perfect,
}

/// A strategy to be played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// Its name.
    pub strategy: String,
    /// Settings that are other than the owner's.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, Value>,
}

/// A backtest to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBacktest {
    /// Which past.
    pub data: LabData,
    /// Its newest days only; absent: all of it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 400)]
    pub days: Option<u32>,
    /// What strategies are told.
    #[serde(default)]
    pub forecast: LabForecast,
    /// One to eight.
    pub runs: Vec<NewRun>,
    /// Another size of the battery; absent: as it is.
    #[serde(default)]
    #[schema(minimum = 100, maximum = 100_000)]
    pub capacity_wh: Option<f64>,
    /// Another power of the battery, both ways; absent: as it is.
    #[serde(default)]
    #[schema(minimum = 10, maximum = 1_000_000)]
    pub max_power_w: Option<f64>,
}

/// A past that can be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabSource {
    /// Which.
    pub data: LabData,
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The first instant after.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// How many slots.
    pub slots: u64,
}

/// The battery that is played unless another size is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabBattery {
    /// From 0 to 100 %.
    pub capacity_wh: f64,
    /// Magnitude.
    pub max_charge_w: f64,
    /// Magnitude.
    pub max_discharge_w: f64,
}

/// A backtest under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabProgress {
    /// What was asked for.
    pub request: NewBacktest,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Slots that are played.
    pub slots_done: u64,
    /// All that are to be played.
    pub slots: u64,
}

/// The lab as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LabState {
    /// What can be played; a past of which too little is known is not there.
    pub sources: Vec<LabSource>,
    /// `None`: this home has no battery, so that a size and a power have to be given, or several, which are played as they
    /// are when none is given.
    pub battery: Option<LabBattery>,
    /// At most one at a time.
    pub running: Option<LabProgress>,
    /// Why the last one ended without a result.
    pub failure: Option<String>,
    /// What is kept, the newest first, without curves.
    pub results: Vec<Backtest>,
}

/// A backtest that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Backtest {
    /// Its id; later ones have greater ones.
    pub id: u64,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it took, seconds.
    pub wall_s: f64,
    /// What was asked for.
    pub request: NewBacktest,
    /// First instant of what was played.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The first instant after.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// How many slots were played.
    pub slots: u64,
    /// ISO 4217.
    pub currency: String,
    /// The fixed references, then the strategies as they were asked for.
    pub lines: Vec<BacktestLine>,
}

/// What a line of a backtest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The battery never does anything.
    NoBattery,
    /// It follows the meter.
    SelfConsumption,
    /// The least that it could have cost for someone who knew the future.
    PerfectForesight,
    /// A strategy.
    Strategy,
}

/// One strategy or reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BacktestLine {
    /// What it is.
    pub kind: LineKind,
    /// The strategy's name; empty for a reference.
    pub strategy: String,
    /// The strategy's version; empty for a reference.
    pub version: String,
    /// Settings that were other than the owner's.
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, Value>,
    /// Import at the import price less what export earned.
    pub cost: f64,
    /// The same, adjusted for what was stored at the end.
    pub cost_adjusted: f64,
    /// Less than without a battery, by the adjusted cost.
    pub saved_against_no_battery: f64,
    /// Less than plain self-consumption, by the adjusted cost.
    pub saved_against_self_consumption: f64,
    /// Which share of what could be saved beyond self-consumption was saved: 1 as perfect foresight.
    pub share: f64,
    /// From the grid.
    pub import_kwh: f64,
    /// To the grid.
    pub export_kwh: f64,
    /// Stored energy that was taken out, in capacities.
    pub cycles: f64,
    /// Actions that the guard changed.
    pub adjusted: u64,
    /// Actions that the guard refused.
    pub refused: u64,
    /// Times that there was no plan.
    pub strategy_errors: u64,
    /// Median of a decision, milliseconds; `None`: a reference.
    pub decide_ms: Option<f64>,
    /// Day by day; empty in a list.
    pub days: Vec<BacktestDay>,
    /// State of charge of all batteries together when each slot began, percent; of two weeks at most, else empty.
    pub soc_pct: Vec<f64>,
    /// Each battery by itself where there are several; empty in a list, and for perfect foresight, which has them as
    /// one.
    #[serde(default)]
    pub batteries: Vec<BatteryCharge>,
}

/// How far one battery was charged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatteryCharge {
    /// See `Live`.
    pub id: TargetId,
    /// Mean of each day, percent.
    pub days: Vec<f64>,
    /// When each slot began, percent; of two weeks at most, else empty.
    pub soc_pct: Vec<f64>,
}

/// One day of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BacktestDay {
    /// In the home's calendar.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Cost of this day alone, adjusted for what was stored.
    pub cost: f64,
    /// Mean state of charge of all batteries together, percent.
    pub soc_pct: f64,
}

/// Makes backtests: the port behind these routes. It may block for a moment; the work is done beside.
pub trait Lab: Send + Sync {
    /// As it is.
    fn state(&self) -> Result<LabState, ManageError>;
    /// Begins one. [`ManageError::Busy`] while another is under way.
    fn start(&self, request: NewBacktest) -> Result<LabState, ManageError>;
    /// Ends the one under way without a result.
    fn cancel(&self) -> Result<LabState, ManageError>;
    /// One that is kept, with its curves.
    fn result(&self, id: u64) -> Result<Backtest, ManageError>;
    /// Forgets one that is kept.
    fn forget(&self, id: u64) -> Result<(), ManageError>;
}

type Laboratory = Arc<dyn Lab>;

pub(crate) fn routes() -> OpenApiRouter<Laboratory> {
    OpenApiRouter::new()
        .routes(routes!(state, start, cancel))
        .routes(routes!(result, forget))
        .layer(body_limit(secure::BODY_MOST))
}

/// What can be played, what is under way, what is kept.
#[utoipa::path(get, path = "/api/lab", tag = "lab",
    responses((status = 200, description = "The lab as it is.", body = LabState)))]
async fn state(State(lab): State<Laboratory>, _: NoParameters) -> Result<Json<LabState>, ApiError> {
    Ok(Json(blocking(move || lab.state()).await?))
}

/// Begins a backtest: strategies are played through a past in their sandboxes and under the guard, beside the
/// control of the home.
#[utoipa::path(post, path = "/api/lab", tag = "lab",
    params(Meant),
    request_body = NewBacktest,
    responses(
        (status = 202, description = "It is under way.", body = LabState),
        Meant,
        (status = 404, description = "There is no such strategy.", body = Failure),
        (status = 409, description = "Another one is under way.", body = Failure),
        (status = 422, description = "It cannot be played.", body = Failure),
    ))]
async fn start(
    _: Meant,
    State(lab): State<Laboratory>,
    _: NoParameters,
    body: Body<NewBacktest>,
) -> Result<(StatusCode, Json<LabState>), ApiError> {
    let request = json(body)?;
    Ok((StatusCode::ACCEPTED, Json(blocking(move || lab.start(request)).await?)))
}

/// Ends the backtest under way without a result.
#[utoipa::path(delete, path = "/api/lab", tag = "lab",
    params(Meant),
    responses(
        (status = 200, description = "The lab as it is.", body = LabState),
        Meant,
        (status = 404, description = "None is under way.", body = Failure),
    ))]
async fn cancel(_: Meant, State(lab): State<Laboratory>, _: NoParameters) -> Result<Json<LabState>, ApiError> {
    Ok(Json(blocking(move || lab.cancel()).await?))
}

/// A backtest that is kept, with its curves.
#[utoipa::path(get, path = "/api/lab/{id}", tag = "lab",
    params(("id" = i64, Path, description = "Its id.", minimum = 1)),
    responses(
        (status = 200, description = "The backtest.", body = Backtest),
        (status = 404, description = "There is no such one, or no longer.", body = Failure),
    ))]
async fn result(State(lab): State<Laboratory>, Id(id): Id, _: NoParameters) -> Result<Json<Backtest>, ApiError> {
    Ok(Json(blocking(move || lab.result(id.unsigned_abs())).await?))
}

/// Forgets a backtest.
#[utoipa::path(delete, path = "/api/lab/{id}", tag = "lab",
    params(("id" = i64, Path, description = "Its id.", minimum = 1),
        Meant),
    responses(
        (status = 204, description = "It is forgotten."),
        Meant,
        (status = 404, description = "There is no such one, or no longer.", body = Failure),
    ))]
async fn forget(_: Meant, State(lab): State<Laboratory>, Id(id): Id, _: NoParameters) -> Result<StatusCode, ApiError> {
    blocking(move || lab.forget(id.unsigned_abs())).await?;
    Ok(StatusCode::NO_CONTENT)
}
