//! The page, embedded in the binary.

use std::borrow::Cow;

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::error::{ApiError, quoted};

/// What `npm run build` makes of `web/`, each file beside the same one packed (`.br`). A development build reads it from the disk at each request, so
/// the page can be built again without building this.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

struct File {
    bytes: Cow<'static, [u8]>,
    sha256: [u8; 32],
}

fn embedded(name: &str) -> Option<File> {
    Dist::get(name).map(|file| File { sha256: file.metadata.sha256_hash(), bytes: file.data })
}

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
    answer(embedded, path, &headers)
}

/// Answers a method that a known path does not have.
pub(crate) async fn method_not_allowed(method: Method) -> impl IntoResponse {
    let message = format!("{} is not allowed here; only GET and HEAD are", quoted(method.as_str()));
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message);
    ([(header::ALLOW, "GET,HEAD")], error)
}

fn answer(files: impl Fn(&str) -> Option<File>, path: &str, headers: &HeaderMap) -> Response {
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
    let tag = format!("W/\"{}\"", hex(&file.sha256[..16]));
    // Vite names the files in this folder by their content.
    let caching = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let common = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, caching.to_owned())];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, media_type(name)), (header::VARY, "accept-encoding")];
    match files(&format!("{name}.br")).filter(|_| takes_brotli(headers)) {
        Some(packed) => (common, kind, [(header::CONTENT_ENCODING, "br")], packed.bytes.into_owned()).into_response(),
        None => (common, kind, file.bytes.into_owned()).into_response(),
    }
}

/// Whether the browser unpacks what the build has packed.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("br"))
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

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::HeaderValue;

    use super::*;

    fn built(name: &str) -> Option<File> {
        let bytes: &'static [u8] = match name {
            "index.html" => b"<!doctype html>",
            "assets/index-4f2a.js" => b"let x = 1",
            "assets/index-4f2a.js.br" => b"packed",
            "favicon.svg" => b"<svg/>",
            _ => return None,
        };
        Some(File { sha256: [name.len() as u8; 32], bytes: bytes.into() })
    }

    fn get(path: &str) -> Response {
        answer(built, path, &HeaderMap::new())
    }

    fn text<'r>(response: &'r Response, name: &header::HeaderName) -> &'r str {
        response.headers()[name].to_str().unwrap()
    }

    #[tokio::test]
    async fn the_document_is_asked_for_again_and_hashed_files_are_not() {
        for path in ["/", "/index.html", "/history"] {
            let response = get(path);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(text(&response, &header::CACHE_CONTROL), "no-cache");
            assert_eq!(text(&response, &header::CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), "<!doctype html>");
        }
        let script = get("/assets/index-4f2a.js");
        assert_eq!(text(&script, &header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(text(&script, &header::CONTENT_TYPE), "text/javascript; charset=utf-8");
        assert_eq!(text(&get("/favicon.svg"), &header::CACHE_CONTROL), "no-cache");
    }

    #[tokio::test]
    async fn a_packed_file_goes_to_who_unpacks_it() {
        for (path, encodings, packed) in [
            ("/assets/index-4f2a.js", "gzip, deflate, br, zstd", true),
            ("/assets/index-4f2a.js", "gzip, br;q=0", false),
            ("/favicon.svg", "br", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings))]);
            let response = answer(built, path, &headers);
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), packed, "{encodings}");
            assert_eq!(response.headers()[header::ETAG], get(path).headers()[header::ETAG]);
            assert!(!text(&response, &header::CONTENT_TYPE).contains("octet"), "{path}");
            assert_eq!(to_bytes(response.into_body(), 100).await.unwrap() == "packed", packed);
        }
    }

    #[tokio::test]
    async fn a_version_that_the_browser_has_is_not_sent_again() {
        let tag = get("/").headers()[header::ETAG].clone();
        for (known, status) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (HeaderValue::from_str(&format!("\"a\", {}", tag.to_str().unwrap())).unwrap(), StatusCode::NOT_MODIFIED),
            (HeaderValue::from_static("W/\"other\""), StatusCode::OK),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, known)]);
            let response = answer(built, "/", &headers);
            assert_eq!((response.status(), &response.headers()[header::ETAG]), (status, &tag));
        }
    }

    #[test]
    fn other_files_are_not_there() {
        for path in ["/favicon.ico", "/assets/old-1234.js", "/a/b", "/../Cargo.toml", "//", "/assets/"] {
            let expected = if path == "//" { StatusCode::OK } else { StatusCode::NOT_FOUND };
            assert_eq!(get(path).status(), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn without_a_page_the_way_to_one_is_told() {
        let response = answer(|_| None, "/", &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(to_bytes(response.into_body(), 1000).await.unwrap(), NOT_BUILT);
    }
}
