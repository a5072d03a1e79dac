//! Each route answers what it should.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::SignedDuration;
use model::{Live, Tick};
use serde_json::{Value, json};

use crate::common::{Fixture, NOW, live, past_slot};

#[tokio::test]
async fn live_is_the_newest_state() {
    let fixture = Fixture::new(0);
    let (status, body) = fixture.get("/api/live").await;
    assert_eq!((status, body["summary"].as_str()), (StatusCode::OK, Some("At first.")));
    fixture.live.send_replace(Arc::new(live("Later.")));
    let (_, body) = fixture.get("/api/live").await;
    assert_eq!(serde_json::from_value::<Live>(body).unwrap(), live("Later."));
}

#[tokio::test]
async fn health_is_trouble_as_soon_as_there_is_one() {
    let fixture = Fixture::new(0);
    let (status, body) = fixture.get("/api/health").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, json!({ "status": "ok", "troubles": [], "version": "0.1.0", "at": NOW, "tick_at": NOW }));
    let troubles = vec!["Home Assistant has not answered since 12:00.".to_owned()];
    fixture.live.send_replace(Arc::new(Live { troubles, ..live("") }));
    let (status, body) = fixture.get("/api/health").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&body["status"], body["troubles"].as_array().map(Vec::len)), (&json!("trouble"), Some(1)));
}

fn ids(body: &Value) -> Vec<i64> {
    body.as_array().unwrap().iter().map(|tick| tick["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn ticks_come_in_pages_the_newest_first() {
    let fixture = Fixture::new(60);
    let (status, body) = fixture.get("/api/ticks").await;
    assert_eq!((status, ids(&body)), (StatusCode::OK, (11..=60).rev().collect()));
    assert_eq!(body[0]["at"], "2026-11-24T12:00:00Z");
    assert_eq!(ids(&fixture.get("/api/ticks?limit=2&before=11").await.1), [10, 9]);
    assert_eq!(ids(&fixture.get("/api/ticks?before=1").await.1), [0_i64; 0]);
    assert_eq!(ids(&fixture.get("/api/ticks?limit=500").await.1).len(), 60);
}

#[tokio::test]
async fn a_tick_comes_whole() {
    let fixture = Fixture::new(3);
    let (status, body) = fixture.get("/api/ticks/2").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(serde_json::from_value::<Tick>(body).unwrap(), fixture.journal.tick(2).unwrap().unwrap());
    assert_eq!(fixture.get("/api/ticks/latest").await.1["id"], 3);
    let (status, body) = Fixture::new(0).get("/api/ticks/latest").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &json!("no-such-tick")));
}

#[tokio::test]
async fn the_past_is_two_days_up_to_now_or_what_is_asked() {
    let fixture = Fixture::new(0);
    let now = NOW.parse().unwrap();
    let starts = model::slot::starts(now - SignedDuration::from_hours(72), now);
    fixture.journal.record_past(&starts.map(past_slot).collect::<Vec<_>>()).unwrap();
    let (status, body) = fixture.get("/api/past").await;
    let slots = body.as_array().unwrap();
    assert_eq!((status, slots.len()), (StatusCode::OK, 192));
    assert_eq!(
        (&slots[0]["start"], &slots[191]["start"]),
        (&json!("2026-11-22T12:15:00Z"), &json!("2026-11-24T12:00:00Z"))
    );
    let path = "/api/past?from=2026-11-24T00:00:00%2B01:00&until=2026-11-24T00:00:00Z";
    let (_, body) = fixture.get(path).await;
    assert_eq!((body.as_array().unwrap().len(), &body[0]["start"]), (4, &json!("2026-11-23T23:00:00Z")));
    assert_eq!(body[0]["load_w"], 500.0);
}

#[tokio::test]
async fn the_description_is_served() {
    let (status, body) = Fixture::new(0).get("/api/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body["paths"]["/api/live"]["get"].is_object());
}
