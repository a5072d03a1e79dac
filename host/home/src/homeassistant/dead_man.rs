//! What Home Assistant does by itself when this program's machine dies: an automation that is fed by a heartbeat.

use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;
use model::TargetId;

use super::config::{BatteryControl, EntityId, HomeEntities};

/// The YAML of the helper and the automation. When the heartbeat has been silent for `after`, every battery of
/// `commanded` is told to hold, once: whoever takes over then is left alone. Plugs and lights stay as they are, since
/// nobody knows what is behind them.
///
/// A template that is true from the start triggers nothing, so a start of Home Assistant itself counts too, when the
/// heartbeat is still silent some time after it. Until there is a first beat, the helper stands at midnight; beats
/// never stand at a full minute ([`beat_at`]), so that what never ran is not missed.
pub fn automation(entities: &HomeEntities, commanded: &[TargetId], heartbeat: &EntityId, after: Duration) -> String {
    let helper = heartbeat.as_str().split_once('.').map_or("wattwright_heartbeat", |(_, name)| name);
    let seconds = after.as_secs();
    let silent = format!(
        "{{% set beat = state_attr('{heartbeat}', 'timestamp') | float(0) %}} {{{{ beat % 60 != 0 and \
         now().timestamp() - beat > {seconds} }}}}"
    );
    let mut yaml = format!(
        "input_datetime:\n  {helper}:\n    name: Wattwright heartbeat\n    has_date: true\n    has_time: true\n\n\
         automation wattwright_dead_man:\n  - id: wattwright_dead_man\n    alias: \"Wattwright: dead man\"\n    \
         mode: single\n    triggers:\n      - trigger: template\n        value_template: >-\n          {silent}\n      \
         - trigger: homeassistant\n        event: start\n        id: start\n    actions:\n      - if:\n          \
         - condition: trigger\n            id: start\n        then:\n          - delay:\n              \
         seconds: {seconds}\n      - condition: template\n        value_template: >-\n          {silent}\n"
    );
    let batteries = entities.batteries.iter().filter(|(id, _)| commanded.contains(id));
    for number in batteries.filter_map(|(_, battery)| battery.control.as_ref()).flat_map(BatteryControl::numbers) {
        // Writing into a text does not fail.
        let _ = write!(
            yaml,
            "      - action: {}.set_value\n        continue_on_error: true\n        target:\n          \
             entity_id: {}\n        data:\n          value: 0\n",
            number.entity.domain(),
            number.entity
        );
    }
    yaml
}

/// The moment that a beat shows: `at`, or a second later where that is a full minute.
pub fn beat_at(at: Timestamp) -> i64 {
    let second = at.as_second();
    if second % 60 == 0 { second + 1 } else { second }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn battery(control: serde_json::Value) -> super::super::BatteryEntities {
        serde_json::from_value(json!({ "soc": "sensor.soc", "power": "sensor.power", "control": control })).unwrap()
    }

    #[test]
    fn every_battery_that_is_commanded_is_held() {
        let entities = HomeEntities {
            grid_power: serde_json::from_value(json!("sensor.meter")).unwrap(),
            solar_power: None,
            load_power: None,
            temperature: None,
            import_cap: None,
            phase_currents: Vec::new(),
            batteries: vec![
                (
                    "one".into(),
                    battery(json!({
                        "kind": "zendure",
                        "ac_mode": "select.mode",
                        "input_limit": "number.in",
                        "output_limit": "number.out",
                    })),
                ),
                ("two".into(), battery(json!({ "kind": "setpoint", "number": "input_number.two" }))),
                ("advised".into(), battery(json!({ "kind": "setpoint", "number": "input_number.advised" }))),
            ],
            devices: Vec::new(),
            extra: Vec::new(),
        };
        let heartbeat = EntityId::try_from("input_datetime.wattwright_heartbeat").unwrap();
        let commanded = ["one".to_owned(), "two".to_owned()];
        insta::assert_snapshot!(automation(&entities, &commanded, &heartbeat, Duration::from_secs(300)));
    }

    #[test]
    fn no_beat_looks_like_a_helper_that_was_never_set() {
        assert_eq!(beat_at(Timestamp::from_second(600).unwrap()), 601);
        assert_eq!(beat_at(Timestamp::from_second(659).unwrap()), 659);
    }
}
