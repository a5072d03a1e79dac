//! What holds for every request and answer.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::compression::CompressionLayer;

use crate::error::ApiError;
use crate::hosts::AllowedHosts;
use crate::strategies;

/// Most bytes after the `?`.
const QUERY_MOST: usize = 512;
/// Most bytes of a request's body, where it is not the file of a strategy.
pub(crate) const BODY_MOST: u64 = 64 * 1024;

/// The page has no inline script or style and loads nothing from elsewhere. It may be framed by its own
/// origin only, which is how Home Assistant shows it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// Puts the checks before and the headers after `routes`.
pub(crate) fn wrap(routes: Router, hosts: AllowedHosts) -> Router {
    // `CompressionLayer` leaves event streams alone: a compressor holds events back.
    routes
        .layer(CompressionLayer::new())
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
    let most = if strategies::takes_file(request.uri().path()) { strategies::WASM_MOST } else { BODY_MOST };
    match content_length(request.headers()) {
        Some(body) if body > most => Err(body_too_large(Some(body), most)),
        _ => Ok(()),
    }
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
