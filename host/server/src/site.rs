//! How the home is set up and how its sources do, the last lines of the log, and a copy of the journal.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use journal::{Journal, Level};
use model::snapshot::{Problem, Source};
use model::{CommandKind, Mode, TargetId};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Failure};
use crate::query::NoParameters;
use crate::strategies::beside;

/// Beginning of the folder in which a copy is made.
const UNNAMED: &str = ".backup-";

/// What is asked for ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// What energy from the grid costs.
    ImportPrices,
    /// What energy to the grid is worth.
    FeedInPrices,
    /// Weather and sun.
    WeatherAndSun,
}

/// A source that is asked for what is ahead, and how it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FetchedSource {
    /// What for.
    pub kind: SourceKind,
    /// `tibber`, `energy-charts` …
    pub name: String,
    /// When it last answered with something of use.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Timestamp>,
    /// The end of what it has said.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub known_until: Option<Timestamp>,
    /// When it will be asked next.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// How often it failed since it last answered.
    pub failures: u32,
    /// What went wrong the last time; `None`: nothing.
    pub error: Option<String>,
}

/// How often something may be done within a day, and was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// Within the last 24 hours, or up to an hour more.
    pub used: u32,
    /// `None`: no limit.
    pub limit: Option<u32>,
}

/// Limits that only a battery has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatterySetup {
    /// Watt-hours from 0 to 100 %.
    pub capacity_wh: f64,
    /// Nothing discharges below.
    pub min_soc_pct: f64,
    /// Kept for an outage; 0: nothing is.
    pub outage_reserve_pct: f64,
    /// Nothing charges above.
    pub max_soc_pct: f64,
    /// Watt at the bus.
    pub max_charge_w: f64,
    /// Watt at the bus.
    pub max_discharge_w: f64,
    /// Commands that the device stores in flash.
    pub flash_commands: Vec<CommandKind>,
    /// Writes to its flash.
    pub flash_writes: Budget,
}

/// A battery or device as it is set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetSetup {
    /// See `Live`.
    pub id: TargetId,
    /// What the owner calls it.
    pub name: String,
    /// `battery`, `plug`, `light`, `notify` …
    pub kind: String,
    /// Whether commands are sent.
    pub mode: Mode,
    /// All that it can be told.
    pub commands: Vec<CommandKind>,
    /// Least seconds between two turns: of the direction of a battery, of the switch of a device.
    pub dwell_s: u64,
    /// Least seconds between two writes.
    pub write_interval_s: u64,
    /// Turns of the direction or the switch.
    pub turns: Budget,
    /// Writes of all kinds.
    pub writes: Budget,
    /// `None`: it is no battery.
    pub battery: Option<BatterySetup>,
}

/// Limits of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionSetup {
    /// Most that may be imported, watt; `None`: no limit set.
    pub import_limit_w: Option<f64>,
    /// Most that may be fed in, watt; `None`: no limit set.
    pub feed_in_limit_w: Option<f64>,
    /// Most that each phase carries, ampere; `None`: not watched.
    pub phase_limit_a: Option<f64>,
    /// A meter's reading is stale when it is older, seconds.
    pub meter_stale_after_s: u64,
}

/// How the home is set up, and how its sources do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SetupView {
    /// When this was found.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who tells what of the slots ahead, and how far.
    pub columns: Vec<Source>,
    /// The sources that are asked for it, in the order in which they are preferred.
    pub fetched: Vec<FetchedSource>,
    /// What is missing or doubtful of what is ahead.
    pub problems: Vec<Problem>,
    /// Of the connection.
    pub connection: ConnectionSetup,
    /// Batteries, then devices.
    pub targets: Vec<TargetSetup>,
    /// Bytes that the journal takes on the disk.
    pub journal_bytes: u64,
    /// How many days decisions are kept.
    pub keep_ticks_days: u32,
    /// How many days measurements are kept.
    pub keep_past_days: u32,
}

/// A line of the daemon's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `error`, `warn`, `info` …
    pub level: String,
    /// Which part of the program wrote it.
    pub part: String,
    /// The line.
    pub text: String,
}

/// What is known of the home and of this program besides what it decides: the port behind these routes. It may block
/// for a moment.
pub trait Site: Send + Sync {
    /// How the home is set up.
    fn setup(&self) -> SetupView;
    /// The last lines of the log, the newest first.
    fn log(&self) -> Vec<LogLine>;
}

/// What these routes know.
#[derive(Clone)]
pub(crate) struct Sites {
    pub(crate) site: Arc<dyn Site>,
    pub(crate) journal: Journal,
    /// One copy at a time: each takes as much of the disk as the journal.
    pub(crate) copying: Arc<Semaphore>,
}

pub(crate) fn routes() -> OpenApiRouter<Sites> {
    OpenApiRouter::new().routes(routes!(setup)).routes(routes!(log)).routes(routes!(backup))
}

/// How the home is set up, and how its sources do.
#[utoipa::path(get, path = "/api/setup", tag = "site",
    responses((status = 200, description = "The set-up.", body = SetupView)))]
async fn setup(State(sites): State<Sites>, _: NoParameters) -> Result<Json<SetupView>, ApiError> {
    Ok(Json(beside(move || sites.site.setup()).await?))
}

/// The last lines of the daemon's own log, the newest first. Tokens and the like are left out of them.
#[utoipa::path(get, path = "/api/log", tag = "site",
    responses((status = 200, description = "At most 500 lines.", body = Vec<LogLine>)))]
async fn log(State(sites): State<Sites>, _: NoParameters) -> Result<Json<Vec<LogLine>>, ApiError> {
    Ok(Json(beside(move || sites.site.log()).await?))
}

/// A copy of the journal as it is at this moment, as a SQLite file. It holds what was measured and decided, and no
/// password, token or configuration.
#[utoipa::path(get, path = "/api/backup", tag = "site",
    responses(
        (status = 200, description = "The file.", body = Vec<u8>, content_type = "application/vnd.sqlite3"),
        (status = 503, description = "Another copy is being made; try again when it is done.", body = Failure),
    ))]
async fn backup(State(sites): State<Sites>, _: NoParameters) -> Result<Response, ApiError> {
    let permit = sites.copying.clone().try_acquire_owned().map_err(|_| {
        let message = "a copy of the journal is being made; try again when it is done";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
    })?;
    let now = Timestamp::now();
    // The permit goes with the work, which goes on when nobody waits for it any more.
    let (copied, permit) = beside(move || (copy(&sites.journal, now), permit)).await?;
    let file = copied.map_err(|error| {
        tracing::error!("the journal could not be copied: {error}");
        let message = "the journal could not be copied; the daemon's log says why";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
    })?;
    let length = file.metadata().map_or(0, |file| file.len()).to_string();
    let stream = ReaderStream::new(tokio::fs::File::from_std(file));
    // The permit and the disk space are given back when the last byte is read, or nobody reads any more.
    let stream = futures_util::StreamExt::map(stream, move |bytes| {
        let _permit = &permit;
        bytes
    });
    let mut response = Body::from_stream(stream).into_response();
    let name = format!("attachment; filename=\"wattwright-{}.db\"", now.strftime("%Y-%m-%d"));
    for (header, value) in [
        (header::CONTENT_TYPE, "application/vnd.sqlite3"),
        // Most of it is compressed already.
        (header::CONTENT_ENCODING, "identity"),
        (header::CONTENT_LENGTH, length.as_str()),
        (header::CONTENT_DISPOSITION, name.as_str()),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(header, value);
        }
    }
    Ok(response)
}

/// A copy without a name: its space is free again as soon as it is closed, whatever happens to us.
fn copy(journal: &Journal, now: Timestamp) -> Result<std::fs::File, String> {
    let failed = |error: io::Error| error.to_string();
    let beside = journal.path().parent().ok_or("it is in memory only")?;
    // Left behind by a daemon that was killed while it copied.
    for entry in std::fs::read_dir(beside).map_err(failed)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNNAMED) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let folder = tempfile::Builder::new().prefix(UNNAMED).tempdir_in(beside).map_err(failed)?;
    let path = folder.path().join("journal.db");
    let with_cause = |error: journal::Error| match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    journal.back_up(&path).map_err(with_cause)?;
    journal.note(now, Level::Info, "a copy of the journal was made").map_err(with_cause)?;
    std::fs::File::open(&path).map_err(failed)
}
