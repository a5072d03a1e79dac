//! A server with a little past, and questions to it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use journal::Journal;
use model::snapshot::PastSlot;
use model::{Live, Tick};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use wattwright_server::{AllowedHosts, Server, router};

pub const NOW: &str = "2026-11-24T12:07:00Z";

pub fn live(summary: &str) -> Live {
    serde_json::from_value(json!({
        "at": NOW,
        "version": "0.1.0",
        "home_name": "Test",
        "simulated": true,
        "home": {
            "link": { "state": "up", "since": NOW },
            "timezone": null,
            "currency": null,
            "grid_power_w": { "entity": "sensor.grid", "value": 12.5, "at": NOW, "fault": null },
            "solar_power_w": null,
            "load_power_w": null,
            "temperature_c": null,
            "batteries": [],
            "devices": []
        },
        "names": {},
        "tick": 3,
        "tick_at": NOW,
        "cause": { "kind": "slot" },
        "strategy": null,
        "summary": summary,
        "doing": [],
        "available": [],
        "strategies": [],
        "troubles": []
    }))
    .unwrap()
}

pub fn tick(at: Timestamp) -> Tick {
    serde_json::from_value(json!({
        "id": 0,
        "at": at,
        "cause": { "kind": "slot" },
        "input": {
            "snapshot": {
                "now": at, "timezone": "Europe/Berlin", "utc_offset_s": 3600, "currency": "EUR",
                "grid": { "power_w": 12.5, "import_limit_w": null, "export_limit_w": 800.0 },
                "solar_power_w": null, "load_power_w": null, "batteries": [], "devices": [], "tasks": [],
                "ahead": [], "past": [], "sources": [], "problems": []
            },
            "settings": {}
        },
        "strategy": null,
        "plan": null,
        "verdicts": [],
        "outcomes": [],
        "modes": {},
        "decide_us": 1
    }))
    .unwrap()
}

pub fn past_slot(start: Timestamp) -> PastSlot {
    PastSlot {
        start,
        end: model::slot::next(start),
        import_price: Some(0.25),
        export_price: None,
        solar_w: None,
        load_w: Some(500.0),
        grid_w: None,
        battery_w: None,
        soc_pct: None,
        temperature_c: None,
        extras: vec![],
    }
}

pub struct Fixture {
    pub live: watch::Sender<Arc<Live>>,
    pub journal: Journal,
    pub server: Server,
}

impl Fixture {
    /// With `ticks` ticks, one an hour up to noon.
    pub fn new(ticks: i64) -> Self {
        let journal = Journal::in_memory().unwrap();
        let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for hour in (0..ticks).rev() {
            journal.record(&tick(noon - jiff::SignedDuration::from_hours(hour)), None).unwrap();
        }
        let (sender, receiver) = watch::channel(Arc::new(live("At first.")));
        let server = Server {
            live: receiver,
            journal: journal.clone(),
            hosts: AllowedHosts::new(["wattwright.local"]),
            shutdown: CancellationToken::new(),
        };
        Self { live: sender, journal, server }
    }

    pub fn router(&self) -> Router {
        router(self.server.clone())
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        let (status, _, body) = self.ask(Method::GET, path, &[]).await;
        (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{path}: not JSON: {body}")))
    }

    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
    ) -> (StatusCode, HeaderMap, String) {
        let response = self.send(method, path, headers).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name == header::HOST) {
            request = request.header(header::HOST, "localhost:8420");
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }
}
