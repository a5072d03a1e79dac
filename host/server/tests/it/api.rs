//! Each route answers what it should.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use model::{Live, Tick};
use serde_json::{Value, json};

use crate::common::{Fixture, NOW, live, past_slot, tick};

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
    let at = Timestamp::now();
    fixture.live.send_replace(Arc::new(Live { at, ..live("") }));
    let (status, body) = fixture.get("/api/health").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body, json!({ "status": "ok", "troubles": [], "version": "0.1.0", "at": at, "tick_at": NOW }));
    let troubles = vec!["Home Assistant has not answered since 12:00.".to_owned()];
    fixture.live.send_replace(Arc::new(Live { troubles, at, ..live("") }));
    let (status, body) = fixture.get("/api/health").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&body["status"], body["troubles"].as_array().map(Vec::len)), (&json!("trouble"), Some(1)));
}

#[tokio::test]
async fn health_is_trouble_when_the_control_loop_hangs() {
    let fixture = Fixture::new(0);
    let at = Timestamp::now() - SignedDuration::from_secs(31);
    fixture.live.send_replace(Arc::new(Live { at, ..live("") }));
    let (status, body) = fixture.get("/api/health").await;
    assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("trouble")));
    assert!(body["troubles"][0].as_str().is_some_and(|text| text.contains("has stood still for 3")), "{body}");
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
    assert_eq!(ids(&fixture.get("/api/ticks?limit=2&until=2026-11-24T10:00:00Z").await.1), [57, 56]);
    assert_eq!(ids(&fixture.get("/api/ticks?limit=2&until=2026-11-24T10:00:01Z&before=30").await.1), [29, 28]);
    assert_eq!(ids(&fixture.get("/api/ticks?until=2020-01-01T00:00:00Z").await.1), [0_i64; 0]);
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
async fn energy_comes_by_the_homes_calendar_and_whole_periods() {
    let fixture = Fixture::new(0);
    let mut state = live("");
    state.home.timezone = Some("Europe/Berlin".to_owned());
    fixture.live.send_replace(Arc::new(state));
    let now = NOW.parse().unwrap();
    let starts = model::slot::starts(now - SignedDuration::from_hours(24 * 40), now);
    fixture.journal.record_past(&starts.map(past_slot).collect::<Vec<_>>()).unwrap();
    let (status, body) = fixture.get("/api/energy?by=day&from=2026-11-23T10:00:00Z").await;
    assert_eq!((status, body.as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    assert_eq!(
        (&body[0]["first_day"], &body[0]["start"], &body[0]["slots"]),
        (&json!("2026-11-23"), &json!("2026-11-22T23:00:00Z"), &json!(96))
    );
    assert_eq!(body[0]["load_wh"], json!({ "value": 12000.0, "slots": 96 }));
    assert_eq!((&body[0]["import_wh"]["slots"], &body[0]["cycles"]), (&json!(0), &Value::Null));
    assert_eq!(fixture.get("/api/energy").await.1.as_array().map(Vec::len), Some(31));
    assert_eq!(fixture.get("/api/energy?by=month").await.1.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_year_is_summed_up_without_a_slot_lost_between_the_parts_in_which_it_is_read() {
    let fixture = Fixture::new(0);
    let (from, until) = ("2025-11-24T00:00:00Z", "2026-11-24T00:00:00Z");
    let starts = model::slot::starts(from.parse().unwrap(), until.parse().unwrap());
    fixture.journal.record_past(&starts.map(past_slot).collect::<Vec<_>>()).unwrap();
    let started = std::time::Instant::now();
    let (_, body) = fixture.get(&format!("/api/energy?by=month&from={from}&until={until}")).await;
    println!("a year by month took {:?}", started.elapsed());
    let slots: Vec<_> = body.as_array().unwrap().iter().map(|month| month["slots"].as_i64().unwrap()).collect();
    assert_eq!((slots.len(), slots.iter().sum::<i64>()), (13, 35_040));
    assert_eq!(slots[3], 28 * 96);
}

#[tokio::test]
async fn decisions_come_one_for_each_slot_with_a_plan() {
    let fixture = Fixture::new(3);
    let (status, body) = fixture.get("/api/decisions").await;
    assert_eq!((status, body), (StatusCode::OK, json!([])), "no tick of the fixture has a plan");
    let strategy = json!({ "name": "mine", "version": "1.0.0", "hash": "00" });
    let planned =
        Tick { strategy: serde_json::from_value(strategy).unwrap(), ..tick("2026-11-24T11:46:00Z".parse().unwrap()) };
    fixture.journal.record(&planned, None).unwrap();
    let (_, body) = fixture.get("/api/decisions?from=2026-11-24T11:00:00Z").await;
    assert_eq!((&body[0]["start"], &body[0]["tick"]), (&json!("2026-11-24T11:45:00Z"), &json!(4)));
    assert_eq!(body[0]["strategy"]["name"], "mine");
}

#[tokio::test]
async fn the_description_is_served() {
    let (status, body) = Fixture::new(0).get("/api/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body["paths"]["/api/live"]["get"].is_object());
}
