//! The page, embedded in the binary.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::{ApiError, quoted};

/// What `npm run build` makes of `web/`. A development build reads it from the disk at each request, so
/// the page can be built again without building this.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

const NOT_BUILT: &str = "The page was not built when this Wattwright was. Run `npm ci && npm run build` in the folder \
                         `web` and build Wattwright again (`cargo xtask run` does both). The API is there: see \
                         /api/live and /api/openapi.json.\n";

/// Answers everything that is not under `/api`.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path == "/api" || path.starts_with("/api/") {
        let message = format!("there is no path {}; `/api/openapi.json` lists what there is", quoted(path));
        return ApiError::new(StatusCode::NOT_FOUND, "unknown-path", message).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed(method).await.into_response();
    }
    answer(Dist::get, path, &headers)
}

/// Answers a method that a known path does not have.
pub(crate) async fn method_not_allowed(method: Method) -> impl IntoResponse {
    let message = format!("{} is not allowed here; only GET and HEAD are", quoted(method.as_str()));
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message);
    ([(header::ALLOW, "GET,HEAD")], error)
}

fn answer(files: impl Fn(&str) -> Option<EmbeddedFile>, path: &str, headers: &HeaderMap) -> Response {
    let name = path.trim_start_matches('/');
    // The page's own addresses, such as `/history`, are all answered by the same document. Its relative
    // links hold on the first level only.
    let name = if name.is_empty() || !name.contains(['/', '.']) { "index.html" } else { name };
    let Some(file) = files(name) else {
        if files("index.html").is_none() {
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], NOT_BUILT).into_response();
        }
        let message = format!("there is no file {}; the page is at `/`", quoted(path));
        return ApiError::new(StatusCode::NOT_FOUND, "unknown-path", message).into_response();
    };
    // Weak, since the bytes on the wire depend on the compression.
    let tag = format!("W/\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    // Vite names the files in this folder by their content.
    let caching = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, caching.to_owned())];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, media_type(name))], file.data.into_owned()).into_response()
}

/// Whether the browser has the version with that tag.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == tag || known.trim() == "*")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
