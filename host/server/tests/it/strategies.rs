use axum::http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::common::Fixture;

const MEANT: (HeaderName, &str) = (HeaderName::from_static("x-wattwright"), "1");
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Every route that changes something, with a body that it takes.
const CHANGING: [(&str, &str, &str); 9] = [
    ("POST", "/api/strategies", "good"),
    ("POST", "/api/strategies/check", "good"),
    ("DELETE", "/api/strategies/mine", ""),
    ("PUT", "/api/strategies/mine/role", r#"{ "role": "active" }"#),
    ("PUT", "/api/strategies/mine/settings", r#"{ "reserve_pct": 20 }"#),
    ("DELETE", "/api/strategies/mine/settings", ""),
    ("PUT", "/api/strategies/mine/allowance", r#"{ "fuel": 1000 }"#),
    ("POST", "/api/strategies/mine/rollback", "{}"),
    ("POST", "/api/strategies/mine/rollback", r#"{ "to": "abc" }"#),
];

async fn ask(
    fixture: &Fixture,
    method: &str,
    path: &str,
    body: &str,
    headers: &[(HeaderName, &str)],
) -> (StatusCode, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let (status, _, answer) = fixture.ask_with(method, path, headers, body.to_owned()).await;
    (status, serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
}

#[tokio::test]
async fn changes_reach_the_manager_when_they_are_meant() {
    for (method, path, body) in CHANGING {
        let fixture = Fixture::new(0);
        let (status, answer) = ask(&fixture, method, path, body, &[MEANT, JSON]).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        assert_eq!(fixture.manager.done(), 1, "{method} {path}");
    }
}

#[tokio::test]
async fn what_another_origin_or_nobody_meant_changes_nothing() {
    let foreign: [&[(HeaderName, &str)]; 6] = [
        &[JSON],
        &[JSON, MEANT, (header::ORIGIN, "https://evil.example")],
        &[JSON, MEANT, (header::ORIGIN, "null")],
        &[JSON, MEANT, (header::ORIGIN, "http://localhost:9999")],
        &[JSON, MEANT, (SITE, "cross-site")],
        &[JSON, MEANT, (SITE, "same-site")],
    ];
    for (method, path, body) in CHANGING {
        for headers in foreign {
            let fixture = Fixture::new(0);
            let (status, answer) = ask(&fixture, method, path, body, headers).await;
            assert_eq!(
                (status, &answer["error"]["code"]),
                (StatusCode::FORBIDDEN, &json!("foreign-origin")),
                "{method} {path} {headers:?}"
            );
            assert_eq!(fixture.manager.done(), 0, "{method} {path} {headers:?}");
        }
    }
    let own = [MEANT, JSON, (header::ORIGIN, "http://localhost:8420"), (SITE, "same-origin")];
    let (status, _) = ask(&Fixture::new(0), "POST", "/api/strategies/mine/rollback", "{}", &own).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_and_names_that_make_no_sense_are_explained() {
    let cases = [
        ("PUT", "/api/strategies/mine/role", r#"{ "role": "king" }"#, 422, "bad-body", "unknown variant `king`"),
        (
            "PUT",
            "/api/strategies/mine/role",
            r#"{ "role": "active", "positon": 1 }"#,
            422,
            "bad-body",
            "unknown field `positon`",
        ),
        (
            "PUT",
            "/api/strategies/mine/role",
            r#"{ "role": "active", "grant": { "exports": true } }"#,
            422,
            "bad-body",
            "unknown field `exports`",
        ),
        ("PUT", "/api/strategies/mine/settings", "{", 400, "bad-body", "the body cannot be read"),
        ("PUT", "/api/strategies/Mine/settings", "{}", 400, "bad-parameter", "1 to 40 of a-z"),
        ("PUT", "/api/strategies/..%2fx/settings", "{}", 400, "bad-parameter", "1 to 40 of a-z"),
        ("PUT", "/api/strategies/other/settings", "{}", 404, "not-found", "no strategy `other`"),
        ("POST", "/api/strategies", "bad", 422, "refused", "not WebAssembly"),
        ("DELETE", "/api/strategies/rule-based", "", 422, "refused", "part of this program"),
    ];
    for (method, path, body, status, code, text) in cases {
        let (got, answer) = ask(&Fixture::new(0), method, path, body, &[MEANT, JSON]).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!((got.as_u16(), &answer["error"]["code"]), (status, &json!(code)), "{path} {body}: {message}");
        assert!(message.contains(text), "{path} {body}: {message}");
    }
}

#[tokio::test]
async fn a_file_may_be_large_and_nothing_else() {
    let large = "x".repeat(100 * 1024);
    let fixture = Fixture::new(0);
    let (status, answer) = ask(&fixture, "POST", "/api/strategies/check", &large, &[MEANT]).await;
    assert_eq!((status, &answer["ok"]), (StatusCode::OK, &json!(false)), "{answer}");
    let (status, answer) = ask(&fixture, "PUT", "/api/strategies/mine/settings", &large, &[MEANT, JSON]).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body-too-large")));
    let larger = "x".repeat((16 << 20) + 1);
    // The length is announced by a client, or found while reading.
    let announced = larger.len().to_string();
    for headers in [vec![MEANT], vec![MEANT, (header::CONTENT_LENGTH, announced.as_str())]] {
        let (status, answer) = ask(&fixture, "POST", "/api/strategies", &larger, &headers).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!("body-too-large")),
            "{answer}"
        );
    }
    assert_eq!(fixture.manager.done(), 1);
}

#[tokio::test]
async fn reading_needs_no_more_than_the_right_path() {
    let fixture = Fixture::new(0);
    let (status, body) = fixture.get("/api/strategies").await;
    assert_eq!((status, body.as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    let (status, body) = fixture.get("/api/strategies/mine").await;
    assert_eq!((status, &body["name"]), (StatusCode::OK, &json!("mine")));
    let (status, _) = fixture.get("/api/strategies/other").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, body) = fixture.get("/api/strategies/mine/log?limit=5").await;
    assert_eq!((status, &body[0]["text"]), (StatusCode::OK, &json!("5 lines at most")));
    let (status, body) = fixture.get("/api/ticks/7/replay?strategy=mine").await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "tick": 7, "strategy": "mine" })));
    let (status, body) = fixture.get("/api/ticks/7/replay?strategy=../x").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("bad-parameter")));
    let (_, headers, body) = fixture.ask(Method::GET, "/api/ticks/7/export", &[]).await;
    assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment; filename=\"wattwright-tick-7.json\"");
    assert_eq!(body, r#"{"tick":7}"#);
}
