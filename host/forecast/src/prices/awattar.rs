//! `/v1/marketdata` of aWATTar: `data[]` of `{start_timestamp, end_timestamp, marketprice, unit}`, times
//! in **milliseconds**, `Eur/MWh` without VAT, 60 minutes (awattar.de/services/api). Germany and Austria
//! have an address each, and nothing in the answer tells them apart. Without `start` and `end` it has the
//! next 24 hours.

use serde_json::Value;

use super::entries::{Clock, Keys, Open, json};
use super::tidy::tidy;
use super::{Document, Heading, Rules, Unit};

/// Reads an answer to a question for `zone`.
pub fn parse(payload: &[u8], zone: &str, rules: &Rules) -> Document {
    let mut heading = Heading { origin: "awattar".into(), zone: Some(zone.into()), ..Heading::default() };
    let answer = match json(payload) {
        Ok(answer) => answer,
        Err(text) => return Document::failed(heading, rules, "shape", text),
    };
    let Some(list) = answer.get("data").and_then(Value::as_array) else {
        return Document::failed(heading, rules, "shape", "the answer has no list `data`".to_owned());
    };
    let mut open = Open::default();
    let mut units: Vec<&str> = list.iter().filter_map(|entry| entry.get("unit")?.as_str()).collect();
    units.sort_unstable();
    units.dedup();
    let unit = match units.as_slice() {
        [] if list.is_empty() => Unit::PER_MWH,
        [one] => match Unit::parse(one) {
            Ok((unit, currency)) => {
                heading.currency = currency;
                unit
            }
            Err(error) => return Document::failed(heading, rules, "unit", error.to_string()),
        },
        several => {
            let text = format!("the entries have no unit or several: {}", several.join(", "));
            return Document::failed(heading, rules, "unit", text);
        }
    };
    heading.unit = Some(unit);
    let clock = Clock::Milliseconds;
    let keys = Keys { start: "start_timestamp", end: Some("end_timestamp"), price: "marketprice", unit, clock };
    open.read(&Value::Array(list.clone()), &keys);
    tidy(open.close(rules), heading, rules)
}
