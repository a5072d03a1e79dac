//! What strategies would have cost.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use model::DayScore;
use serde_json::json;

use crate::common::{Fixture, NOW};

/// A day on which `mine` did better than `rule-based`.
fn day(back: i64) -> DayScore {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let start = start - SignedDuration::from_hours(24 * back);
    let strategy = |name: &str, role: &str, cost: f64| {
        json!({
            "strategy": { "name": name, "version": "1.0.0", "hash": name }, "role": role, "cost": cost,
            "cost_adjusted": cost, "accepted": 96, "adjusted": 0, "refused": 0, "failed": 0,
            "loss": { "forecast_error": 0.1, "price_error": 0.0, "strategy": 0.2, "guard": 0.0 }
        })
    };
    serde_json::from_value(json!({
        "day": start.to_string()[..10], "start": start, "end": start + SignedDuration::from_hours(24),
        "slots": 96, "played": 96, "unscored": null,
        "references": { "no_battery": 3.0, "self_consumption": 2.5, "perfect_foresight": 1.5, "measured": 2.4 },
        "strategies": [strategy("rule-based", "active", 2.3), strategy("mine", "shadow", 1.8)]
    }))
    .unwrap()
}

#[tokio::test]
async fn days_come_with_what_is_proposed_now() {
    let fixture = Fixture::new(0);
    let (status, none) = fixture.get("/api/scores").await;
    assert_eq!((status, none), (StatusCode::OK, json!({ "days": [], "proposals": [] })));
    for back in 1..=14 {
        fixture.journal.record_score(&day(back)).unwrap();
    }
    let (_, all) = fixture.get("/api/scores").await;
    assert_eq!(all["days"].as_array().unwrap().len(), 14);
    assert_eq!(serde_json::from_value::<DayScore>(all["days"][13].clone()).unwrap(), day(1));
    let (_, some) = fixture.get("/api/scores?from=2026-11-20T00:00:00Z&until=2026-11-22T00:00:00Z").await;
    assert_eq!(some["days"].as_array().unwrap().len(), 2);
    assert_eq!(some["proposals"], all["proposals"], "what is proposed does not depend on what is looked at");
    let (status, _) = fixture.get(&format!("/api/scores?from={NOW}&until=2020-01-01T00:00:00Z")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}
