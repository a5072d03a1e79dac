//! A server with a little past, and questions to it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use journal::Journal;
use model::score::PromotionRule;
use model::snapshot::PastSlot;
use model::{Command, Hand, Live, Override, Pause, Tick};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use wattwright_server::lab::{Backtest, LabState, NewBacktest};
use wattwright_server::manage::{
    Examination, LogEntry, Manage, ManageError, Problem, Role, RoleChange, StrategyDetail,
};
use wattwright_server::site::{LogLine, SetupView};
use wattwright_server::what_if::{Alternative, Comparison, WhatIf};
use wattwright_server::{Access, AllowedHosts, ByHand, Evaluate, Lab, Server, Site, router};

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

/// Knows `mine` and `rule-based`, takes the file `good`, and counts what it was asked to do.
#[derive(Default)]
pub struct Manager(AtomicU32);

impl Manager {
    pub fn done(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    fn one(&self, name: &str) -> Result<StrategyDetail, ManageError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let found = self.list()?.into_iter().find(|strategy| strategy.name == name);
        found.ok_or_else(|| ManageError::NotFound(format!("there is no strategy `{name}`")))
    }
}

impl Manage for Manager {
    fn list(&self) -> Result<Vec<StrategyDetail>, ManageError> {
        let of = |name: &str, position: Option<usize>| StrategyDetail {
            name: name.into(),
            role: if position.is_some() { Role::Active } else { Role::Off },
            position,
            origin: "shipped".into(),
            version: None,
            author: String::new(),
            summary: String::new(),
            commands: [].into(),
            imports: vec![],
            size_bytes: None,
            loaded_at: None,
            error: None,
            quarantine: None,
            settings: None,
            own_settings: json!({}),
            settings_schema: None,
            grant: Default::default(),
            allowance: Default::default(),
            versions: vec![],
        };
        Ok(vec![of("rule-based", Some(0)), of("mine", None)])
    }

    fn check(&self, wasm: &[u8]) -> Result<Examination, ManageError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let problem = Problem { code: "not-wasm".into(), message: "not WebAssembly".into() };
        match wasm {
            b"good" => Ok(Examination { ok: true, ..Examination::default() }),
            _ => Ok(Examination { problems: vec![problem], ..Examination::default() }),
        }
    }

    fn add(&self, wasm: &[u8]) -> Result<StrategyDetail, ManageError> {
        match wasm {
            b"good" => self.one("mine"),
            _ => Err(ManageError::Refused("not WebAssembly".into())),
        }
    }

    fn remove(&self, name: &str) -> Result<(), ManageError> {
        match name {
            "rule-based" => Err(ManageError::Refused("part of this program".into())),
            _ => self.one(name).map(drop),
        }
    }

    fn set_role(&self, name: &str, _: RoleChange) -> Result<StrategyDetail, ManageError> {
        self.one(name)
    }

    fn set_settings(&self, name: &str, _: Option<Value>) -> Result<StrategyDetail, ManageError> {
        self.one(name)
    }

    fn set_allowance(&self, name: &str, _: model::Allowance) -> Result<StrategyDetail, ManageError> {
        self.one(name)
    }

    fn roll_back(&self, name: &str, _: Option<&str>) -> Result<StrategyDetail, ManageError> {
        self.one(name)
    }

    fn log(&self, _: &str, limit: u32) -> Result<Vec<LogEntry>, ManageError> {
        Ok(vec![LogEntry { tick: 1, at: NOW.parse().unwrap(), text: format!("{limit} lines at most") }])
    }

    fn replay(&self, tick: i64, strategy: Option<&str>) -> Result<Value, ManageError> {
        Ok(json!({ "tick": tick, "strategy": strategy }))
    }

    fn export(&self, tick: i64) -> Result<Value, ManageError> {
        Ok(json!({ "tick": tick }))
    }
}

/// Knows `battery`.
#[derive(Default)]
pub struct Owner(pub Arc<Mutex<Hand>>);

impl Owner {
    fn change(&self, change: impl FnOnce(&mut Hand) -> Result<(), ManageError>) -> Result<Hand, ManageError> {
        let mut hand = self.0.lock().unwrap();
        change(&mut hand)?;
        Ok(hand.clone())
    }

    fn end(lasts: Duration) -> Result<(Timestamp, Timestamp), ManageError> {
        let now: Timestamp = NOW.parse().unwrap();
        if lasts > model::hand::LONGEST {
            return Err(ManageError::Refused("too long".into()));
        }
        Ok((now, now + lasts))
    }
}

impl ByHand for Owner {
    fn set(&self, target: &str, command: Command, lasts: Duration) -> Result<Hand, ManageError> {
        let (since, until) = Self::end(lasts)?;
        self.change(|hand| match target {
            "battery" => {
                hand.overrides.insert(target.into(), Override { command, since, until });
                Ok(())
            }
            _ => Err(ManageError::NotFound("no such target".into())),
        })
    }

    fn clear(&self, target: &str) -> Result<Hand, ManageError> {
        let nothing = || ManageError::NotFound("nothing to end".into());
        self.change(|hand| hand.overrides.remove(target).map(drop).ok_or_else(nothing))
    }

    fn pause(&self, lasts: Duration) -> Result<Hand, ManageError> {
        let (since, until) = Self::end(lasts)?;
        self.change(|hand| {
            hand.pause = Some(Pause { since, until });
            Ok(())
        })
    }

    fn resume(&self) -> Result<Hand, ManageError> {
        let nothing = || ManageError::NotFound("nothing to end".into());
        self.change(|hand| hand.pause.take().map(drop).ok_or_else(nothing))
    }
}

/// Answers the question whether anything else is under way.
#[derive(Default)]
pub struct Beside(AtomicU32);

impl Evaluate for Beside {
    fn what_if(&self, question: WhatIf) -> Result<Comparison, ManageError> {
        question.changes.apply(&mut tick(NOW.parse().unwrap()).input.snapshot).map_err(refused)?;
        let none = Alternative {
            strategy: None,
            plan: None,
            verdicts: vec![],
            failure: question.strategy,
            ahead: vec![],
            bill: None,
        };
        Ok(Comparison { tick: 3, at: NOW.parse().unwrap(), real: none.clone(), other: none })
    }
}

fn refused(error: impl std::fmt::Display) -> ManageError {
    ManageError::Refused(error.to_string())
}

impl Lab for Beside {
    fn state(&self) -> Result<LabState, ManageError> {
        Ok(LabState { sources: vec![], battery: None, running: None, failure: None, results: vec![] })
    }

    fn start(&self, _: NewBacktest) -> Result<LabState, ManageError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => self.state(),
            _ => Err(ManageError::Busy("one is under way".into())),
        }
    }

    fn cancel(&self) -> Result<LabState, ManageError> {
        match self.0.swap(0, Ordering::SeqCst) {
            0 => Err(ManageError::NotFound("none is under way".into())),
            _ => self.state(),
        }
    }

    fn result(&self, id: u64) -> Result<Backtest, ManageError> {
        Err(ManageError::NotFound(format!("there is no backtest {id}")))
    }

    fn forget(&self, id: u64) -> Result<(), ManageError> {
        self.result(id).map(drop)
    }
}

/// A home with nothing in it.
struct House;

impl Site for House {
    fn setup(&self) -> SetupView {
        serde_json::from_value(json!({
            "at": NOW, "columns": [], "fetched": [], "problems": [], "targets": [],
            "connection": {
                "import_limit_w": null, "feed_in_limit_w": 800.0, "phase_limit_a": null, "meter_stale_after_s": 60
            },
            "journal_bytes": 4096, "keep_ticks_days": 90, "keep_past_days": 800
        }))
        .unwrap()
    }

    fn log(&self) -> Vec<LogLine> {
        let (level, part, text) = ("info".to_owned(), "test".to_owned(), "started".to_owned());
        vec![LogLine { at: NOW.parse().unwrap(), level, part, text }]
    }
}

pub struct Fixture {
    pub manager: Arc<Manager>,
    pub hand: Arc<Mutex<Hand>>,
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
        let manager = Arc::new(Manager::default());
        let hand = Arc::new(Mutex::new(Hand::default()));
        let server = Server {
            live: receiver,
            manage: manager.clone(),
            hand: Arc::new(Owner(hand.clone())),
            evaluate: Arc::new(Beside::default()),
            lab: Arc::new(Beside::default()),
            site: Arc::new(House),
            journal: journal.clone(),
            hosts: AllowedHosts::new(["wattwright.local"]),
            access: Access::Open,
            promotion: PromotionRule::default(),
            shutdown: CancellationToken::new(),
        };
        Self { manager, hand, live: sender, journal, server }
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
        self.ask_with(method, path, headers, String::new()).await
    }

    pub async fn ask_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: String,
    ) -> (StatusCode, HeaderMap, String) {
        let response = self.send_with(method, path, headers, body).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        self.send_with(method, path, headers, String::new()).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        body: String,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name == header::HOST) {
            request = request.header(header::HOST, "localhost:8420");
        }
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }
}
