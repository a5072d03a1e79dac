//! Settings of strategies. The only module that names `jsonschema`.
//!
//! A schema is an object with flat properties and a small set of keywords: enough for a form on the
//! page, and nothing that a hostile schema could make slow (patterns, references, nesting).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::text;

/// Properties of a schema, at most: each is a field on the page.
const MAX_PROPERTIES: usize = 100;

/// Of the place of a problem, at most.
const PATH_BYTES: usize = 200;

/// What may stand at the top of a schema.
const TOP_KEYWORDS: [&str; 7] =
    ["$schema", "type", "title", "description", "properties", "required", "additionalProperties"];

/// What may stand in a property.
const PROPERTY_KEYWORDS: [&str; 13] = [
    "type",
    "title",
    "description",
    "default",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "x-unit",
];

/// What is wrong with a setting or a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{path}: {message}")]
pub struct SettingsProblem {
    /// The setting's name, or where in the schema; empty: the whole.
    pub path: String,
    /// One sentence with the value and what is allowed.
    pub message: String,
}

impl SettingsProblem {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        // Names and values in a schema are a stranger's.
        Self { path: text::short_line(path.into(), PATH_BYTES), message: text::line(message.into()) }
    }
}

/// A checked schema.
pub(crate) struct Settings {
    schema: Value,
    validator: jsonschema::Validator,
    defaults: BTreeMap<String, Value>,
}

impl Settings {
    /// Reads a schema and checks that it is of the allowed kind and that its defaults obey it.
    pub(crate) fn parse(text: &str) -> Result<Self, SettingsProblem> {
        let mut schema: Value =
            serde_json::from_str(text).map_err(|error| SettingsProblem::new("", format!("no JSON: {error}")))?;
        schema.sort_all_objects();
        let defaults = defaults(&schema)?;
        let validator = jsonschema::draft202012::new(&schema)
            .map_err(|error| SettingsProblem::new(error.instance_path().to_string(), error.to_string()))?;
        let settings = Self { schema, validator, defaults };
        match settings.complete(&Value::Null) {
            Ok(_) => Ok(settings),
            Err(mut problems) => {
                let first = problems.swap_remove(0);
                Err(SettingsProblem::new(format!("properties.{}.default", first.path), first.message))
            }
        }
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    /// Checks `given` and adds what it leaves out, names in order of the alphabet. Null is as good as
    /// an empty object.
    pub(crate) fn complete(&self, given: &Value) -> Result<Value, Vec<SettingsProblem>> {
        let empty = Map::new();
        let given = match given {
            Value::Object(map) => map,
            Value::Null => &empty,
            other => {
                return Err(vec![SettingsProblem::new("", format!("expected an object of settings, found `{other}`"))]);
            }
        };
        let mut problems: Vec<_> =
            given.keys().filter(|key| !self.defaults.contains_key(*key)).map(|key| self.unknown(key)).collect();
        let mut complete = Map::new();
        for (key, default) in &self.defaults {
            let value = given.get(key).unwrap_or(default);
            complete.insert(key.clone(), self.as_declared(key, value));
        }
        let complete = Value::Object(complete);
        problems.extend(self.validator.iter_errors(&complete).map(|error| {
            let path = error.instance_path().to_string();
            SettingsProblem::new(path.trim_start_matches('/'), error.to_string())
        }));
        if problems.is_empty() { Ok(complete) } else { Err(problems) }
    }

    fn unknown(&self, key: &str) -> SettingsProblem {
        let known: Vec<_> = self.defaults.keys().map(|key| format!("`{key}`")).collect();
        let message = match known.as_slice() {
            [] => "unknown setting; this strategy has none".to_owned(),
            known => format!("unknown setting; this strategy has {}", known.join(", ")),
        };
        SettingsProblem::new(key, message)
    }

    /// `5.0` for an integer is `5`: readers of JSON in many languages insist on it.
    fn as_declared(&self, key: &str, value: &Value) -> Value {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let is_integer = self.schema["properties"][key]["type"] == "integer";
        match value.as_f64() {
            Some(number) if is_integer && value.is_f64() && number.fract() == 0.0 && number.abs() <= EXACT => {
                Value::Number(Number::from(number as i64))
            }
            _ => value.clone(),
        }
    }
}

/// Checks the form of a schema; gives the default of each property.
fn defaults(schema: &Value) -> Result<BTreeMap<String, Value>, SettingsProblem> {
    let Value::Object(top) = schema else {
        return Err(SettingsProblem::new("", format!("expected an object, found `{schema}`")));
    };
    only(top, &TOP_KEYWORDS, "")?;
    if top.get("type").and_then(Value::as_str) != Some("object") {
        return Err(SettingsProblem::new("type", "must be `object`"));
    }
    if let Some(other) = top.get("$schema").filter(|value| !value.is_string()) {
        return Err(SettingsProblem::new("$schema", format!("expected a text, found `{other}`")));
    }
    if let Some(other) = top.get("additionalProperties").filter(|value| !value.is_boolean()) {
        return Err(SettingsProblem::new("additionalProperties", format!("expected true or false, found `{other}`")));
    }
    let empty = Map::new();
    let properties = match top.get("properties") {
        None => &empty,
        Some(Value::Object(properties)) => properties,
        Some(other) => return Err(SettingsProblem::new("properties", format!("expected an object, found `{other}`"))),
    };
    if properties.len() > MAX_PROPERTIES {
        let message = format!("{} properties, at most {MAX_PROPERTIES}", properties.len());
        return Err(SettingsProblem::new("properties", message));
    }
    properties.iter().map(|(name, property)| Ok((name.clone(), default_of(name, property)?))).collect()
}

fn default_of(name: &str, property: &Value) -> Result<Value, SettingsProblem> {
    let path = format!("properties.{name}");
    if !is_setting_name(name) {
        let message = "a setting's name is 1 to 64 letters, digits, `-` and `_`";
        return Err(SettingsProblem::new(path, message));
    }
    let Value::Object(property) = property else {
        return Err(SettingsProblem::new(path, format!("expected an object, found `{property}`")));
    };
    only(property, &PROPERTY_KEYWORDS, &path)?;
    let kind = property.get("type").and_then(Value::as_str).unwrap_or_default();
    if !["number", "integer", "boolean", "string"].contains(&kind) {
        let message = "must be `number`, `integer`, `boolean` or `string`";
        return Err(SettingsProblem::new(format!("{path}.type"), message));
    }
    for needed in ["title", "description"] {
        if !property.get(needed).is_some_and(Value::is_string) {
            return Err(SettingsProblem::new(format!("{path}.{needed}"), "missing; the owner reads it in the form"));
        }
    }
    match property.get("default") {
        Some(default) => Ok(default.clone()),
        None => Err(SettingsProblem::new(format!("{path}.default"), "missing; each setting needs one")),
    }
}

fn is_setting_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn only(map: &Map<String, Value>, allowed: &[&str], path: &str) -> Result<(), SettingsProblem> {
    match map.keys().find(|key| !allowed.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            Err(SettingsProblem::new(path, format!("not supported here; allowed are {}", allowed.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests;
