//! Signing in and out, and one's own password.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::accounts::{Known, Unwelcome};
use super::gate::{Gate, is_secure, no_accounts, set_cookie, write_down};
use super::{Access, UserRole, people, sessions};
use crate::error::{ApiError, Failure, quoted};
use crate::query::NoParameters;
use crate::strategies::{Body, Meant, json};

/// A name and a password need no more.
const BODY_MOST: usize = 2048;

pub(crate) fn routes() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(greet, enter, leave))
        .routes(routes!(change_password))
        .merge(people::routes())
        .layer(DefaultBodyLimit::max(BODY_MOST))
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
async fn greet(known: Option<Extension<Known>>, _: NoParameters) -> Result<Json<Greeting>, ApiError> {
    Ok(greeting(known.map(|Extension(known)| known)))
}

/// Signs in. The session is in a cookie.
#[utoipa::path(post, path = "/api/session", tag = "access",
    request_body = Credentials,
    params(Meant),
    responses(
        (status = 200, description = "Signed in.", body = Greeting),
        (status = 401, description = "The name or the password is wrong.", body = Failure),
        Meant,
        (status = 404, description = "There are no users: everyone is the owner.", body = Failure),
        (status = 429, description = "Too often wrong; `Retry-After` says how many seconds to wait.", body = Failure),
    ))]
async fn enter(
    _: Meant,
    State(gate): State<Gate>,
    _: NoParameters,
    headers: HeaderMap,
    body: Body<Credentials>,
) -> Result<Response, ApiError> {
    let Credentials { name, password } = json(body)?;
    let accounts = gate.accounts()?;
    match accounts.enter(name.clone(), password).await {
        Ok((known, token)) => {
            write_down(&gate.journal, accounts, format!("{name} ({}): signed in", known.role.name()));
            Ok(entered(known, &token, &headers))
        }
        Err(error) => {
            if matches!(error, Unwelcome::Wrong) {
                write_down(&gate.journal, accounts, format!("{}: wrong name or password", quoted(&name)));
            }
            Ok(unwelcome(error, "the name or the password is wrong"))
        }
    }
}

/// An answer with which a session begins.
fn entered(known: Known, token: &str, headers: &HeaderMap) -> Response {
    let mut response = greeting(Some(known)).into_response();
    set_cookie(response.headers_mut(), token, sessions::LIFE.as_secs(), is_secure(headers));
    response
}

fn unwelcome(error: Unwelcome, wrong: &str) -> Response {
    match error {
        Unwelcome::Wrong => ApiError::new(StatusCode::UNAUTHORIZED, "wrong-password", wrong).into_response(),
        Unwelcome::TooOften(wait) => {
            let seconds = wait.as_secs().max(1);
            let message = format!("too often wrong; wait {} minutes", seconds.div_euclid(60) + 1);
            let mut response =
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", message).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        Unwelcome::WillNotDo(error) => ApiError::from(error).into_response(),
        Unwelcome::Failed(reason) => {
            tracing::error!(reason, "nobody can sign in");
            let message = "this could not be done; the daemon's log says why";
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message).into_response()
        }
    }
}

/// A user's own password, and the next one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    pub old: String,
    /// The next one: 10 characters or more.
    pub new: String,
}

/// Changes one's own password. All one's sessions end; this browser gets a new one.
#[utoipa::path(put, path = "/api/password", tag = "access",
    request_body = PasswordChange,
    params(Meant),
    responses(
        (status = 200, description = "Changed; the word is another.", body = Greeting),
        (status = 403, description = "The old password is wrong.", body = Failure),
        (status = 404, description = "There are no users.", body = Failure),
        (status = 422, description = "The new password will not do.", body = Failure),
        (status = 429, description = "Too often wrong; `Retry-After` says how many seconds to wait.", body = Failure),
    ))]
async fn change_password(
    _: Meant,
    State(gate): State<Gate>,
    known: Option<Extension<Known>>,
    _: NoParameters,
    headers: HeaderMap,
    body: Body<PasswordChange>,
) -> Result<Response, ApiError> {
    let PasswordChange { old, new } = json(body)?;
    let accounts = gate.accounts()?;
    let Extension(known) = known.ok_or_else(no_accounts)?;
    match accounts.change_password(known.name, old, new).await {
        Ok((known, token)) => Ok(entered(known, &token, &headers)),
        // Not 401, at which the page would think that nobody is signed in any more.
        Err(Unwelcome::Wrong) => {
            Err(ApiError::new(StatusCode::FORBIDDEN, "wrong-password", "the password until now is wrong"))
        }
        Err(error) => Ok(unwelcome(error, "the password is wrong")),
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", tag = "access",
    params(Meant),
    responses(
        (status = 204, description = "Signed out."),
        (status = 401, description = "Nobody is signed in.", body = Failure),
        Meant,
    ))]
async fn leave(
    _: Meant,
    State(gate): State<Gate>,
    known: Option<Extension<Known>>,
    _: NoParameters,
) -> Result<Response, ApiError> {
    if let (Access::Accounts(accounts), Some(Extension(known))) = (&gate.access, known) {
        accounts.leave(&known.word);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(response.headers_mut(), "", 0, false);
    Ok(response)
}
