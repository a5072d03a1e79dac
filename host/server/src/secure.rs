//! What holds for every request and answer.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tower_http::compression::CompressionLayer;

use crate::error::ApiError;
use crate::hosts::AllowedHosts;
use crate::strategies;

/// Most bytes after the `?`.
const QUERY_MOST: usize = 512;
/// Most bytes of a request's body, where it is not the file of a strategy.
pub(crate) const BODY_MOST: u64 = 64 * 1024;

/// How long a body may take to come, and that of a strategy's file.
const BODY_WITHIN: Duration = Duration::from_secs(20);
const FILE_WITHIN: Duration = Duration::from_secs(120);

/// The page has no inline script or style and loads nothing from elsewhere. It may be framed by its own
/// origin only, which is how Home Assistant shows it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Puts the checks before and the headers after `routes`.
pub(crate) fn wrap(routes: Router, hosts: AllowedHosts) -> Router {
    // `CompressionLayer` leaves event streams alone: a compressor holds events back. No brotli: each answer under way
    // would take two megabytes for a tenth of its length.
    routes
        .layer(CompressionLayer::new().no_br())
        .layer(middleware::from_fn_with_state(hosts, check))
        .layer(middleware::map_response(add_headers))
}

async fn check(State(hosts): State<AllowedHosts>, request: Request, next: Next) -> Response {
    match examine(&hosts, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn examine(hosts: &AllowedHosts, request: &Request) -> Result<(), ApiError> {
    hosts.check(request.uri(), request.headers())?;
    let query = request.uri().query().map_or(0, str::len);
    if query > QUERY_MOST {
        let message = format!("the query is {query} bytes long; at most {QUERY_MOST} are allowed");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, "query-too-long", message));
    }
    let most = most(request.uri().path());
    match content_length(request.headers()) {
        Some(body) if body > most => Err(body_too_large(Some(body), most)),
        _ => Ok(()),
    }
}

fn most(path: &str) -> u64 {
    if strategies::takes_file(path) { strategies::WASM_MOST } else { BODY_MOST }
}

/// Reads the body whole before anything is done with it, and not for ever.
pub(crate) async fn read_in_time(request: Request, next: Next) -> Response {
    if matches!(request.method().as_str(), "GET" | "HEAD") {
        return next.run(request).await;
    }
    let most = most(request.uri().path());
    let within = if most > BODY_MOST { FILE_WITHIN } else { BODY_WITHIN };
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(within, whole(body, most)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) => error.into_response(),
        Err(_) => {
            let message = format!("the body did not come within {} seconds", within.as_secs());
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "too-slow", message).into_response()
        }
    }
}

async fn whole(body: Body, most: u64) -> Result<Vec<u8>, ApiError> {
    let (mut stream, mut all) = (body.into_data_stream(), Vec::new());
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(|error| {
            ApiError::new(StatusCode::BAD_REQUEST, "bad-body", format!("the body cannot be read: {error}"))
        })?;
        if (all.len() + bytes.len()) as u64 > most {
            return Err(body_too_large(None, most));
        }
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}

/// A body beyond `most` bytes; its length, if it was announced.
pub(crate) fn body_too_large(length: Option<u64>, most: u64) -> ApiError {
    let is = length.map_or("the body is too long".to_owned(), |length| format!("the body is {length} bytes long"));
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", format!("{is}; at most {most} are allowed"))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
