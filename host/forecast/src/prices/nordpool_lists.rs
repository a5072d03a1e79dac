//! The attributes `raw_today` and `raw_tomorrow` of the Nord Pool integration from HACS
//! (custom-components/nordpool): lists of `{start, end, value}`, local times with their offset, slots
//! of 15 or 60 minutes. Tomorrow is empty until about 13:00 CET. The scale is that of `unit` (kWh, MWh,
//! Wh) and `price_in_cents`; a value may be null around a clock change.

use jiff::Timestamp;
use serde_json::Value;

use super::tidy::{Listed, Raw, counted, tidy};
use super::{Parsed, Rules};

/// Reads the attributes of the sensor.
pub fn parse(attributes: &Value, rules: &Rules) -> Parsed {
    let mut listed = Listed::default();
    let scale = match scale(attributes) {
        Ok(scale) => scale,
        Err(unit) => {
            let text = format!("`unit` is `{unit}`, expected `kWh`, `MWh` or `Wh`");
            return Parsed { slots: Vec::new(), problems: vec![rules.problem("unit", text, "")] };
        }
    };
    match attributes.get("raw_today") {
        Some(today) => read_list(today, "value", scale, rules, &mut listed),
        None => listed.problems.push(rules.problem("shape", "the attribute `raw_today` is not there".to_owned(), "")),
    }
    // Not there or null before it is published: no problem.
    if let Some(tomorrow) = attributes.get("raw_tomorrow").filter(|list| !list.is_null()) {
        read_list(tomorrow, "value", scale, rules, &mut listed);
    }
    tidy(listed, rules)
}

/// What to multiply values with to have them per kWh.
fn scale(attributes: &Value) -> Result<f64, String> {
    let per_unit = match attributes.get("unit") {
        None | Some(Value::Null) => 1.0,
        Some(Value::String(unit)) if unit.eq_ignore_ascii_case("kwh") => 1.0,
        Some(Value::String(unit)) if unit.eq_ignore_ascii_case("mwh") => 1.0 / 1000.0,
        Some(Value::String(unit)) if unit.eq_ignore_ascii_case("wh") => 1000.0,
        Some(Value::String(unit)) => return Err(unit.clone()),
        Some(other) => return Err(other.to_string()),
    };
    let in_cents = attributes.get("price_in_cents").and_then(Value::as_bool).unwrap_or(false);
    Ok(if in_cents { per_unit / 100.0 } else { per_unit })
}

/// Reads a list of `{start, end, …}` with the price under `key`, multiplied with `scale`.
pub(super) fn read_list(list: &Value, key: &str, scale: f64, rules: &Rules, listed: &mut Listed) {
    let Some(entries) = list.as_array() else {
        listed.problems.push(rules.problem("shape", "the prices are no list".to_owned(), ""));
        return;
    };
    let mut unreadable = Vec::new();
    let mut not_numbers = Vec::new();
    for entry in entries {
        let time = |key| entry.get(key).and_then(Value::as_str)?.parse::<Timestamp>().ok();
        let (Some(start), Some(end)) = (time("start"), time("end")) else {
            unreadable.push(shown(entry));
            continue;
        };
        let price = match entry.get(key) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let number = number(value);
                if number.is_none() {
                    not_numbers.push(shown(value));
                }
                number.map(|number| number * scale)
            }
        };
        listed.ranges.push(Raw { start, end, price });
    }
    if let Some(first) = unreadable.first() {
        listed.problems.push(rules.problem(
            "shape",
            format!(
                "{} `start` and `end` with time and offset, the first is `{first}`",
                counted(unreadable.len(), "entry does not have", "entries do not have")
            ),
            "",
        ));
    }
    if let Some(first) = not_numbers.first() {
        listed.problems.push(rules.problem(
            "not-a-number",
            format!(
                "{} no finite number, the first is `{first}`",
                counted(not_numbers.len(), "price is", "prices are")
            ),
            "",
        ));
    }
}

/// A number, also one that a template made into text.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A stranger's value in a message: short, on one line.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
