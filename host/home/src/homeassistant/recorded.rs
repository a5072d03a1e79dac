//! What Home Assistant's recorder has of the past, as the home would have shown it then. Pure.
//!
//! The answer of `recorder/statistics_during_period` is `{ENTITY: [{start, end, mean}]}` with times in
//! milliseconds, only for entities whose sensor has a `state_class`. Means are in the unit that the entity shows,
//! unless others are asked for. Statistics of an hour are kept for good, those of five minutes for as long as the
//! recorder keeps states, ten days by default.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::{HomeState, Link};
use serde_json::Value;

use super::config::{EntityId, HomeEntities};
use super::states::{EntityState, States};
use super::view::{self, Known};

/// Over how long a mean is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Kept for some days.
    FiveMinutes,
    /// Kept for good.
    Hour,
}

impl Period {
    /// How long it is.
    pub fn length(self) -> SignedDuration {
        match self {
            Period::FiveMinutes => SignedDuration::from_mins(5),
            Period::Hour => SignedDuration::from_hours(1),
        }
    }

    /// As Home Assistant calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Period::FiveMinutes => "5minute",
            Period::Hour => "hour",
        }
    }
}

/// The home in each period of which the recorder has something, oldest first, each at its period's start. Units
/// are those that `shown` has now; what is not measured by a number, such as whether a plug is on, is unknown.
pub(super) fn states(entities: &HomeEntities, shown: &States, answer: &Value) -> Vec<(Timestamp, HomeState)> {
    let mut periods: BTreeMap<Timestamp, States> = BTreeMap::new();
    for (entity, rows) in answer.as_object().into_iter().flatten() {
        let Some(attributes) = shown.get(entity).map(|state| &state.attributes) else { continue };
        for row in rows.as_array().into_iter().flatten() {
            let start = row.get("start").and_then(Value::as_i64).and_then(|ms| Timestamp::from_millisecond(ms).ok());
            let mean = row.get("mean").and_then(Value::as_f64);
            let (Some(start), Some(mean)) = (start, mean) else { continue };
            let state = EntityState { state: mean.to_string(), attributes: attributes.clone(), seen: Some(start) };
            periods.entry(start).or_default().insert(entity.clone(), state);
        }
    }
    let home = |(start, states)| {
        let known = Known {
            link: Link::Up { since: start },
            timezone: None,
            currency: None,
            country: None,
            place: None,
            states: Some(states),
        };
        (start, view::home_state(entities, &known))
    };
    periods.into_iter().map(home).collect()
}

/// What can have statistics.
pub(super) fn wanted(entities: &HomeEntities) -> Vec<&str> {
    let mut ids: Vec<&str> = entities.measured().into_iter().map(|measured| measured.entity.as_str()).collect();
    ids.retain(|id| EntityId::try_from(*id).is_ok_and(|id| id.domain() == "sensor"));
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use model::Fault;
    use serde_json::json;

    use super::*;
    use crate::homeassistant::{BatteryEntities, EntityRef};

    fn entities() -> HomeEntities {
        let battery: BatteryEntities =
            serde_json::from_value(json!({ "soc": "sensor.soc", "power": "sensor.battery" })).unwrap();
        let sun = json!({ "entity": "sensor.sun", "invert": true });
        HomeEntities {
            grid_power: EntityRef::plain("sensor.meter".try_into().unwrap()),
            solar_power: Some(serde_json::from_value(sun).unwrap()),
            load_power: None,
            temperature: None,
            import_cap: Some(EntityRef::plain("input_number.cap".try_into().unwrap())),
            batteries: vec![("battery".into(), battery)],
            devices: Vec::new(),
            extra: Vec::new(),
        }
    }

    fn shown() -> States {
        let entity = |id: &str, unit: &str| json!({ "entity_id": id, "state": "unavailable", "attributes": { "unit_of_measurement": unit } });
        let (meter, sun) = (entity("sensor.meter", "kW"), entity("sensor.sun", "W"));
        States::of_list(&json!([meter, sun, entity("sensor.soc", "%"), entity("sensor.battery", "W")]))
    }

    #[test]
    fn units_and_signs_are_those_of_the_present_and_gaps_stay_gaps() {
        let hour = |h: i64| json!(1_764_000_000_000_i64 + h * 3_600_000);
        let answer = json!({
            "sensor.meter": [{ "start": hour(0), "mean": 0.4 }, { "start": hour(2), "mean": -1.5 }],
            "sensor.sun": [{ "start": hour(0), "mean": -120.0 }],
            "sensor.soc": [{ "start": hour(0), "mean": null }],
            "sensor.stranger": [{ "start": hour(1), "mean": 1.0 }],
        });
        let past = states(&entities(), &shown(), &answer);
        assert_eq!(past.iter().map(|(at, _)| at.as_millisecond()).collect::<Vec<_>>(), [hour(0), hour(2)]);
        let (first, last) = (&past[0].1, &past[1].1);
        assert_eq!((first.grid_power_w.value, last.grid_power_w.value), (Some(400.0), Some(-1500.0)));
        assert_eq!(first.solar_power_w.as_ref().unwrap().value, Some(120.0));
        assert_eq!(last.solar_power_w.as_ref().unwrap().fault, Some(Fault::Missing));
        assert_eq!(first.batteries[0].soc_pct.value, None);
    }

    #[test]
    fn only_sensors_are_asked_for() {
        assert_eq!(wanted(&entities()), ["sensor.battery", "sensor.meter", "sensor.soc", "sensor.sun"]);
    }

    #[test]
    fn rubbish_is_nothing() {
        for answer in
            [json!([]), json!({ "sensor.meter": 3 }), json!({ "sensor.meter": [{ "start": "x", "mean": 1 }] })]
        {
            assert!(states(&entities(), &shown(), &answer).is_empty(), "{answer}");
        }
    }
}
