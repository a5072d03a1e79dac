//! The routes by which strategies are managed and ticks replayed. With those of [`crate::hand`] they are the only
//! ones that change something.
//!
//! They are for the page itself and for programs of the owner: a request must say with its header
//! `x-wattwright` that it means it. A page of a stranger cannot send that header without asking first, which
//! is never answered (CORS), and what a browser says of a request's origin must be our own.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Allowance;
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{self, ContentBuilder, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, PartialSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Failure, quoted};
use crate::manage::{Examination, LogEntry, Manage, ManageError, RoleChange, Rollback, StrategyDetail};
use crate::query::{self, Id, Name, NoParameters, Parameters};
use crate::secure;

/// Largest file of a strategy.
pub(crate) const WASM_MOST: u64 = 16 << 20;

const LOG_DEFAULT: i64 = 100;
const LOG_MOST: i64 = 1000;

type Manager = Arc<dyn Manage>;

pub(crate) fn routes() -> OpenApiRouter<Manager> {
    let files = OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(check)).layer(body_limit(WASM_MOST));
    OpenApiRouter::new()
        .routes(routes!(one, remove))
        .routes(routes!(set_role))
        .routes(routes!(set_settings, drop_settings))
        .routes(routes!(set_allowance))
        .routes(routes!(roll_back))
        .routes(routes!(log))
        .routes(routes!(replay))
        .routes(routes!(export))
        .layer(body_limit(secure::BODY_MOST))
        .merge(files)
}

/// For bodies whose length is not announced.
pub(crate) fn body_limit(bytes: u64) -> DefaultBodyLimit {
    DefaultBodyLimit::max(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// Whether a path takes the file of a strategy.
pub(crate) fn takes_file(path: &str) -> bool {
    matches!(path, "/api/strategies" | "/api/strategies/check")
}

/// That a request which changes something comes from our own page or from a program that means it.
pub(crate) struct Meant;

impl<S: Send + Sync> FromRequestParts<S> for Meant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        meant(&parts.headers).map(|()| Self)
    }
}

impl IntoParams for Meant {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = ParameterBuilder::new().name("x-wattwright").parameter_in(ParameterIn::Header);
        let header = header.required(Required::True).schema(Some(String::schema()));
        let description = "The request is meant: the session's word, or anything where nobody has signed in.";
        vec![header.description(Some(description)).build()]
    }
}

impl IntoResponses for Meant {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Failure"))).build();
        let refused = ResponseBuilder::new().description("From another origin.").content("application/json", content);
        [("403".to_owned(), refused.build().into())].into()
    }
}

fn meant(headers: &HeaderMap) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::new(StatusCode::FORBIDDEN, "foreign-origin", message));
    let text = |name: header::HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site"))
        && !matches!(site.as_ref(), "same-origin" | "none")
    {
        return refused(format!(
            "a page of another site asked for this ({}); only this server's own page may",
            quoted(&site)
        ));
    }
    if let Some(origin) = text(header::ORIGIN) {
        let own = text(header::HOST).unwrap_or_default();
        let host = origin.split_once("://").map_or("", |(_, host)| host);
        if host.is_empty() || !host.eq_ignore_ascii_case(&own) {
            return refused(format!("the page at {} asked for this; only this server's own page may", quoted(&origin)));
        }
    }
    if !headers.contains_key("x-wattwright") {
        return refused("send the header `x-wattwright: 1` with whatever changes something".to_owned());
    }
    Ok(())
}

impl From<ManageError> for ApiError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotFound(message) => Self::new(StatusCode::NOT_FOUND, "not-found", message),
            ManageError::Refused(message) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", message),
            ManageError::Busy(message) => Self::new(StatusCode::CONFLICT, "busy", message),
            ManageError::Failed(message) => {
                tracing::error!(message, "a request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
            }
        }
    }
}

/// Does what may block beside the asynchronous work.
pub(crate) async fn ask<T: Send + 'static>(
    manager: Manager,
    work: impl FnOnce(&dyn Manage) -> Result<T, ManageError> + Send + 'static,
) -> Result<T, ApiError> {
    blocking(move || work(&*manager)).await
}

/// The same for any port.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ManageError> + Send + 'static,
) -> Result<T, ApiError> {
    Ok(beside(work).await??)
}

/// The same for what cannot fail, or fails in its own way.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a request did not end");
        let message = "this could not be done; the daemon's log says why";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
    })
}

pub(crate) type Body<T> = Result<Json<T>, JsonRejection>;

pub(crate) fn json<T>(body: Body<T>) -> Result<T, ApiError> {
    body.map(|Json(value)| value).map_err(|error| unreadable(error.status(), &error.body_text(), secure::BODY_MOST))
}

fn file(body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|error| unreadable(error.status(), &error.body_text(), WASM_MOST))
}

fn unreadable(status: StatusCode, reason: &str, most: u64) -> ApiError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => secure::body_too_large(None, most),
        status => ApiError::new(status, "bad-body", format!("the body cannot be read: {reason}")),
    }
}

/// All strategies: the active ones in the order in which they are asked, then the shadows, then the others.
#[utoipa::path(get, path = "/api/strategies", tag = "strategies",
    responses((status = 200, description = "All strategies.", body = Vec<StrategyDetail>)))]
async fn list(State(manager): State<Manager>, _: NoParameters) -> Result<Json<Vec<StrategyDetail>>, ApiError> {
    Ok(Json(ask(manager, |m| m.list()).await?))
}

/// Tries a strategy's file out and takes it in when it is good. It is not asked before its role says so.
#[utoipa::path(post, path = "/api/strategies", tag = "strategies",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The file."),
    params(Meant),
    responses(
        (status = 200, description = "It was taken in.", body = StrategyDetail),
        Meant,
        (status = 413, description = "Too large.", body = Failure),
        (status = 422, description = "It is no good strategy; the message says why.", body = Failure),
    ))]
async fn add(
    _: Meant,
    State(manager): State<Manager>,
    _: NoParameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let body = file(body)?;
    Ok(Json(ask(manager, move |m| m.add(&body)).await?))
}

/// Tries a strategy's file out; keeps nothing.
#[utoipa::path(post, path = "/api/strategies/check", tag = "strategies",
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The file."),
    params(Meant),
    responses(
        (status = 200, description = "What was found.", body = Examination),
        Meant,
        (status = 413, description = "Too large.", body = Failure),
    ))]
async fn check(
    _: Meant,
    State(manager): State<Manager>,
    _: NoParameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Examination>, ApiError> {
    let body = file(body)?;
    Ok(Json(ask(manager, move |m| m.check(&body)).await?))
}

/// One strategy.
#[utoipa::path(get, path = "/api/strategies/{name}", tag = "strategies",
    params(("name" = String, Path, description = "Its name.")),
    responses(
        (status = 200, description = "The strategy.", body = StrategyDetail),
        (status = 404, description = "There is none of that name.", body = Failure),
    ))]
async fn one(
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
) -> Result<Json<StrategyDetail>, ApiError> {
    Ok(Json(ask(manager, move |m| find(m, &name)).await?))
}

pub(crate) fn find(manager: &dyn Manage, name: &str) -> Result<StrategyDetail, ManageError> {
    let found = manager.list()?.into_iter().find(|strategy| strategy.name == name);
    found.ok_or_else(|| ManageError::NotFound(format!("there is no strategy `{name}`")))
}

/// Takes a strategy's file out of the owner's folder, and the strategy out of use.
#[utoipa::path(delete, path = "/api/strategies/{name}", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        Meant),
    responses(
        (status = 204, description = "It is gone."),
        Meant,
        (status = 404, description = "There is none of that name.", body = Failure),
        (status = 422, description = "It is part of this program.", body = Failure),
    ))]
async fn remove(
    _: Meant,
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
) -> Result<StatusCode, ApiError> {
    ask(manager, move |m| m.remove(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a strategy active, a shadow, or neither. Active and shadow end a quarantine.
#[utoipa::path(put, path = "/api/strategies/{name}/role", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        Meant),
    request_body = RoleChange,
    responses(
        (status = 200, description = "As it is now.", body = StrategyDetail),
        Meant,
        (status = 404, description = "There is none of that name.", body = Failure),
        (status = 422, description = "It cannot be.", body = Failure),
    ))]
async fn set_role(
    _: Meant,
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
    body: Body<RoleChange>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let change = json(body)?;
    Ok(Json(ask(manager, move |m| m.set_role(&name, change)).await?))
}

/// Changes a strategy's settings: all that differ from its defaults.
#[utoipa::path(put, path = "/api/strategies/{name}/settings", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        Meant),
    request_body(content = Object, description = "Obeys the strategy's `settings_schema`."),
    responses(
        (status = 200, description = "As it is now.", body = StrategyDetail),
        Meant,
        (status = 404, description = "There is none of that name.", body = Failure),
        (status = 422, description = "They do not fit; the message says which and why.", body = Failure),
    ))]
async fn set_settings(
    _: Meant,
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
    body: Body<Value>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let settings = json(body)?;
    Ok(Json(ask(manager, move |m| m.set_settings(&name, Some(settings))).await?))
}

/// Goes back to the settings of the configuration.
#[utoipa::path(delete, path = "/api/strategies/{name}/settings", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        Meant),
    responses(
        (status = 200, description = "As it is now.", body = StrategyDetail),
        Meant,
        (status = 404, description = "There is none of that name.", body = Failure),
    ))]
async fn drop_settings(
    _: Meant,
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
) -> Result<Json<StrategyDetail>, ApiError> {
    Ok(Json(ask(manager, move |m| m.set_settings(&name, None)).await?))
}

/// Changes what a call of a strategy may use.
#[utoipa::path(put, path = "/api/strategies/{name}/allowance", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        Meant),
    request_body = Allowance,
    responses(
        (status = 200, description = "As it is now.", body = StrategyDetail),
        Meant,
        (status = 404, description = "There is none of that name.", body = Failure),
    ))]
async fn set_allowance(
    _: Meant,
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
    body: Body<Allowance>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let allowance = json(body)?;
    Ok(Json(ask(manager, move |m| m.set_allowance(&name, allowance)).await?))
}

/// Goes back to an earlier version: its file takes the place of the one in use.
#[utoipa::path(post, path = "/api/strategies/{name}/rollback", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        Meant),
    request_body = Rollback,
    responses(
        (status = 200, description = "As it is now.", body = StrategyDetail),
        Meant,
        (status = 404, description = "There is none of that name, or no such version.", body = Failure),
    ))]
async fn roll_back(
    _: Meant,
    State(manager): State<Manager>,
    Name(name): Name,
    _: NoParameters,
    body: Body<Rollback>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let rollback = json(body)?;
    Ok(Json(ask(manager, move |m| m.roll_back(&name, rollback.to.as_deref())).await?))
}

/// A strategy's own log, the newest line first.
#[utoipa::path(get, path = "/api/strategies/{name}/log", tag = "strategies",
    params(("name" = String, Path, description = "Its name."),
        ("limit" = Option<i64>, Query, description = "How many lines at most.", minimum = 1, maximum = 1000)),
    responses(
        (status = 200, description = "At most `limit` (100 when absent).", body = Vec<LogEntry>),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    ))]
async fn log(
    State(manager): State<Manager>,
    Name(name): Name,
    parameters: Parameters,
) -> Result<Json<Vec<LogEntry>>, ApiError> {
    let parameters = parameters.only(&["limit"])?;
    let limit = parameters.whole("limit", 1..=LOG_MOST, None)?.unwrap_or(LOG_DEFAULT);
    Ok(Json(ask(manager, move |m| m.log(&name, limit as u32)).await?))
}

/// Decides a recorded tick again and compares plans and verdicts with the recorded ones.
#[utoipa::path(get, path = "/api/ticks/{id}/replay", tag = "history",
    params(("id" = i64, Path, description = "Its id.", minimum = 1),
        ("strategy" = Option<String>, Query, description = "Decide by this one instead of the recorded ones.")),
    responses(
        (status = 200, description = "The comparison.", body = Object),
        (status = 404, description = "There is no such tick or strategy, or no longer.", body = Failure),
    ))]
async fn replay(State(manager): State<Manager>, Id(id): Id, parameters: Parameters) -> Result<Json<Value>, ApiError> {
    let parameters = parameters.only(&["strategy"])?;
    let strategy = parameters.text("strategy").map(|text| query::name("strategy", text)).transpose()?;
    Ok(Json(ask(manager, move |m| m.replay(id, strategy.as_deref())).await?))
}

/// A recorded tick in one file that `wattwright replay` takes on any machine.
#[utoipa::path(get, path = "/api/ticks/{id}/export", tag = "history",
    params(("id" = i64, Path, description = "Its id.", minimum = 1)),
    responses(
        (status = 200, description = "The tick with its strategies.", body = Object),
        (status = 404, description = "There is no such tick, or no longer.", body = Failure),
    ))]
async fn export(State(manager): State<Manager>, Id(id): Id, _: NoParameters) -> Result<Response, ApiError> {
    let exported = ask(manager, move |m| m.export(id)).await?;
    let disposition = format!("attachment; filename=\"wattwright-tick-{id}.json\"");
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(exported)).into_response())
}
