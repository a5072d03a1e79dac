//! Errors as the API answers them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// What is wrong.
    pub error: FailureDetail,
}

/// What is wrong with a request, or with us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailureDetail {
    /// Stable, for machines: `bad-parameter`, `unknown-parameter`, `no-such-tick`, `unknown-path`,
    /// `method-not-allowed`, `host-not-allowed`, `query-too-long`, `body-too-large`, `too-many-streams`,
    /// `journal-failed`, `foreign-origin`, `bad-body`, `not-found`, `refused`, `failed`, `too-slow`,
    /// `not-signed-in`, `not-allowed`, `wrong-word`, `wrong-password`, `too-many-attempts`, `no-accounts`, `bad-token`,
    /// `busy`.
    pub code: String,
    /// One sentence: what, its value, what is allowed.
    pub message: String,
}

/// An error with its HTTP status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn bad_parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", message)
    }
}

impl From<journal::Error> for ApiError {
    fn from(error: journal::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a request failed on the journal");
        // The path of the file is for the log, not for everyone who can reach the page.
        let message = "the journal could not be read; the daemon's log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "journal-failed", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = FailureDetail { code: self.code.to_owned(), message: self.message };
        (self.status, Json(Failure { error })).into_response()
    }
}

/// A stranger's text for a message: printable and short.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}
