//! What stands before every route.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use journal::{Journal, Level};

use super::accounts::{Accounts, Known};
use super::{Access, Need, looks, need, sessions};
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

/// Lets a request through when its user may do it, and notes down who changed what.
pub(crate) async fn gate(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Access::Accounts(accounts) = &gate.access else { return next.run(request).await };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let Need::Role(least) = need(&method, &path) else { return next.run(request).await };
    let token = token(request.headers()).map(str::to_owned);
    let Some((known, token)) = token.and_then(|token| Some((accounts.who(&token)?, token))) else {
        let message = "nobody is signed in; sign in on the page, or with POST /api/session";
        return ApiError::new(StatusCode::UNAUTHORIZED, "not-signed-in", message).into_response();
    };
    if known.role < least {
        let message = format!("{} is a {}; this is for a {}", known.name, known.role.name(), least.name());
        return ApiError::new(StatusCode::FORBIDDEN, "not-allowed", message).into_response();
    }
    if !looks(&method) && request.headers().get(WORD).is_none_or(|word| word != known.word.as_str()) {
        let message = format!("send the word of your session in the header `{WORD}`; GET /api/session tells it");
        return ApiError::new(StatusCode::FORBIDDEN, "wrong-word", message).into_response();
    }
    let is_secure = is_secure(request.headers());
    request.extensions_mut().insert(known.clone());
    let mut response = next.run(request).await;
    if !looks(&method) {
        note(&gate.journal, accounts, &known, &method, &path, response.status());
    }
    // A cookie holds for the folder of the request's path, and only here that is all of `/api`, whatever
    // stands before it (a proxy's path is unknown to us).
    if path.matches('/').count() == 2
        && response.status().is_success()
        && method != Method::DELETE
        && let Some(new) = accounts.rotated(&token)
    {
        set_cookie(response.headers_mut(), &new, sessions::LIFE.as_secs(), is_secure);
    }
    response
}

fn note(journal: &Journal, accounts: &Accounts, known: &Known, method: &Method, path: &str, status: StatusCode) {
    let text = format!("{} ({}): {method} {path}: {}", known.name, known.role.name(), status.as_u16());
    write_down(journal, accounts, text);
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
