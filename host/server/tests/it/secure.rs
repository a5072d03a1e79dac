//! Who is answered, and with which headers.

use axum::http::{Method, StatusCode, header};
use serde_json::Value;

use crate::common::Fixture;

#[tokio::test]
async fn other_names_are_refused_on_every_path() {
    let fixture = Fixture::new(0);
    for path in ["/api/live", "/api/events", "/api/unknown", "/", "/index.html"] {
        for host in ["evil.example", "evil.example:8420", "localhost.evil.example", "192.168.1.7:8420", ""] {
            let (status, _, body) = fixture.ask(Method::GET, path, &[(header::HOST, host)]).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{host} {path}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"]["code"], "host-not-allowed");
            let message = body["error"]["message"].as_str().unwrap();
            assert!(message.contains(&format!("`{host}`")) && message.contains("`--host`"), "{message}");
        }
    }
    for host in ["localhost", "127.0.0.1:8420", "[::1]:8420", "wattwright.local", "WattWright.local:1"] {
        let (status, _, _) = fixture.ask(Method::GET, "/api/live", &[(header::HOST, host)]).await;
        assert_eq!(status, StatusCode::OK, "{host}");
    }
    let two = [(header::HOST, "localhost"), (header::HOST, "evil.example")];
    assert_eq!(fixture.ask(Method::GET, "/api/live", &two).await.0, StatusCode::FORBIDDEN);
    let (status, _, _) = fixture.ask(Method::GET, "http://evil.example/api/live", &[]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a name in the request line");
}

#[tokio::test]
async fn every_answer_has_the_protecting_headers() {
    let fixture = Fixture::new(0);
    for (method, path, host) in [
        (Method::GET, "/api/live", "localhost"),
        (Method::GET, "/api/nothing", "localhost"),
        (Method::POST, "/api/live", "localhost"),
        (Method::GET, "/", "localhost"),
        (Method::GET, "/", "evil.example"),
    ] {
        let (_, headers, _) = fixture.ask(method, path, &[(header::HOST, host)]).await;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert!(headers.contains_key(header::CACHE_CONTROL), "{path}");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    let (_, headers, _) = fixture.ask(Method::GET, "/api/live", &[]).await;
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn answers_are_compressed_and_heads_are_empty() {
    let fixture = Fixture::new(0);
    for (accepted, encoding) in [("gzip, deflate, br, zstd", Some("gzip")), ("br", None)] {
        let (_, headers, _) = fixture.ask(Method::GET, "/api/live", &[(header::ACCEPT_ENCODING, accepted)]).await;
        assert_eq!(headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap()), encoding);
    }
    let (_, headers, body) = fixture.ask(Method::HEAD, "/api/live", &[]).await;
    assert_eq!((headers[header::CONTENT_TYPE].to_str().unwrap(), body.as_str()), ("application/json", ""));
}
