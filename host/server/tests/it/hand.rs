use axum::http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::common::Fixture;

const MEANT: (HeaderName, &str) = (HeaderName::from_static("x-wattwright"), "1");
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

const CHANGING: [(&str, &str, &str); 4] = [
    ("POST", "/api/override", r#"{ "target": "battery", "command": { "kind": "hold" }, "lasts_s": 60 }"#),
    ("DELETE", "/api/override?target=battery", ""),
    ("POST", "/api/pause", r#"{ "lasts_s": 60 }"#),
    ("DELETE", "/api/pause", ""),
];

async fn ask(fixture: &Fixture, (method, path, body): (&str, &str, &str), meant: bool) -> (StatusCode, Value) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let headers = [JSON, MEANT];
    let (status, _, answer) =
        fixture.ask_with(method, path, &headers[..if meant { 2 } else { 1 }], body.to_owned()).await;
    (status, serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
}

#[tokio::test]
async fn what_is_meant_is_done_and_told() {
    let fixture = Fixture::new(0);
    let (status, hand) = ask(&fixture, CHANGING[0], true).await;
    assert_eq!((status, &hand["overrides"]["battery"]["command"]), (StatusCode::OK, &json!({ "kind": "hold" })));
    let (status, hand) = ask(&fixture, CHANGING[2], true).await;
    assert!(status.is_success() && hand["pause"]["until"].is_string(), "{hand}");
    for last in [CHANGING[1], CHANGING[3]] {
        assert_eq!(ask(&fixture, last, true).await.0, StatusCode::OK);
    }
    assert_eq!(ask(&fixture, CHANGING[3], true).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_nobody_meant_changes_nothing() {
    for request in CHANGING {
        let fixture = Fixture::new(0);
        let (status, answer) = ask(&fixture, request, false).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::FORBIDDEN, &json!("foreign-origin")),
            "{request:?}"
        );
        assert!(fixture.hand.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_explained() {
    let cases = [
        ("POST", "/api/override", r#"{ "target": "fridge", "command": { "kind": "hold" }, "lasts_s": 60 }"#, 404),
        ("POST", "/api/override", r#"{ "target": "battery", "command": { "kind": "hold" } }"#, 422),
        ("POST", "/api/override", r#"{ "target": "battery", "command": { "kind": "explode" }, "lasts_s": 60 }"#, 422),
        ("POST", "/api/pause", r#"{ "lasts_s": -5 }"#, 422),
        ("POST", "/api/pause", r#"{ "lasts_s": 100000 }"#, 422),
        ("DELETE", "/api/override", "", 400),
    ];
    for (method, path, body, expected) in cases {
        let (status, answer) = ask(&Fixture::new(0), (method, path, body), true).await;
        assert_eq!(status.as_u16(), expected, "{body}: {answer}");
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
}
