//! The latest state of each subscribed entity, kept up to date by the compressed events of
//! `subscribe_entities`.
//!
//! The form (captured samples in `tests/payloads/`): `a` entities added, `c` changed with `+` and `-`,
//! `r` removed; in an entity `s` state, `a` attributes, `lc` last changed and `lu` last updated in
//! seconds, where `lu` is missing when it equals `lc`. Anything of another shape is left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What an entity shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntityState {
    /// Its state; always a text in Home Assistant.
    pub state: String,
    /// Its attributes.
    pub attributes: Map<String, Value>,
    /// When its state or attributes last changed.
    pub seen: Option<Timestamp>,
}

impl EntityState {
    /// Whether its device does not answer, or has not reported yet.
    pub fn is_silent(&self) -> bool {
        matches!(self.state.as_str(), "unavailable" | "unknown")
    }

    /// An attribute that is a finite number.
    pub fn number(&self, attribute: &str) -> Option<f64> {
        self.attributes.get(attribute)?.as_f64().filter(|value| value.is_finite())
    }

    /// An attribute that is a text.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute)?.as_str()
    }

    /// An attribute that is a list of texts.
    pub fn texts(&self, attribute: &str) -> Vec<&str> {
        let list = self.attributes.get(attribute).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// All subscribed entities that exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct States(BTreeMap<String, EntityState>);

impl States {
    /// What the entity shows; `None`: there is no such entity.
    pub fn get(&self, entity: &str) -> Option<&EntityState> {
        self.0.get(entity)
    }

    /// Takes in an entity.
    pub fn insert(&mut self, entity: String, state: EntityState) {
        self.0.insert(entity, state);
    }

    /// Ids of all entities.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes in the `event` of `subscribe_entities`.
    pub fn apply(&mut self, event: &Value) {
        for (entity, added) in object(event, "a") {
            let Some(state) = added.get("s").and_then(Value::as_str) else { continue };
            let attributes = added.get("a").and_then(Value::as_object).cloned().unwrap_or_default();
            self.insert(entity.clone(), EntityState { state: state.to_owned(), attributes, seen: seen(added) });
        }
        for (entity, change) in object(event, "c") {
            let Some(known) = self.0.get_mut(entity) else { continue };
            if let Some(plus) = change.get("+") {
                if let Some(state) = plus.get("s").and_then(Value::as_str) {
                    state.clone_into(&mut known.state);
                }
                known.attributes.extend(object(plus, "a").map(|(name, value)| (name.clone(), value.clone())));
                known.seen = known.seen.max(seen(plus));
            }
            let removed = change.get("-").and_then(|minus| minus.get("a")).and_then(Value::as_array);
            for name in removed.into_iter().flatten().filter_map(Value::as_str) {
                known.attributes.remove(name);
            }
        }
        for entity in event.get("r").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            self.0.remove(entity);
        }
    }

    /// Takes in the answer to `get_states`.
    pub fn of_list(list: &Value) -> Self {
        let mut states = Self::default();
        for entity in list.as_array().into_iter().flatten() {
            let text = |key| entity.get(key).and_then(Value::as_str);
            let (Some(id), Some(state)) = (text("entity_id"), text("state")) else { continue };
            let attributes = entity.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default();
            let seen = text("last_updated").and_then(|at| at.parse().ok());
            states.insert(id.to_owned(), EntityState { state: state.to_owned(), attributes, seen });
        }
        states
    }
}

fn object<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn seen(compressed: &Value) -> Option<Timestamp> {
    let at = |key| {
        let seconds = compressed.get(key)?.as_f64()?;
        // Saturates, so that nonsense becomes a time outside the range that jiff takes.
        Timestamp::from_microsecond((seconds * 1e6) as i64).ok()
    };
    at("lc").max(at("lu"))
}
