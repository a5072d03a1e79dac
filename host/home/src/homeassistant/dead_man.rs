//! What Home Assistant does by itself when this program's machine dies: an automation that is fed by a heartbeat.

use std::fmt::Write;
use std::time::Duration;

use super::config::{BatteryControl, EntityId, HomeEntities};

/// The YAML of the helper and the automation. When the heartbeat has been silent for `after`, every battery that
/// can be commanded is told to hold, once: whoever takes over then is left alone. Plugs and lights stay as they
/// are, since nobody knows what is behind them.
pub fn automation(entities: &HomeEntities, heartbeat: &EntityId, after: Duration) -> String {
    let helper = heartbeat.as_str().split_once('.').map_or("wattwright_heartbeat", |(_, name)| name);
    let seconds = after.as_secs();
    let mut yaml = format!(
        "input_datetime:\n  {helper}:\n    name: Wattwright heartbeat\n    has_date: true\n    has_time: true\n\n\
         automation wattwright_dead_man:\n  - id: wattwright_dead_man\n    alias: \"Wattwright: dead man\"\n    \
         mode: single\n    triggers:\n      - trigger: template\n        value_template: >-\n          \
         {{{{ now().timestamp() - state_attr('{heartbeat}', 'timestamp') | float(0) > {seconds} }}}}\n    actions:\n"
    );
    for number in
        entities.batteries.iter().filter_map(|(_, battery)| battery.control.as_ref()).flat_map(BatteryControl::numbers)
    {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn battery(control: serde_json::Value) -> super::super::BatteryEntities {
        serde_json::from_value(json!({ "soc": "sensor.soc", "power": "sensor.power", "control": control })).unwrap()
    }

    #[test]
    fn every_battery_that_can_be_commanded_is_held() {
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
            ],
            devices: Vec::new(),
            extra: Vec::new(),
        };
        let heartbeat = EntityId::try_from("input_datetime.wattwright_heartbeat").unwrap();
        insta::assert_snapshot!(automation(&entities, &heartbeat, Duration::from_secs(300)));
    }
}
