//! The attributes `raw_today` and `raw_tomorrow` of the Nord Pool integration from HACS
//! (custom-components/nordpool): lists of `{start, end, value}`, local times with their offset, slots
//! of 15 or 60 minutes. Tomorrow is empty until about 13:00 CET. The scale is that of `unit` (kWh, MWh,
//! Wh) and `price_in_cents`; a value may be null around a clock change. Whether VAT and an owner's
//! template are in the values, the payload does not tell.

use serde_json::Value;

use super::entries::{Clock, Keys, Open};
use super::tidy::tidy;
use super::{Basis, Document, Heading, Rules, Unit};

/// Reads the attributes of the sensor.
pub fn parse(attributes: &Value, basis: Basis, rules: &Rules) -> Document {
    let text = |key: &str| attributes.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut heading =
        Heading { origin: "nordpool".into(), zone: text("region"), currency: text("currency"), unit: None, basis };
    let unit = match unit(attributes, "price_in_cents") {
        Ok(unit) => unit,
        Err(found) => {
            let text = format!("`unit` is `{found}`, expected `kWh`, `MWh` or `Wh`");
            return Document::failed(heading, rules, "unit", text);
        }
    };
    heading.unit = Some(unit);
    let keys = Keys { start: "start", end: Some("end"), price: "value", unit, clock: Clock::Instants };
    let mut open = Open::default();
    let mut missing = None;
    match attributes.get("raw_today") {
        Some(today) => open.read(today, &keys),
        None => missing = Some(rules.problem("shape", "the attribute `raw_today` is not there".to_owned(), "")),
    }
    // Not there or null before it is published: no problem.
    if let Some(tomorrow) = attributes.get("raw_tomorrow").filter(|list| !list.is_null()) {
        open.read(tomorrow, &keys);
    }
    let mut listed = open.close(rules);
    listed.problems.extend(missing);
    tidy(listed, heading, rules)
}

/// What the values are counted in: per the energy under `unit`, in hundredths when `cents` is true.
pub(super) fn unit(attributes: &Value, cents: &str) -> Result<Unit, String> {
    let hundredths = attributes.get(cents).and_then(Value::as_bool).unwrap_or(false);
    let energy = match attributes.get("unit") {
        None | Some(Value::Null) => "kWh",
        Some(Value::String(energy)) => energy,
        Some(other) => return Err(other.to_string()),
    };
    Unit::of_parts(hundredths, energy).map_err(|_| energy.to_owned())
}
