//! The link to Home Assistant against a server that misbehaves.

// The exception for tests counts for test functions only, not for what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fake;

use std::collections::BTreeSet;
use std::time::Duration;

use fake::{Fake, Peer, running};
use guard::{Approved, BatteryLimits, DeviceLimits, Guard, Ledger, Limits, Mandate, Proposal, Scene, Watch};
use jiff::Timestamp;
use model::home::Baseline;
use model::snapshot::Abilities;
use model::{Action, Command, CommandKind, Fault, Grant, HomeState, Link, Reason};
use serde_json::{Value, json};
use wattwright_home::homeassistant::{CallError, EntityRef, HomeAssistant, HomeEntities};
use wattwright_home::{Home, ReadBack, SendError};

const METER: &str = "sensor.meter";
const SOC: &str = "sensor.soc";
const POWER: &str = "sensor.battery";
const MODE: &str = "select.mode";
const INPUT: &str = "number.input";
const OUTPUT: &str = "number.output";
const PLUG: &str = "switch.plug";

fn entities() -> HomeEntities {
    let parsed = |table: Value| serde_json::from_value(table).unwrap();
    HomeEntities {
        grid_power: EntityRef::plain(METER.try_into().unwrap()),
        solar_power: None,
        load_power: None,
        temperature: None,
        import_cap: None,
        phase_currents: Vec::new(),
        batteries: vec![(
            "battery".into(),
            parsed(json!({
                "soc": SOC,
                "power": POWER,
                "control": { "kind": "zendure", "ac_mode": MODE, "input_limit": INPUT, "output_limit": OUTPUT },
            })),
        )],
        devices: vec![("plug".into(), serde_json::from_value(json!({ "switch": PLUG })).unwrap())],
        extra: vec!["sensor.price".try_into().unwrap()],
    }
}

fn states() -> Value {
    let now = Timestamp::now().as_millisecond() as f64 / 1000.0;
    let entity = |state: &str, attributes: Value| json!({ "s": state, "a": attributes, "lc": now });
    let number = |max: u32| json!({ "min": 0, "max": max, "step": 1, "unit_of_measurement": "W" });
    json!({
        METER: entity("400", json!({ "unit_of_measurement": "W" })),
        SOC: entity("50", json!({ "unit_of_measurement": "%" })),
        POWER: entity("0", json!({ "unit_of_measurement": "W" })),
        MODE: entity("output", json!({ "options": ["input", "output"] })),
        INPUT: entity("0", number(1000)),
        OUTPUT: entity("0", number(800)),
        PLUG: entity("off", json!({})),
        "sensor.price": entity("0.3", json!({ "raw_today": [1, 2] })),
    })
}

/// The states as Home Assistant has them just after its start.
fn silent_states() -> Value {
    let mut states = states();
    for state in states.as_object_mut().unwrap().values_mut() {
        state["s"] = "unavailable".into();
    }
    states
}

/// What the guard makes of a command.
fn approve(home: &HomeState, target: &str, command: Command) -> Approved {
    let mut limits = Limits::default();
    limits.batteries.insert(
        "battery".into(),
        BatteryLimits {
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 100.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            commands: BTreeSet::from([CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge]),
            direction_dwell: Duration::ZERO,
            write_interval: Duration::ZERO,
            lease: Duration::from_secs(60),
            ..BatteryLimits::default()
        },
    );
    limits.devices.insert(
        "plug".into(),
        DeviceLimits {
            abilities: Abilities { switch: true, ..Abilities::default() },
            switch_dwell: Duration::ZERO,
            write_interval: Duration::ZERO,
            power_w: None,
            level: None,
            lease: Duration::from_secs(60),
            ..DeviceLimits::default()
        },
    );
    let now = Timestamp::now();
    let mut watch = Watch::default();
    watch.observe(home, &limits, Duration::ZERO, now);
    let scene = Scene { home, now, uptime: Duration::ZERO, ledger: &Ledger::default(), watch: &watch };
    let mandate = Mandate { declared: BTreeSet::from([command.kind()]), grant: Grant::default() };
    let reason = Reason { code: "test".into(), text: "test".into(), facts: Vec::new() };
    let action = Action { target: target.into(), command, reason, until: None };
    let proposal = Proposal { by: "test", action: &action, mandate: &mandate };
    let judged = Guard::new(limits).judge(&[proposal], &scene).remove(0);
    judged.approved.unwrap_or_else(|| panic!("{:?}", judged.verdict))
}

/// Waits until the home is like that.
async fn until(home: &HomeAssistant, like: impl Fn(&HomeState) -> bool) -> HomeState {
    let mut changes = home.changes();
    loop {
        changes.mark_unchanged();
        let state = home.state();
        if like(&state) {
            return state;
        }
        changes.changed().await.unwrap();
    }
}

async fn up(home: &HomeAssistant) -> HomeState {
    until(home, |state| state.link.is_up()).await
}

async fn in_step(fake: &Fake) -> (HomeAssistant, Peer, u64, HomeState) {
    let home = HomeAssistant::connect(fake.connection(), entities());
    let (peer, subscription) = fake.accept_in_step(states()).await;
    let state = up(&home).await;
    (home, peer, subscription, state)
}

#[tokio::test]
async fn gets_in_step() {
    let fake = Fake::new().await;
    let (home, _peer, _, state) = in_step(&fake).await;
    assert_eq!(state.timezone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(state.currency.as_deref(), Some("EUR"));
    assert_eq!(state.grid_power_w.value, Some(400.0));
    assert_eq!(state.batteries[0].soc_pct.value, Some(50.0));
    let attributes = home.attributes("sensor.price").unwrap();
    assert_eq!(attributes["raw_today"], json!([1, 2]));
}

#[tokio::test]
async fn a_rejected_token_shows_the_way_out_and_is_not_tried_again_soon() {
    let fake = Fake::new().await;
    let home = HomeAssistant::connect(fake.connection(), entities());
    let mut peer = fake.accept().await;
    peer.say(json!({ "type": "auth_invalid", "message": "Invalid access token or password" })).await;
    let Link::Rejected { reason } = home.settled(Duration::MAX).await else { panic!() };
    assert!(reason.contains("Invalid access token or password"), "{reason}");
    assert!(reason.contains("long-lived access token"), "{reason}");
    let answer = home.call_action("nordpool", "get_prices_for_date", json!({})).await;
    assert_eq!(answer, Err(CallError::LinkDown));
    // After a lost connection it would be there long since.
    let again = tokio::time::timeout(Duration::from_millis(200), fake.accept()).await;
    assert!(again.is_err());
}

#[tokio::test]
async fn a_token_that_is_put_right_is_accepted_in_the_end() {
    let fake = Fake::new().await;
    let mut connection = fake.connection();
    connection.timing.retry_rejected = Duration::from_millis(10);
    connection.timing.retry_first = Duration::from_secs(3600);
    let home = HomeAssistant::connect(connection, entities());
    let mut peer = fake.accept().await;
    peer.say(json!({ "type": "auth_invalid", "message": "Invalid access token or password" })).await;
    let _second = fake.accept_in_step(states()).await;
    up(&home).await;
}

#[tokio::test]
async fn waits_while_home_assistant_starts() {
    let fake = Fake::new().await;
    let home = HomeAssistant::connect(fake.connection(), entities());
    let mut peer = fake.accept().await;
    peer.let_in().await;
    for state in ["NOT_RUNNING", "STARTING"] {
        let config = peer.expect("get_config").await;
        peer.answer(&config, json!({ "state": state, "time_zone": "Europe/Berlin" })).await;
        let says = |seen: &HomeState| {
            seen.link == Link::Connecting { reason: format!("Home Assistant is not ready yet: {state}") }
        };
        let seen = until(&home, says).await;
        assert_eq!(seen.grid_power_w.fault, Some(Fault::NotYet));
    }
    let config = peer.expect("get_config").await;
    peer.answer(&config, running()).await;
    let subscription = peer.expect("subscribe_entities").await;
    let subscribed = subscription["entity_ids"].as_array().unwrap();
    assert!(subscribed.contains(&json!(METER)) && subscribed.contains(&json!("sensor.price")), "{subscription}");
    peer.event(subscription["id"].as_u64().unwrap(), json!({ "a": silent_states() })).await;
    let seen = up(&home).await;
    assert_eq!(seen.grid_power_w.fault, Some(Fault::Unavailable { state: "unavailable".into() }));
}

#[tokio::test]
async fn takes_several_frames_in_one_message() {
    let fake = Fake::new().await;
    let home = HomeAssistant::connect(fake.connection(), entities());
    let mut peer = fake.accept().await;
    peer.let_in().await;
    let config = peer.expect("get_config").await;
    peer.answer(&config, running()).await;
    let id = peer.expect("subscribe_entities").await["id"].clone();
    peer.say(json!([
        { "id": id, "type": "result", "success": true, "result": null },
        { "id": id, "type": "event", "event": { "a": states() } },
        { "id": id, "type": "event", "event": { "c": { METER: { "+": { "s": "-20" } } } } },
    ]))
    .await;
    let state = until(&home, |state| state.grid_power_w.value == Some(-20.0)).await;
    assert!(state.link.is_up());
}

#[tokio::test]
async fn garbage_changes_nothing() {
    let fake = Fake::new().await;
    let (home, mut peer, id, before) = in_step(&fake).await;
    for garbage in
        ["", "{", "null", "42", "[[]]", r#"{"type": []}"#, r#"{"id": 99, "type": "result", "success": true}"#]
    {
        peer.say_text(garbage.to_owned()).await;
    }
    for event in
        [json!(5), json!({ "a": [], "c": 1, "r": "all" }), json!({ "c": { METER: { "+": { "s": {}, "a": 1 } } } })]
    {
        peer.event(id, event).await;
    }
    peer.event(id + 1, json!({ "c": { METER: { "+": { "s": "9999" } } } })).await;
    peer.event(id, json!({ "c": { SOC: { "+": { "s": "51" } } } })).await;
    let after = until(&home, |state| state.batteries[0].soc_pct.value == Some(51.0)).await;
    assert_eq!(after.grid_power_w, before.grid_power_w);
    assert_eq!(after.link, before.link);
}

#[tokio::test]
async fn a_message_beyond_the_limit_ends_the_connection_and_it_comes_back() {
    let fake = Fake::new().await;
    let (home, mut peer, _, _) = in_step(&fake).await;
    // The client may hang up before it has all of it.
    let _ = peer.try_say_text("x".repeat(17 << 20)).await;
    let _second = fake.accept_in_step(states()).await;
    up(&home).await;
}

#[tokio::test]
async fn gets_in_step_again_before_it_writes() {
    let fake = Fake::new().await;
    let (home, peer, _, state) = in_step(&fake).await;
    let charge = approve(&state, "battery", Command::Charge { power_w: 600.0 });
    peer.close().await;
    let down = until(&home, |state| !state.link.is_up()).await;
    assert_eq!(down.grid_power_w.fault, Some(Fault::NotYet));
    assert_eq!(home.baseline(&"battery".into()), None);
    assert!(matches!(home.send(&charge).await, Err(SendError::LinkDown)));

    let (mut peer, subscription) = fake.accept_running().await;
    assert!(matches!(home.send(&charge).await, Err(SendError::LinkDown)));
    // After a restart the entities are there before their devices are.
    peer.event(subscription, json!({ "a": silent_states() })).await;
    up(&home).await;
    let refused = home.send(&charge).await.unwrap_err().to_string();
    assert!(refused.contains("is unavailable"), "{refused}");
    peer.event(subscription, json!({ "a": states() })).await;
    until(&home, |state| state.grid_power_w.value == Some(400.0)).await;
    let (sent, first) = tokio::join!(home.send(&charge), async {
        let first = peer.obey().await;
        peer.obey().await;
        first
    });
    sent.unwrap();
    assert_eq!(first, r#"select.select_option select.mode {"option":"input"}"#);
}

#[tokio::test]
async fn a_call_fails_at_once_when_the_connection_ends_in_the_middle() {
    let fake = Fake::new().await;
    let (home, mut peer, _, _) = in_step(&fake).await;
    let (answer, ()) = tokio::join!(home.call_action("weather", "get_forecasts", json!({})), async move {
        peer.expect("call_service").await;
        peer.close().await;
    });
    assert_eq!(answer, Err(CallError::LinkDown));
}

#[tokio::test]
async fn sends_what_is_not_shown_yet_and_reads_it_back() {
    let fake = Fake::new().await;
    let (home, mut peer, id, state) = in_step(&fake).await;
    let battery = "battery".to_owned();
    let command = Command::Charge { power_w: 600.0 };
    let charge = approve(&state, "battery", command.clone());
    let (sent, calls) = tokio::join!(home.send(&charge), async { [peer.obey().await, peer.obey().await] });
    sent.unwrap();
    assert_eq!(
        calls,
        [r#"select.select_option select.mode {"option":"input"}"#, r#"number.set_value number.input {"value":600.0}"#,]
    );
    assert!(matches!(home.read_back(&battery, &command), ReadBack::Differs(_)));

    peer.event(id, json!({ "c": { MODE: { "+": { "s": "input" } }, INPUT: { "+": { "s": "600" } } } })).await;
    until(&home, |_| home.read_back(&battery, &command) == ReadBack::Shows).await;
    // Nobody would acknowledge a call.
    home.send(&charge).await.unwrap();

    // On its way up to 700 the device still shows 600, so 600 has to be sent again.
    let more = approve(&state, "battery", Command::Charge { power_w: 700.0 });
    let (sent, call) = tokio::join!(home.send(&more), peer.obey());
    sent.unwrap();
    assert_eq!(call, r#"number.set_value number.input {"value":700.0}"#);
    let (sent, call) = tokio::join!(home.send(&charge), peer.obey());
    sent.unwrap();
    assert_eq!(call, r#"number.set_value number.input {"value":600.0}"#);
}

#[tokio::test]
async fn releases_to_the_baseline() {
    let fake = Fake::new().await;
    let (home, mut peer, id, _) = in_step(&fake).await;
    let found = home.baseline(&"battery".into()).unwrap();
    let before = &found.settings[0];
    assert_eq!((before.0.as_str(), before.1.as_str()), (MODE, "output"));
    let charging = json!({ "c": { MODE: { "+": { "s": "input" } }, INPUT: { "+": { "s": "600" } } } });
    peer.event(id, charging).await;
    until(&home, |_| home.baseline(&"battery".into()).is_some_and(|now| now != found)).await;
    let release = Guard::new(Limits::default()).release("battery", Baseline::of(found.settings.clone()));
    let (sent, calls) = tokio::join!(home.send(&release), async { [peer.obey().await, peer.obey().await] });
    sent.unwrap();
    assert_eq!(
        calls,
        [r#"number.set_value number.input {"value":0.0}"#, r#"select.select_option select.mode {"option":"output"}"#]
    );
}

#[tokio::test]
async fn passes_home_assistants_refusal_on_in_its_words() {
    let fake = Fake::new().await;
    let (home, mut peer, _, state) = in_step(&fake).await;
    let turn_on = approve(&state, "plug", Command::TurnOn);
    let (sent, ()) = tokio::join!(home.send(&turn_on), async {
        let call = peer.expect("call_service").await;
        let error = json!({ "code": "home_assistant_error", "message": "The plug is on fire" });
        peer.say(json!({ "id": call["id"], "type": "result", "success": false, "error": error })).await;
    });
    assert_eq!(sent.unwrap_err().to_string(), "the home refused it: switch.turn_on: The plug is on fire");
}

#[tokio::test]
async fn an_order_without_acknowledgement_times_out_and_does_not_end_the_link() {
    let fake = Fake::new().await;
    let mut connection = fake.connection();
    connection.timing.acknowledge_within = Duration::from_secs(1);
    let home = HomeAssistant::connect(connection, entities());
    let (mut peer, _) = fake.accept_in_step(states()).await;
    let state = up(&home).await;
    let turn_on = approve(&state, "plug", Command::TurnOn);
    let error = home.send(&turn_on).await.unwrap_err();
    assert!(matches!(error, SendError::TimedOut(within) if within == Duration::from_secs(1)), "{error}");
    let late = peer.expect("call_service").await;
    peer.answer(&late, json!({})).await;
    let (sent, call) = tokio::join!(home.send(&turn_on), peer.obey());
    sent.unwrap();
    assert_eq!(call, "switch.turn_on switch.plug {}");
}

#[tokio::test]
async fn leaves_a_server_that_does_not_answer_pings() {
    let fake = Fake::new().await;
    let mut connection = fake.connection();
    connection.timing.ping_every = Duration::from_millis(10);
    connection.timing.answer_within = Duration::from_secs(2);
    let home = HomeAssistant::connect(connection, entities());
    let (mut first, _) = fake.accept_in_step(states()).await;
    up(&home).await;
    let ping = first.expect("ping").await;
    first.say(json!({ "id": ping["id"], "type": "pong" })).await;
    // From here on there is silence.
    let _second = fake.accept_in_step(states()).await;
    up(&home).await;
}

#[tokio::test]
async fn leaves_a_server_that_never_shows_states() {
    let fake = Fake::new().await;
    let mut connection = fake.connection();
    connection.timing.answer_within = Duration::from_secs(1);
    let home = HomeAssistant::connect(connection, entities());
    let _first = fake.accept_running().await;
    let gave_up = |state: &HomeState| matches!(&state.link, Link::Connecting { reason } if reason.contains("no answer to `subscribe_entities`"));
    until(&home, gave_up).await;
    let _second = fake.accept_in_step(states()).await;
    up(&home).await;
}

#[tokio::test]
async fn returns_the_response_of_an_action() {
    let fake = Fake::new().await;
    let (home, mut peer, _, _) = in_step(&fake).await;
    let data = json!({ "type": "hourly", "entity_id": "weather.home" });
    let asked = home.call_action("weather", "get_forecasts", data.clone());
    let (answer, ()) = tokio::join!(asked, async {
        let call = peer.expect("call_service").await;
        assert_eq!(call["return_response"], json!(true));
        assert_eq!(call["service_data"], data);
        peer.answer(&call, json!({ "context": {}, "response": { "weather.home": { "forecast": [] } } })).await;
    });
    assert_eq!(answer, Ok(json!({ "weather.home": { "forecast": [] } })));
}

#[tokio::test]
async fn returns_the_solar_forecasts_of_the_energy_dashboard() {
    let fake = Fake::new().await;
    let (home, mut peer, _, _) = in_step(&fake).await;
    let forecasts = json!({ "01J0SOLCAST": { "wh_hours": { "2026-06-01T09:00:00+00:00": 800 } } });
    let (answer, ()) = tokio::join!(home.solar_forecast(), async {
        let asked = peer.expect("energy/solar_forecast").await;
        peer.answer(&asked, forecasts.clone()).await;
    });
    assert_eq!(answer, Ok(forecasts));
    let (answer, ()) = tokio::join!(home.solar_forecast(), async {
        let asked = peer.expect("energy/solar_forecast").await;
        let error = json!({ "code": "unknown_command", "message": "Unknown command." });
        peer.say(json!({ "id": asked["id"], "type": "result", "success": false, "error": error })).await;
    });
    assert_eq!(answer, Err(CallError::Refused("Unknown command.".into())));
}

#[tokio::test]
async fn says_where_the_home_is_once_it_is_told() {
    let fake = Fake::new().await;
    let home = HomeAssistant::connect(fake.connection(), entities());
    assert_eq!(home.whereabouts(), None);
    for (latitude, known) in [(json!(52.5), Some(52.5)), (json!(1e3), None), (Value::Null, None)] {
        let mut peer = fake.accept().await;
        peer.let_in().await;
        let asked = peer.expect("get_config").await;
        let mut config = running();
        (config["latitude"], config["longitude"]) = (latitude, json!(13.4));
        peer.answer(&asked, config).await;
        peer.expect("subscribe_entities").await;
        let place = home.whereabouts();
        assert_eq!(place.map(|place| place.latitude), known);
        assert_eq!(place.map(|place| place.longitude), known.map(|_| 13.4));
    }
}

#[tokio::test]
async fn validates_against_all_states_and_services() {
    let fake = Fake::new().await;
    let (home, mut peer, _, _) = in_step(&fake).await;
    let (found, ()) = tokio::join!(home.validate(), async {
        let asked = peer.expect("get_states").await;
        let meter = json!({ "entity_id": "sensor.meters", "state": "1", "attributes": {} });
        peer.answer(&asked, json!([meter])).await;
        let asked = peer.expect("get_services").await;
        peer.answer(&asked, json!({})).await;
    });
    let found: Vec<String> = found.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found[0], "grid.power: `sensor.meter` does not exist; did you mean `sensor.meters`?");
    assert_eq!(found.len(), 8, "{found:?}");
}

#[tokio::test]
async fn ends_its_connection_when_it_is_dropped() {
    let fake = Fake::new().await;
    let (home, mut peer, _, _) = in_step(&fake).await;
    drop(home);
    assert_eq!(peer.next().await, None);
}
