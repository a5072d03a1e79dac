//! Requests that make no sense get an error that does.

use axum::http::{Method, StatusCode, header};
use serde_json::Value;
use wattwright_server::Failure;

use crate::common::Fixture;

#[tokio::test]
async fn every_rubbish_request_is_told_what_is_wrong() {
    let long = format!("/api/ticks?limit={}", "9".repeat(600));
    let cases: &[(&str, &str, u16, &str, &[&str])] = &[
        ("GET", "/api/ticks?limit=0", 400, "bad-parameter", &["`limit`", "`0`", "1 to 500"]),
        ("GET", "/api/ticks?limit=501", 400, "bad-parameter", &["`501`"]),
        ("GET", "/api/ticks?limit=-1", 400, "bad-parameter", &["`-1`"]),
        ("GET", "/api/ticks?limit=", 400, "bad-parameter", &["``"]),
        ("GET", "/api/ticks?limit=ten", 400, "bad-parameter", &["`ten`"]),
        ("GET", "/api/ticks?limit=1e2", 400, "bad-parameter", &["`1e2`"]),
        ("GET", "/api/ticks?limit=99999999999999999999", 400, "bad-parameter", &["whole number"]),
        ("GET", "/api/ticks?limit=%00%0a", 400, "bad-parameter", &["`\u{fffd}\u{fffd}`"]),
        ("GET", "/api/ticks?limit=%ff%fe", 400, "bad-parameter", &["`limit`"]),
        ("GET", "/api/ticks?limit=5&limit=6", 400, "bad-parameter", &["`limit`", "more than once"]),
        ("GET", "/api/ticks?before=0", 400, "bad-parameter", &["`before`", "1 or more"]),
        ("GET", "/api/ticks?before=1;DROP+TABLE+tick", 400, "bad-parameter", &["`1;DROP TABLE tick`"]),
        ("GET", "/api/ticks?limt=5", 400, "unknown-parameter", &["`limt`", "`limit`, `before`, `until`"]),
        ("GET", "/api/ticks?=", 400, "unknown-parameter", &["``"]),
        ("GET", "/api/live?x=1", 400, "unknown-parameter", &["`x`", "takes none"]),
        ("GET", "/api/events?x", 400, "unknown-parameter", &["`x`"]),
        ("GET", "/api/health?x", 400, "unknown-parameter", &["`x`"]),
        ("GET", "/api/openapi.json?x", 400, "unknown-parameter", &["`x`"]),
        ("GET", "/api/ticks/latest?x", 400, "unknown-parameter", &["`x`"]),
        ("GET", "/api/ticks/1?x", 400, "unknown-parameter", &["`x`"]),
        ("GET", "/api/ticks/abc", 400, "bad-parameter", &["`id`", "`abc`"]),
        ("GET", "/api/ticks/0", 400, "bad-parameter", &["`0`"]),
        ("GET", "/api/ticks/-3", 400, "bad-parameter", &["`-3`"]),
        ("GET", "/api/ticks/9223372036854775808", 400, "bad-parameter", &["`9223372036854775808`"]),
        ("GET", "/api/ticks/%ff", 400, "bad-parameter", &["`id`"]),
        ("GET", "/api/ticks/..%2f..%2fetc", 400, "bad-parameter", &["`../../etc`"]),
        ("GET", "/api/ticks/4", 404, "no-such-tick", &["no tick 4"]),
        ("GET", "/api/ticks/9223372036854775807", 404, "no-such-tick", &[]),
        ("GET", "/api/past?from=yesterday", 400, "bad-parameter", &["`from`", "`yesterday`", "2026-11-24T10:15:00Z"]),
        ("GET", "/api/past?from=2026-11-24T10:15:00", 400, "bad-parameter", &["offset from UTC"]),
        ("GET", "/api/past?from=2026-02-30T00:00:00Z", 400, "bad-parameter", &["`from`"]),
        ("GET", "/api/past?until=2026-11-24T10:00:00+01:00", 400, "bad-parameter", &["`until`", "%2B"]),
        (
            "GET",
            "/api/past?from=2026-11-24T10:00:00Z&until=2026-11-24T09:00:00Z",
            400,
            "bad-parameter",
            &["`from` is 2026-11-24T10:00:00Z", "2026-11-24T09:00:00Z"],
        ),
        ("GET", "/api/past?from=-009000-01-01T00:00:00Z", 400, "bad-parameter", &["at most 35 days"]),
        ("GET", "/api/ticks?until=now", 400, "bad-parameter", &["`until`", "`now`"]),
        ("GET", "/api/energy?by=year", 400, "bad-parameter", &["`by`", "`year`", "`month`"]),
        ("GET", "/api/energy?from=1990-01-01T00:00:00Z", 400, "bad-parameter", &["at most 1100 days"]),
        ("GET", "/api/decisions?from=2026-11-01T00:00:00Z", 400, "bad-parameter", &["at most 50 hours"]),
        ("GET", "/api/decisions?limit=5", 400, "unknown-parameter", &["`from`, `until`"]),
        ("GET", &long, 414, "query-too-long", &["606 bytes", "512"]),
        ("GET", "/api", 404, "unknown-path", &["`/api`"]),
        ("GET", "/api/", 404, "unknown-path", &["`/api/`"]),
        ("GET", "/api/tick", 404, "unknown-path", &["`/api/tick`", "/api/openapi.json"]),
        ("GET", "/api/ticks/1/plan", 404, "unknown-path", &[]),
        ("GET", "/api//live", 404, "unknown-path", &[]),
        ("POST", "/api/unknown", 404, "unknown-path", &[]),
        ("POST", "/api/live", 405, "method-not-allowed", &["`POST`", "GET"]),
        ("DELETE", "/api/ticks/1", 405, "method-not-allowed", &["`DELETE`"]),
        ("OPTIONS", "/api/live", 405, "method-not-allowed", &["`OPTIONS`"]),
        ("BREW", "/api/live", 405, "method-not-allowed", &["`BREW`"]),
        ("PUT", "/", 405, "method-not-allowed", &["`PUT`"]),
    ];
    let fixture = Fixture::new(3);
    for (method, path, status, code, words) in cases {
        let method: Method = method.parse().unwrap();
        let (found, headers, body) = fixture.ask(method.clone(), path, &[]).await;
        assert_eq!(found.as_u16(), *status, "{method} {path}: {body}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/json", "{method} {path}");
        let failure: Failure = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{method} {path}: {body}"));
        assert_eq!(failure.error.code, *code, "{method} {path}");
        for word in *words {
            assert!(failure.error.message.contains(word), "{method} {path}: no {word} in: {}", failure.error.message);
        }
        assert!(failure.error.message.len() < 300, "{method} {path}: {}", failure.error.message);
        if found == StatusCode::METHOD_NOT_ALLOWED {
            assert_eq!(headers[header::ALLOW], "GET,HEAD", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_body_too_large_is_refused_by_its_announced_length() {
    let fixture = Fixture::new(0);
    let (status, _, body) = fixture.ask(Method::GET, "/api/live", &[(header::CONTENT_LENGTH, "65537")]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"]["code"], "body-too-large");
}
