//! Signing in and out.

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::accounts::{Known, Unwelcome};
use super::gate::{Gate, is_secure, set_cookie, write_down};
use super::{Access, UserRole, sessions};
use crate::error::{ApiError, Failure, quoted};
use crate::query::Parameters;
use crate::strategies::Meant;

/// A name and a password need no more.
const BODY_MOST: usize = 2048;

pub(crate) fn routes() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(greet, enter, leave)).layer(DefaultBodyLimit::max(BODY_MOST))
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Greeting {
    /// Whether users sign in; otherwise everyone is the owner.
    pub accounts: bool,
    /// Who is signed in.
    pub user: Option<SignedIn>,
    /// What must come in the header `x-wattwright` with each change.
    pub word: Option<String>,
}

/// A user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: UserRole,
}

/// A name with its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The user's name.
    pub name: String,
    /// The user's password.
    pub password: String,
}

fn greeting(known: Option<Known>) -> Json<Greeting> {
    let (user, word) = known.map(|k| (SignedIn { name: k.name, role: k.role }, k.word)).unzip();
    Json(Greeting { accounts: user.is_some(), user, word })
}

/// Who asks, and the word that goes with each change.
#[utoipa::path(get, path = "/api/session", tag = "access",
    responses(
        (status = 200, description = "Who asks.", body = Greeting),
        (status = 401, description = "Nobody is signed in.", body = Failure),
    ))]
async fn greet(known: Option<Extension<Known>>, parameters: Parameters) -> Result<Json<Greeting>, ApiError> {
    parameters.only(&[])?;
    Ok(greeting(known.map(|Extension(known)| known)))
}

/// Signs in. The session is in a cookie.
#[utoipa::path(post, path = "/api/session", tag = "access",
    request_body = Credentials,
    params(("x-wattwright" = String, Header, description = "Anything: the request is meant.")),
    responses(
        (status = 200, description = "Signed in.", body = Greeting),
        (status = 401, description = "The name or the password is wrong.", body = Failure),
        (status = 403, description = "From another origin.", body = Failure),
        (status = 404, description = "There are no users: everyone is the owner.", body = Failure),
        (status = 429, description = "Too often wrong; `Retry-After` says how many seconds to wait.", body = Failure),
    ))]
async fn enter(
    _: Meant,
    State(gate): State<Gate>,
    parameters: Parameters,
    headers: HeaderMap,
    body: Result<Json<Credentials>, JsonRejection>,
) -> Result<Response, ApiError> {
    parameters.only(&[])?;
    let Json(Credentials { name, password }) = body.map_err(|error| {
        ApiError::new(error.status(), "bad-body", format!("the body cannot be read: {}", error.body_text()))
    })?;
    let Access::Accounts(accounts) = &gate.access else {
        let message = "nobody need sign in here: everyone on this machine is the owner";
        return Err(ApiError::new(StatusCode::NOT_FOUND, "no-accounts", message));
    };
    match accounts.enter(name.clone(), password).await {
        Ok((known, token)) => {
            write_down(&gate.journal, accounts, format!("{name} ({}): signed in", known.role.name()));
            let mut response = greeting(Some(known)).into_response();
            set_cookie(response.headers_mut(), &token, sessions::LIFE.as_secs(), is_secure(&headers));
            Ok(response)
        }
        Err(Unwelcome::Wrong) => {
            write_down(&gate.journal, accounts, format!("{}: wrong name or password", quoted(&name)));
            Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong-password", "the name or the password is wrong"))
        }
        Err(Unwelcome::TooOften(wait)) => {
            let seconds = wait.as_secs().max(1);
            let message = format!("too often wrong; wait {} minutes", seconds.div_euclid(60) + 1);
            let mut response =
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", message).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
        Err(Unwelcome::Failed(reason)) => {
            tracing::error!(reason, "nobody can sign in");
            let message = "this could not be done; the daemon's log says why";
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message))
        }
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "access",
    params(("x-wattwright" = String, Header, description = "The session's word.")),
    responses(
        (status = 204, description = "Signed out."),
        (status = 401, description = "Nobody is signed in.", body = Failure),
        (status = 403, description = "From another origin.", body = Failure),
    ))]
async fn leave(
    _: Meant,
    State(gate): State<Gate>,
    known: Option<Extension<Known>>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    parameters.only(&[])?;
    if let (Access::Accounts(accounts), Some(Extension(known))) = (&gate.access, known) {
        accounts.leave(&known.word);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(response.headers_mut(), "", 0, false);
    Ok(response)
}
