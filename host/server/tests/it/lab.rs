//! What if, and backtests.

use axum::http::{HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::common::Fixture;

const MEANT: (HeaderName, &str) = (HeaderName::from_static("x-wattwright"), "1");
const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");

async fn ask(
    fixture: &Fixture,
    method: Method,
    path: &str,
    body: Value,
    headers: &[(HeaderName, &str)],
) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, answer) = fixture.ask_with(method, path, headers, body).await;
    (status.as_u16(), serde_json::from_str(&answer).unwrap_or(Value::Null))
}

#[tokio::test]
async fn what_if_takes_changes_and_names_what_no_home_can_have() {
    let fixture = Fixture::new(1);
    let post = async |body| ask(&fixture, Method::POST, "/api/what-if", body, &[MEANT, JSON]).await;
    let question = json!({ "strategy": "linear", "changes": { "battery_factor": 2 }, "set": { "snapshot.now": 1 } });
    let (status, answer) = post(question).await;
    assert_eq!((status, &answer["other"]["failure"]), (200, &json!("linear")));
    assert_eq!(post(json!({})).await.0, 200);
    let (status, answer) = post(json!({ "changes": { "soc_pct": 140 } })).await;
    assert_eq!((status, &answer["error"]["message"]), (422, &json!("soc_pct is 140, expected 0 to 100")));
    let (status, answer) = post(json!({ "changes": { "price": 1 } })).await;
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("bad-body")));
    let (status, answer) = ask(&fixture, Method::POST, "/api/what-if", json!({}), &[JSON]).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("foreign-origin")));
}

#[tokio::test]
async fn one_backtest_at_a_time_is_begun_and_cancelled() {
    let fixture = Fixture::new(1);
    let body = json!({ "data": "sample", "days": 2, "runs": [{ "strategy": "linear" }] });
    let lab = async |method, body| ask(&fixture, method, "/api/lab", body, &[MEANT, JSON]).await;
    assert_eq!(lab(Method::DELETE, Value::Null).await.0, 404);
    assert_eq!(lab(Method::POST, body.clone()).await.0, 202);
    let (status, answer) = lab(Method::POST, body.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("busy")));
    assert_eq!(lab(Method::DELETE, Value::Null).await.0, 200);
    for wrong in [json!({ "data": "moon", "runs": [] }), json!({ "runs": [] }), json!({ "data": "home" })] {
        assert_eq!(lab(Method::POST, wrong).await.0, 422);
    }
    assert_eq!(ask(&fixture, Method::POST, "/api/lab", body, &[JSON]).await.0, 403);
    assert_eq!(fixture.get("/api/lab").await.0, StatusCode::OK);
    assert_eq!(fixture.get("/api/lab/7").await.0, StatusCode::NOT_FOUND);
    assert_eq!(fixture.get("/api/lab/x").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&fixture, Method::DELETE, "/api/lab/7", Value::Null, &[MEANT]).await.0, 404);
}
