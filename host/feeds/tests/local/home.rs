//! Sources through Home Assistant.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use forecast::prices::Basis;
use forecast::solar::sun::Place;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::*;

/// A made-up Home Assistant.
#[derive(Default)]
pub struct FakeHome {
    pub down: Mutex<bool>,
    /// What it answers to every question.
    pub failing: Mutex<Option<String>>,
    pub entities: BTreeMap<String, Value>,
    pub place: Option<Place>,
    pub solar: Value,
    /// By `domain.action`.
    pub answers: BTreeMap<String, Value>,
    pub called: Mutex<Vec<(String, Value)>>,
}

impl FakeHome {
    fn fails(&self) -> Result<(), String> {
        self.failing.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl HomePort for FakeHome {
    fn is_up(&self) -> bool {
        !*self.down.lock().unwrap()
    }

    fn attributes(&self, entity: &str) -> Option<Value> {
        self.entities.get(entity).cloned()
    }

    async fn call_action(&self, domain: &str, action: &str, data: Value) -> Result<Value, String> {
        let name = format!("{domain}.{action}");
        self.called.lock().unwrap().push((name.clone(), data));
        self.fails()?;
        self.answers.get(&name).cloned().ok_or_else(|| format!("there is no action `{name}`"))
    }

    fn whereabouts(&self) -> Option<Place> {
        self.place
    }

    async fn solar_forecast(&self) -> Result<Value, String> {
        self.called.lock().unwrap().push(("energy/solar_forecast".into(), Value::Null));
        self.fails()?;
        Ok(self.solar.clone())
    }
}

pub fn json_of(name: &str) -> Value {
    serde_json::from_str(&payload(name)).unwrap()
}

#[tokio::test]
async fn every_sensor_and_action_arrives() {
    for (source, entity, file, currency, time, price_per_kwh, basis) in [
        ("nordpool-sensor", "x", "nordpool_lists_today_only.json", "EUR", "", 0.0, Basis::Market),
        ("epex-spot-sensor", "x", "epex_spot.json", "EUR", "2026-11-23T23:00:00Z", 0.1234, Basis::Market),
        ("epex-spot-sensor", "x", "awattar_sensor.json", "EUR", "2026-11-23T23:00:00Z", 0.0824, Basis::Market),
        ("entsoe-sensor", "x", "entsoe_sensor.json", "EUR", "2026-11-23T23:00:00Z", 0.10321, Basis::Market),
        (
            "energi-data-service-sensor",
            "x",
            "energi_data_service_sensor.json",
            "DKK",
            "2026-11-23T23:00:00Z",
            1.1,
            Basis::Market,
        ),
    ] {
        let mut attributes = json_of(file);
        attributes["unit_of_measurement"] = "EUR/kWh".into();
        let home = FakeHome { entities: [(entity.to_owned(), attributes)].into(), ..FakeHome::default() };
        let folder = tempdir().unwrap();
        let source = format!("source = '{source}'\nentity = '{entity}'");
        let mut feeds = feeds_with(std::slice::from_ref(&source), folder.path(), Some(Arc::new(home)), currency);
        feeds.step(now()).await;
        assert_eq!(feeds.status(now())[0].health.error, None, "{source}");
        if !time.is_empty() {
            let quote = feeds.shelf().quote_at(at(time)).unwrap();
            assert!((quote.price_per_kwh - price_per_kwh).abs() < 1e-12, "{source}: {quote:?}");
            assert_eq!(quote.basis, basis);
        }
        assert!(feeds.shelf().known_until().is_some(), "{source}");
    }
}

#[tokio::test]
async fn a_mapped_sensor_and_events_arrive() {
    let entities = [
        ("sensor.local".to_owned(), json_of("mapping_local.json")),
        ("event.today".to_owned(), json_of("octopus_event.json")),
        ("event.tomorrow".to_owned(), json!({"event_type": "x"})),
    ];
    let home = Arc::new(FakeHome { entities: entities.into(), ..FakeHome::default() });
    let folder = tempdir().unwrap();
    let mapping = "source = 'sensor'\nentity = 'sensor.local'\n[mapping]\nlists = ['/rates/today', '/rates/tomorrow']\n\
                   start = 'from'\nend = 'till'\nprice = 'usage'\nunit = 'ct/kWh'\nincludes = 'total'\n\
                   timezone = 'Europe/Amsterdam'";
    let mut mapped = feeds_with(&[mapping.to_owned()], folder.path(), Some(home.clone()), "EUR");
    mapped.step(now()).await;
    assert_eq!(mapped.shelf().quote_at(at("2026-11-24T00:30:00Z")).unwrap().price_per_kwh, 0.239);

    let events = "source = 'octopus-events'\nentities = ['event.today', 'event.tomorrow']".to_owned();
    let mut events = feeds_with(&[events], folder.path(), Some(home), "GBP");
    events.step(now()).await;
    assert_eq!(events.shelf().quote_at(at("2026-11-24T00:00:00Z")).unwrap().price_per_kwh, 0.1894);
    assert_eq!(events.problems(at("2026-11-24T00:00:00Z"), at("2026-11-24T02:00:00Z")), []);
}

#[tokio::test]
async fn actions_are_asked_for_today_and_tomorrow() {
    let answers = [
        ("nordpool.get_prices_for_date".to_owned(), json_of("nordpool_day.json")),
        ("tibber.get_prices".to_owned(), json!({"prices": {"Home": json_of("tibber_action.json")["prices"]["Home"]}})),
    ];
    let home = Arc::new(FakeHome { answers: answers.into(), ..FakeHome::default() });
    let folder = tempdir().unwrap();
    let sources = [
        "source = 'nordpool-action'\nconfig_entry = '01J'\narea = 'DE-LU'".to_owned(),
        "source = 'tibber-action'".to_owned(),
    ];
    let mut feeds = feeds_with(&sources, folder.path(), Some(home.clone()), "EUR");
    feeds.step(now()).await;
    insta::assert_debug_snapshot!(home.called.lock().unwrap());
    assert!(feeds.status(now()).iter().all(|status| status.health.error.is_none()), "{:?}", feeds.status(now()));
}

#[tokio::test]
async fn without_a_connection_nobody_is_asked_or_blamed() {
    let answers = [("nordpool.get_prices_for_date".to_owned(), json_of("nordpool_day.json"))];
    let home = Arc::new(FakeHome { answers: answers.into(), down: Mutex::new(true), ..FakeHome::default() });
    let folder = tempdir().unwrap();
    let source = "source = 'nordpool-action'\nconfig_entry = '01J'\narea = 'DE-LU'".to_owned();
    let mut feeds = feeds_with(&[source], folder.path(), Some(home.clone()), "EUR");
    let next = feeds.step(now()).await;
    assert_eq!(next, now() + SignedDuration::from_secs(10));
    assert!(home.called.lock().unwrap().is_empty());
    assert_eq!(feeds.problems(now(), now() + minutes(60)), []);
    *home.down.lock().unwrap() = false;
    feeds.step(next).await;
    assert!(!home.called.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_entity_that_is_gone_is_named() {
    let folder = tempdir().unwrap();
    let source = "source = 'nordpool-sensor'\nentity = 'sensor.gone'".to_owned();
    let mut feeds = feeds_with(&[source], folder.path(), Some(Arc::new(FakeHome::default())), "EUR");
    feeds.step(now()).await;
    let problems = feeds.problems(now(), now() + minutes(60));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].text, "`nordpool-sensor` gave no prices: Home Assistant: there is no entity `sensor.gone`");
}
