//! The pure parts, on captured payloads of Home Assistant 2025.4.4.

use model::home::{Baseline, Taken};
use model::{Command, Fault, Light, Link};
use serde_json::{Value, json};

use super::command::{Call, baseline, command_calls, compare, release_calls};
use super::config::{BatteryEntities, DeviceEntities, EntityRef, HomeEntities};
use super::protocol::{self, Frame};
use super::reading::{Quantity, read};
use super::states::States;
use super::view::{Known, home_state};
use super::{validate, view};
use crate::{ReadBack, SendError};

fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn states() -> States {
    States::of_list(&payload(include_str!("../../tests/payloads/states.json")))
}

/// The states with one entity changed.
fn states_with(entity: &str, state: &str, attributes: Value) -> States {
    let mut states = states();
    states.apply(&json!({ "c": { entity: { "+": { "s": state, "a": attributes } } } }));
    states
}

fn rig() -> HomeEntities {
    let battery: BatteryEntities = serde_json::from_value(json!({
        "soc": "sensor.solarflow_800_electric_level",
        "charge_power": "sensor.solarflow_800_grid_input_power",
        "discharge_power": "sensor.solarflow_800_output_home_power",
        "control": {
            "kind": "zendure",
            "ac_mode": "select.solarflow_800_ac_mode",
            "input_limit": "number.solarflow_800_input_limit",
            "output_limit": "number.solarflow_800_output_limit",
        },
    }))
    .unwrap();
    let device = |table: Value| -> DeviceEntities { serde_json::from_value(table).unwrap() };
    HomeEntities {
        grid_power: entity("sensor.shelly_pro_3em_total_active_power"),
        solar_power: Some(entity("sensor.solarflow_800_solar_input_power")),
        load_power: None,
        temperature: None,
        import_cap: None,
        phase_currents: Vec::new(),
        batteries: vec![("battery".into(), battery)],
        devices: vec![
            ("plug".into(), device(json!({ "switch": "switch.shelly_plug_2", "power": "sensor.shelly_plug_2_power" }))),
            ("led".into(), device(json!({ "light": "light.status_led" }))),
            ("reserve".into(), device(json!({ "level": "input_number.wattwright_min_soc" }))),
            ("phone".into(), device(json!({ "notify": "notify.mobile_app_phone" }))),
        ],
        extra: vec!["sensor.nordpool_kwh_de_lu_eur_3_10_0".try_into().unwrap()],
    }
}

/// The rig with another way to command its battery.
fn commanded_by(control: Value) -> HomeEntities {
    let mut entities = rig();
    entities.batteries[0].1.control = Some(serde_json::from_value(control).unwrap());
    entities
}

fn entity(id: &str) -> EntityRef {
    EntityRef::plain(id.try_into().unwrap())
}

fn table(table: Value) -> EntityRef {
    serde_json::from_value(table).unwrap()
}

fn lines(calls: &[Call]) -> Vec<String> {
    let line = |call: &Call| {
        let entity = call.entity.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{}.{} {entity} {} -> {}", call.domain, call.service, Value::Object(call.data.clone()), call.wanted)
    };
    calls.iter().map(line).collect()
}

fn calls(states: &States, target: &str, command: &Command) -> Vec<String> {
    lines(&command_calls(&rig(), states, target, command).unwrap())
}

fn known(states: Option<States>) -> Known {
    Known {
        link: Link::Connecting { reason: String::new() },
        timezone: None,
        currency: None,
        country: None,
        place: None,
        states,
    }
}

#[test]
fn reads_the_whole_home_from_captured_states() {
    insta::assert_json_snapshot!(home_state(&rig(), &known(Some(states()))));
}

#[test]
fn what_says_that_a_battery_does_not_listen_is_believed() {
    let mut entities = rig();
    entities.batteries[0].1.taken = serde_json::from_value(json!([
        { "entity": "binary_sensor.hems", "states": ["on"], "by": "the energy plan" },
        { "entity": "sensor.soc_status", "states": ["1", "calibrating"] },
    ]))
    .unwrap();
    assert!(entities.all().iter().any(|entity| entity.as_str() == "sensor.soc_status"));
    let taken = |entity: &str, state: &str| {
        let mut states = states();
        states.apply(&json!({ "a": { entity: { "s": state, "a": {} } } }));
        home_state(&entities, &known(Some(states))).batteries[0].taken.clone()
    };
    assert_eq!(taken("binary_sensor.hems", "on"), Some(Taken::Controlled { by: "the energy plan".into() }));
    assert_eq!(taken("sensor.soc_status", "1"), Some(Taken::Calibrating));
    for (entity, state) in [("binary_sensor.hems", "off"), ("sensor.soc_status", "unavailable"), ("sensor.x", "1")] {
        assert_eq!(taken(entity, state), None);
    }
    assert_eq!(home_state(&entities, &known(None)).batteries[0].taken, None);
}

#[test]
fn shows_nothing_before_the_first_states() {
    let home = home_state(&rig(), &known(None));
    assert_eq!(home.grid_power_w.fault, Some(Fault::NotYet));
    assert_eq!(home.batteries[0].power_w.fault, Some(Fault::NotYet));
    assert_eq!(home.devices[0].fault, Some(Fault::NotYet));
    assert_eq!(home.batteries[0].device_max_discharge_w, None);
}

#[test]
fn follows_captured_events() {
    let mut states = States::default();
    let mut seen = Vec::new();
    for event in payload(include_str!("../../tests/payloads/events.json")).as_array().unwrap() {
        states.apply(event);
        let meter = read(&entity("sensor.shelly_pro_3em_total_active_power"), Quantity::Power, &states);
        let text = read(&table(json!({ "entity": "sensor.meter_text", "unit": "W" })), Quantity::Power, &states);
        let soc = read(&entity("sensor.solarflow_800_electric_level"), Quantity::Percent, &states);
        let led = states.get("light.status_led").unwrap();
        let colour = led.attributes.get("rgb_color");
        seen.push(json!({ "meter": meter, "text": text, "soc": soc, "led": led.state, "colour": colour }));
    }
    insta::assert_json_snapshot!(seen);
}

#[test]
fn takes_events_of_any_shape() {
    let mut expected = states();
    let mut shaken = states();
    for event in [
        json!(null),
        json!([1, 2]),
        json!({ "a": 5, "c": [], "r": {} }),
        json!({ "a": { "sensor.new": null, "sensor.newer": { "s": 5 } } }),
        json!({ "c": { "sensor.house_consumption": { "+": [], "-": { "a": "state_class" } } } }),
        json!({ "c": { "sensor.house_consumption": { "+": { "lc": "now", "lu": 1e300, "a": 7 } } } }),
        json!({ "c": { "sensor.unheard_of": { "+": { "s": "1" } } } }),
        json!({ "r": [1, null, "sensor.unheard_of"] }),
    ] {
        shaken.apply(&event);
        assert_eq!(shaken, expected, "{event}");
    }
    shaken.apply(&json!({ "r": ["sensor.house_consumption"] }));
    assert_eq!(shaken.get("sensor.house_consumption"), None);
    expected.apply(&json!({ "r": ["sensor.house_consumption"] }));
    assert_eq!(shaken, expected);
}

#[test]
fn converts_units_and_refuses_what_nobody_declared() {
    let read = |state: &str, unit: Value, table_of: Value| {
        let states = states_with("sensor.house_consumption", state, json!({ "unit_of_measurement": unit }));
        let mut wanted = json!({ "entity": "sensor.house_consumption" });
        wanted.as_object_mut().unwrap().extend(table_of.as_object().unwrap().clone());
        let reading = read(&table(wanted), Quantity::Power, &states);
        reading.value.ok_or_else(|| reading.fault.unwrap())
    };
    let unit = |found: Option<&str>, expected: &str| {
        Err(Fault::Unit { found: found.map(str::to_owned), expected: expected.to_owned() })
    };
    assert_eq!(read("1.5", json!("kW"), json!({})), Ok(1500.0));
    assert_eq!(read("0.002", json!("MW"), json!({})), Ok(2000.0));
    assert_eq!(read("1.5", json!("kW"), json!({ "invert": true, "scale": 2.0 })), Ok(-3000.0));
    assert_eq!(read("1.5", json!(null), json!({ "unit": "kW" })), Ok(1500.0));
    assert_eq!(read("1.5", json!(null), json!({})), unit(None, "W"));
    assert_eq!(read("1.5", json!("kWh"), json!({})), unit(Some("kWh"), "W"));
    assert_eq!(read("1.5", json!("kW"), json!({ "unit": "W" })), unit(Some("kW"), "W"));
    for nonsense in ["nan", "inf", "full", ""] {
        assert_eq!(read(nonsense, json!("W"), json!({})), Err(Fault::NotANumber { state: nonsense.into() }));
    }
    assert_eq!(read("1e308", json!("kW"), json!({})), Err(Fault::NotANumber { state: "1e308".into() }));
    for silent in ["unavailable", "unknown"] {
        assert_eq!(read(silent, json!("W"), json!({})), Err(Fault::Unavailable { state: silent.into() }));
    }
}

#[test]
fn converts_fahrenheit() {
    let states = states_with("sensor.house_consumption", "50", json!({ "unit_of_measurement": "°F" }));
    let reading = read(&entity("sensor.house_consumption"), Quantity::Temperature, &states);
    assert!((reading.value.unwrap() - 10.0).abs() < 1e-9);
}

#[test]
fn companions_show_that_a_constant_reading_is_alive_but_silent_ones_do_not() {
    let meter = table(json!({ "entity": "sensor.house_consumption", "alive_by": ["sensor.shelly_plug_1_energy"] }));
    let mut states = states();
    let own = read(&meter, Quantity::Power, &states).at.unwrap();
    let later = own.as_second() + 100;
    states.apply(&json!({ "c": { "sensor.shelly_plug_1_energy": { "+": { "s": "unavailable", "lc": later } } } }));
    assert_eq!(read(&meter, Quantity::Power, &states).at, Some(own));
    states.apply(&json!({ "c": { "sensor.shelly_plug_1_energy": { "+": { "s": "0.1", "lc": later } } } }));
    assert_eq!(read(&meter, Quantity::Power, &states).at.unwrap().as_second(), later);
}

#[test]
fn commands_a_zendure_in_a_safe_order() {
    let states = states();
    insta::assert_json_snapshot!(json!({
        "output to input": calls(&states, "battery", &Command::Charge { power_w: 600.7 }),
        "more than it can": calls(&states, "battery", &Command::Charge { power_w: 5000.0 }),
        "same direction": calls(&states, "battery", &Command::Discharge { power_w: 250.0 }),
        "hold": calls(&states, "battery", &Command::Hold),
        "next to nothing": calls(&states, "battery", &Command::Charge { power_w: 0.4 }),
        "input to output": calls(
            &states_with("select.solarflow_800_ac_mode", "input", json!({})),
            "battery",
            &Command::Discharge { power_w: 250.0 },
        ),
    }));
}

#[test]
fn commands_other_batteries() {
    let states = states();
    let setpoint = |charge_positive: bool, command: Command| {
        let number = "number.solarflow_800_input_limit";
        let mut ranged = self::states_with(number, "0", json!({ "min": -2.4, "max": 2.4, "step": 0.1 }));
        ranged.apply(&json!({ "c": { number: { "+": { "a": { "unit_of_measurement": "kW" } } } } }));
        let entities =
            commanded_by(json!({ "kind": "setpoint", "number": number, "charge_positive": charge_positive }));
        lines(&command_calls(&entities, &ranged, "battery", &command).unwrap())
    };
    let limits = |command: Command| {
        let entities = commanded_by(json!({
            "kind": "limits",
            "charge": "number.solarflow_800_input_limit",
            "discharge": "number.solarflow_800_output_limit",
        }));
        lines(&command_calls(&entities, &states, "battery", &command).unwrap())
    };
    insta::assert_json_snapshot!(json!({
        "setpoint, discharge": setpoint(false, Command::Discharge { power_w: 780.0 }),
        "setpoint, charge": setpoint(false, Command::Charge { power_w: 780.0 }),
        "setpoint, charge positive": setpoint(true, Command::Charge { power_w: 780.0 }),
        "setpoint, hold": setpoint(true, Command::Hold),
        "limits, charge": limits(Command::Charge { power_w: 300.0 }),
        "limits, discharge": limits(Command::Discharge { power_w: 300.0 }),
        "limits, hold": limits(Command::Hold),
    }));
}

#[test]
fn commands_devices() {
    let states = states();
    let light = |on, brightness_pct| Command::SetLight(Light { on, red: 255, green: 80, blue: 0, brightness_pct });
    insta::assert_json_snapshot!(json!({
        "on": calls(&states, "plug", &Command::TurnOn),
        "off": calls(&states, "plug", &Command::TurnOff),
        "level between two steps": calls(&states, "reserve", &Command::SetLevel { value: 12.4 }),
        "level beyond": calls(&states, "reserve", &Command::SetLevel { value: 99.0 }),
        "light": calls(&states, "led", &light(true, 50.0)),
        "light as dark as it gets": calls(&states, "led", &light(true, 0.0)),
        "light off": calls(&states, "led", &light(false, 50.0)),
        "white light": calls(
            &states_with("light.status_led", "off", json!({ "supported_color_modes": ["brightness"] })),
            "led",
            &light(true, 50.0),
        ),
        "notify": calls(&states, "phone", &Command::Notify { text: "Battery is full".into() }),
    }));
}

#[test]
fn refuses_what_is_not_mapped_or_does_not_answer() {
    let refusal =
        |states: &States, target: &str, command: Command| command_calls(&rig(), states, target, &command).unwrap_err();
    let states = states();
    let unbounded = Command::Balance(model::BalanceLimits::default());
    for (target, command) in [
        ("battery", unbounded),
        ("battery", Command::TurnOn),
        ("plug", Command::Hold),
        ("led", Command::TurnOn),
        ("nobody", Command::Hold),
    ] {
        let refused = refusal(&states, target, command);
        assert!(matches!(refused, SendError::NotMapped { .. }), "{refused}");
    }
    let infinite = refusal(&states, "battery", Command::Charge { power_w: f64::INFINITY });
    assert!(matches!(infinite, SendError::Unable(_)), "{infinite}");

    let silent = states_with("number.solarflow_800_output_limit", "unavailable", json!({}));
    let refused = refusal(&silent, "battery", Command::Hold);
    assert_eq!(refused.to_string(), "`number.solarflow_800_output_limit` is unavailable");

    let unitless = states_with("number.solarflow_800_output_limit", "0", json!({ "unit_of_measurement": null }));
    let refused = refusal(&unitless, "battery", Command::Hold);
    assert!(refused.to_string().ends_with("shows no unit; declare it by `unit`"), "{refused}");

    let never_zero = states_with("number.solarflow_800_output_limit", "30", json!({ "min": 30 }));
    let refused = refusal(&never_zero, "battery", Command::Discharge { power_w: 20.0 });
    assert!(refused.to_string().contains("range ends at 30"), "{refused}");
}

#[test]
fn restores_the_baseline_and_touches_nothing_else() {
    let entities = rig();
    let found = baseline(&entities, &states(), "battery").unwrap();
    assert_eq!(
        found.settings,
        [
            ("select.solarflow_800_ac_mode".to_owned(), "output".to_owned()),
            ("number.solarflow_800_input_limit".to_owned(), "0".to_owned()),
            ("number.solarflow_800_output_limit".to_owned(), "0".to_owned()),
        ]
    );
    let silent = states_with("number.solarflow_800_output_limit", "unknown", json!({}));
    assert_eq!(baseline(&entities, &silent, "battery"), None);
    assert_eq!(baseline(&entities, &states(), "nobody"), None);
    assert_eq!(baseline(&entities, &states(), "phone"), Some(Baseline::default()));

    let charging = states_with("select.solarflow_800_ac_mode", "input", json!({}));
    let mut settings = found.settings.clone();
    settings.push(("switch.front_door".to_owned(), "on".to_owned()));
    let changed = release_calls(&entities, &charging, "battery", &Baseline::of(settings)).unwrap();
    let plug = Baseline::of(vec![("switch.shelly_plug_2".to_owned(), "on".to_owned())]);
    insta::assert_json_snapshot!(json!({
        "from input mode": lines(&changed),
        "from output mode": lines(&release_calls(&entities, &states(), "battery", &found).unwrap()),
        "plug": lines(&release_calls(&entities, &states(), "plug", &plug).unwrap()),
    }));
}

#[test]
fn reads_back_what_took() {
    let entities = rig();
    let command = Command::Charge { power_w: 600.0 };
    let calls = command_calls(&entities, &states(), "battery", &command).unwrap();
    assert_eq!(
        compare(&calls, &states()),
        ReadBack::Differs("`select.solarflow_800_ac_mode` shows `output` instead of `input`".into())
    );
    let mut taken = states_with("select.solarflow_800_ac_mode", "input", json!({}));
    taken.apply(&json!({ "c": { "number.solarflow_800_input_limit": { "+": { "s": "600" } } } }));
    assert_eq!(compare(&calls, &taken), ReadBack::Shows);
    taken.apply(&json!({ "c": { "number.solarflow_800_input_limit": { "+": { "s": "unavailable" } } } }));
    assert_eq!(compare(&calls, &taken), ReadBack::Unknown);

    let notify = command_calls(&entities, &states(), "phone", &Command::Notify { text: "hi".into() }).unwrap();
    assert_eq!(compare(&notify, &states()), ReadBack::Unknown);

    let amber = Command::SetLight(Light { on: true, red: 255, green: 80, blue: 0, brightness_pct: 50.0 });
    let amber = command_calls(&entities, &states(), "led", &amber).unwrap();
    let shining = |brightness: u8, colour: Value| {
        states_with("light.status_led", "on", json!({ "brightness": brightness, "rgb_color": colour }))
    };
    assert_eq!(compare(&amber, &shining(129, json!([255, 78, 0]))), ReadBack::Shows);
    assert!(matches!(compare(&amber, &shining(200, json!([255, 80, 0]))), ReadBack::Differs(_)));
    assert!(matches!(compare(&amber, &shining(128, json!([255, 255, 0]))), ReadBack::Differs(_)));
    assert!(matches!(compare(&amber, &shining(128, json!(null))), ReadBack::Differs(_)));
}

#[test]
fn understands_captured_answers() {
    let frames = |text: &str| {
        let several = payload(text);
        several
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|one| protocol::frames(&one.to_string()).unwrap())
            .collect::<Vec<_>>()
    };
    insta::assert_debug_snapshot!("auth", frames(include_str!("../../tests/payloads/auth.json")));
    insta::assert_debug_snapshot!("answers", frames(include_str!("../../tests/payloads/answers.json")));
    let coalesced = protocol::frames(include_str!("../../tests/payloads/coalesced.json")).unwrap();
    assert!(matches!(coalesced.as_slice(), [Frame::Answer { id: 2, answer: Ok(_) }, Frame::Event { id: 2, .. }]));
}

#[test]
fn survives_frames_of_any_shape() {
    for text in ["", "{", "\u{0}", "{\"type\":\"event\"", "nonsense"] {
        assert!(protocol::frames(text).is_err(), "{text}");
    }
    for text in [
        "null",
        "42",
        "[]",
        "[null, [[]], {}, \"event\"]",
        r#"{"type": 5}"#,
        r#"{"type": "event", "id": -1}"#,
        r#"{"type": "result", "id": "1", "success": true}"#,
        r#"{"type": "from the future", "id": 3}"#,
    ] {
        assert_eq!(protocol::frames(text).unwrap(), [], "{text}");
    }
    let odd = protocol::frames(r#"{"type": "result", "id": 1, "success": "yes", "error": 5}"#).unwrap();
    assert_eq!(odd, [Frame::Answer { id: 1, answer: Err("an error without a message".into()) }]);
}

#[test]
fn finds_nothing_wrong_with_the_rig_and_names_what_is() {
    let services = json!({ "notify": { "mobile_app_phone": {}, "persistent_notification": {} } });
    assert_eq!(validate::findings(&rig(), &states(), &services), []);

    let mut wrong = rig();
    wrong.grid_power = entity("sensor.shelly_pro_3em_total_activ_power");
    wrong.solar_power = Some(entity("sensor.meter_text"));
    wrong.load_power = Some(table(json!({ "entity": "sensor.house_consumption", "unit": "kW" })));
    wrong.temperature = Some(entity("sensor.solarflow_800_electric_level"));
    wrong.batteries[0].1.soc.alive_by = vec!["sensor.entirely_different_thing".try_into().unwrap()];
    wrong.batteries[0].1.control = Some(
        serde_json::from_value(json!({
            "kind": "zendure",
            "ac_mode": "select.solarflow_800_ac_mode",
            "input_option": "charge",
            "input_limit": "sensor.solarflow_800_grid_input_power",
            "output_limit": "number.solarflow_800_min_soc",
        }))
        .unwrap(),
    );
    wrong.devices[0].1.switch = Some("light.status_led".try_into().unwrap());
    wrong.devices[1].1.light = Some("switch.shelly_plug_1".try_into().unwrap());
    wrong.devices[3].1.notify = Some("notify.mobile_app_fone".try_into().unwrap());
    let silent = states_with("sensor.shelly_plug_2_power", "unavailable", json!({}));
    let found: Vec<String> = validate::findings(&wrong, &silent, &services).iter().map(ToString::to_string).collect();
    insta::assert_json_snapshot!(found);
}

#[test]
fn the_example_home_fits_the_rig() {
    let text = include_str!("../../../../examples/homes/zendure-shelly.toml");
    let mut home: toml::Table = text.parse().unwrap();
    let mut take = |path: &[&str]| {
        let (last, tables) = path.split_last().unwrap();
        let table = tables.iter().fold(&mut home, |table, key| table[*key].as_table_mut().unwrap());
        table.remove(*last).unwrap()
    };
    let grid_power: EntityRef = take(&["grid", "power"]).try_into().unwrap();
    let solar_power: EntityRef = take(&["solar", "power"]).try_into().unwrap();
    let price = take(&["prices", "source"])[0]["entity"].as_str().unwrap().try_into().unwrap();
    let parts = |tables: toml::Value| -> Vec<(String, toml::Value)> {
        let parts = tables.as_array().unwrap().iter();
        parts.map(|part| (part["id"].as_str().unwrap().to_owned(), part["entities"].clone())).collect()
    };
    let batteries = parts(take(&["battery"])).into_iter();
    let devices = parts(take(&["device"])).into_iter();
    let entities = HomeEntities {
        grid_power,
        solar_power: Some(solar_power),
        load_power: None,
        temperature: None,
        import_cap: None,
        phase_currents: Vec::new(),
        batteries: batteries.map(|(id, entities)| (id, entities.try_into().unwrap())).collect(),
        devices: devices.map(|(id, entities)| (id, entities.try_into().unwrap())).collect(),
        extra: vec![price],
    };
    assert_eq!((entities.batteries.len(), entities.devices.len()), (1, 4));
    assert_eq!(validate::findings(&entities, &states(), &json!({})), []);
}

#[test]
fn mapping_errors_name_the_key_and_the_way_out() {
    let battery = |table: Value| serde_json::from_value::<BatteryEntities>(table).unwrap_err().to_string();
    let entity = |table: Value| serde_json::from_value::<EntityRef>(table).unwrap_err().to_string();
    insta::assert_json_snapshot!([
        entity(json!("Sensor.Power")),
        entity(json!("power")),
        entity(json!(5)),
        entity(json!({ "unit": "W" })),
        entity(json!({ "entity": "sensor.power", "units": "W" })),
        entity(json!({ "entity": "sensor.power", "scale": 0 })),
        battery(json!({ "soc": "sensor.soc" })),
        battery(json!({ "soc": "sensor.soc", "power": "sensor.power", "charge_power": "sensor.power" })),
        battery(json!({ "soc": "sensor.soc", "power": "sensor.power", "control": { "kind": "tesla" } })),
        battery(json!({
            "soc": "sensor.soc",
            "power": "sensor.power",
            "control": { "kind": "setpoint", "number": "number.power", "invert": true },
        })),
    ]);
}

#[test]
fn mapping_survives_being_written_and_read() {
    let (_, battery) = &rig().batteries[0];
    let written = serde_json::to_value(battery).unwrap();
    assert_eq!(written["soc"], json!("sensor.solarflow_800_electric_level"));
    assert_eq!(serde_json::from_value::<BatteryEntities>(written).unwrap(), *battery);
    let table = json!({ "entity": "sensor.power", "unit": "kW", "invert": true, "alive_by": ["sensor.energy"] });
    let parsed = serde_json::from_value::<EntityRef>(table.clone()).unwrap();
    assert_eq!(serde_json::to_value(parsed).unwrap(), table);
}

#[test]
fn device_limits_are_those_of_the_number_in_watt() {
    let states =
        states_with("number.solarflow_800_output_limit", "0", json!({ "max": 0.6, "unit_of_measurement": "kW" }));
    let home = view::home_state(&rig(), &known(Some(states)));
    assert_eq!(home.batteries[0].device_max_charge_w, Some(1000.0));
    assert_eq!(home.batteries[0].device_max_discharge_w, Some(600.0));
}
