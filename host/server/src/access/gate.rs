//! What stands before every route.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use journal::{Journal, Level};

use super::accounts::{Accounts, BadToken, Known, Program};
use super::{Access, Need, Scope, UserRole, looks, need, sessions};
use crate::error::ApiError;

const COOKIE: &str = "wattwright";
/// With each change: its session's word.
const WORD: &str = "x-wattwright";

/// What the gate knows.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) access: Access,
    pub(crate) journal: Journal,
}

impl Gate {
    /// The accounts, where there are any.
    pub(super) fn accounts(&self) -> Result<&Arc<Accounts>, ApiError> {
        match &self.access {
            Access::Accounts(accounts) => Ok(accounts),
            Access::Open => Err(no_accounts()),
        }
    }
}

pub(super) fn no_accounts() -> ApiError {
    let message = "there are no users: everyone on this machine is the owner; `wattwright user add NAME --role owner` \
                   adds the first";
    ApiError::new(StatusCode::NOT_FOUND, "no-accounts", message)
}

/// Lets a request through when its user or program may do it, and notes down who changed what.
pub(crate) async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Access::Accounts(accounts) = &gate.access else { return next.run(request).await };
    let Need::Somebody { role, scope } = need(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    let (accounts, changes) = (accounts.clone(), !looks(request.method()));
    let judged = judged(gate.journal, accounts, request, next, role, scope);
    if !changes {
        return judged.await;
    }
    // What is changed is noted down, also when whoever asked does not wait for the answer.
    tokio::spawn(judged).await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn judged(
    journal: Journal,
    accounts: Arc<Accounts>,
    request: Request,
    next: Next,
    role: UserRole,
    scope: Option<Scope>,
) -> Response {
    let (accounts, method, path) = (&accounts, request.method().clone(), request.uri().path().to_owned());
    // Of another kind it is for a proxy in front of us.
    let is_bearer =
        |value: &&HeaderValue| value.as_bytes().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"));
    let done = match request.headers().get(header::AUTHORIZATION).filter(is_bearer) {
        // With both, the token counts: a program that says what it is gets no more than that.
        Some(value) => match program(accounts, value, scope) {
            Ok(program) => by_program(request, next, &program).await,
            Err(error) => return error.into_response(),
        },
        None => match person(accounts, &request, role) {
            Ok((known, token)) => by_person(accounts, request, next, known, &token).await,
            Err(error) => return error.into_response(),
        },
    };
    // Who took a copy of everything is worth knowing, too.
    if !looks(&method) || path == "/api/backup" {
        let text = format!("{}: {method} {path}: {}", done.by, done.response.status().as_u16());
        write_down(&journal, accounts, text);
    }
    done.response
}

struct Done {
    by: String,
    response: Response,
}

fn program(accounts: &Accounts, value: &HeaderValue, scope: Option<Scope>) -> Result<Program, ApiError> {
    let unauthorized = |message: String| ApiError::new(StatusCode::UNAUTHORIZED, "bad-token", message);
    let secret = value.to_str().ok().and_then(|text| text.split_once(' '));
    let Some((_, secret)) = secret.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        return Err(unauthorized("send a token as `Authorization: Bearer TOKEN`; the owner makes one".to_owned()));
    };
    let program = accounts.program(secret.trim()).map_err(|bad| {
        unauthorized(match bad {
            BadToken::Unknown => "there is no such token, or it was revoked; the owner makes a new one".to_owned(),
            BadToken::Over { name, since } => {
                format!("the token `{name}` was good until {since:.0}; the owner makes a new one")
            }
            BadToken::Orphan { name } => {
                format!("who made the token `{name}` is no longer an owner; an owner makes a new one")
            }
        })
    })?;
    match scope {
        Some(scope) if program.scopes.contains(&scope) => Ok(program),
        Some(scope) => {
            let message = format!("the token `{}` has not the scope `{}`", program.name, scope.name());
            Err(ApiError::new(StatusCode::FORBIDDEN, "not-allowed", message))
        }
        None => {
            let message = "this is for a person who signs in, and not for a token".to_owned();
            Err(ApiError::new(StatusCode::FORBIDDEN, "not-allowed", message))
        }
    }
}

async fn by_program(mut request: Request, next: Next, program: &Program) -> Done {
    // No page of another site can send a token, so nothing else has to show that it is meant.
    request.headers_mut().insert(WORD, HeaderValue::from_static("1"));
    Done { by: format!("token {}", program.name), response: next.run(request).await }
}

/// Who is signed in, with the token of the session.
fn person(accounts: &Accounts, request: &Request, role: UserRole) -> Result<(Known, String), ApiError> {
    let token = token(request.headers()).map(str::to_owned);
    let Some((known, token)) = token.and_then(|token| Some((accounts.who(&token)?, token))) else {
        let message = "nobody is signed in; sign in on the page, or with POST /api/session, or send a token as \
                       `Authorization: Bearer TOKEN`";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "not-signed-in", message));
    };
    if known.role < role {
        let message = format!("{} is a {}; this needs the role `{}`", known.name, known.role.name(), role.name());
        return Err(ApiError::new(StatusCode::FORBIDDEN, "not-allowed", message));
    }
    let word = request.headers().get(WORD);
    if !looks(request.method()) && word.is_none_or(|word| word != known.word.as_str()) {
        let message = format!("send the word of your session in the header `{WORD}`; GET /api/session tells it");
        return Err(ApiError::new(StatusCode::FORBIDDEN, "wrong-word", message));
    }
    Ok((known, token))
}

async fn by_person(accounts: &Accounts, mut request: Request, next: Next, known: Known, token: &str) -> Done {
    let is_secure = is_secure(request.headers());
    let (is_delete, depth) = (request.method() == Method::DELETE, request.uri().path().matches('/').count());
    let by = format!("{} ({})", known.name, known.role.name());
    request.extensions_mut().insert(known);
    let mut response = next.run(request).await;
    // A cookie holds for the folder of the request's path, and only here that is all of `/api`, whatever
    // stands before it (a proxy's path is unknown to us).
    if depth == 2
        && response.status().is_success()
        && !is_delete
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Some(new) = accounts.rotated(token)
    {
        set_cookie(response.headers_mut(), &new, sessions::LIFE.as_secs(), is_secure);
    }
    Done { by, response }
}

/// Writes a line of the audit log, beside the asynchronous work.
pub(super) fn write_down(journal: &Journal, accounts: &Accounts, text: String) {
    let (journal, now) = (journal.clone(), accounts.now());
    tracing::info!(text, "audit");
    tokio::task::spawn_blocking(move || {
        if let Err(error) = journal.note(now, Level::Info, &text) {
            tracing::error!(error = &error as &dyn std::error::Error, "who changed what could not be noted down");
        }
    });
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Whether the browser speaks TLS, as the proxy before us says.
pub(super) fn is_secure(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}

/// Gives the browser a token; empty and 0 seconds: takes it away.
pub(super) fn set_cookie(headers: &mut HeaderMap, token: &str, seconds: i64, is_secure: bool) {
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        headers.insert(header::SET_COOKIE, value);
    }
}
