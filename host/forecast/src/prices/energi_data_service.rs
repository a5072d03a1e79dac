//! Energi Data Service (Energinet, Denmark).
//!
//! - [`sensor`]: the attributes `raw_today` and `raw_tomorrow` of the integration from HACS
//!   (MTrab/energidataservice): lists of `{hour, price}`, local times with their offset, no ends;
//!   `raw_tomorrow` is null until published. Tariffs are in the prices when they are configured there.
//! - [`records`]: the data set `DayAheadPrices` itself: `records[]` of `{TimeUTC, PriceArea,
//!   DayAheadPriceEUR, DayAheadPriceDKK}` per MWh in quarter-hours, and the older `Elspotprices` with
//!   `{HourUTC, SpotPriceEUR, SpotPriceDKK}` in hours. Times are UTC **without** a `Z`
//!   (energidataservice.dk/guides/api-guides).

use jiff::tz::TimeZone;
use serde_json::Value;

use super::entries::{Clock, Keys, Open, json, shown};
use super::tidy::tidy;
use super::{Basis, Document, Heading, Rules, Unit, nordpool_lists};

const ORIGIN: &str = "energi-data-service";

/// Reads the attributes of the sensor.
pub fn sensor(attributes: &Value, basis: Basis, rules: &Rules) -> Document {
    let text = |key: &str| attributes.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut heading = Heading {
        origin: ORIGIN.into(),
        zone: text("region_code").or_else(|| text("region")),
        currency: text("currency"),
        unit: None,
        basis,
    };
    let unit = match nordpool_lists::unit(attributes, "use_cent") {
        Ok(unit) => unit,
        Err(found) => {
            let text = format!("`unit` is `{found}`, expected `kWh`, `MWh` or `Wh`");
            return Document::failed(heading, rules, "unit", text);
        }
    };
    heading.unit = Some(unit);
    let Some(today) = attributes.get("raw_today") else {
        return Document::failed(heading, rules, "shape", "the attribute `raw_today` is not there".to_owned());
    };
    let keys = Keys { start: "hour", end: None, price: "price", unit, clock: Clock::Instants };
    let mut open = Open::default();
    open.read(today, &keys);
    if let Some(tomorrow) = attributes.get("raw_tomorrow").filter(|list| !list.is_null()) {
        open.read(tomorrow, &keys);
    }
    tidy(open.close(rules), heading, rules)
}

/// Reads an answer for a price area, such as `DK1`, in the home's currency where that is DKK, else in EUR.
pub fn records(payload: &[u8], area: &str, rules: &Rules) -> Document {
    let unit = Unit::PER_MWH;
    let currency = if rules.currency.as_deref() == Some("DKK") { "DKK" } else { "EUR" };
    let heading = Heading {
        origin: ORIGIN.into(),
        zone: Some(area.into()),
        currency: Some(currency.into()),
        unit: Some(unit),
        ..Heading::default()
    };
    let answer = match json(payload) {
        Ok(answer) => answer,
        Err(text) => return Document::failed(heading, rules, "shape", text),
    };
    let Some(records) = answer.get("records").and_then(Value::as_array) else {
        return Document::failed(heading, rules, "shape", "the answer has no list `records`".to_owned());
    };
    let of_area = |record: &Value| record.get("PriceArea").and_then(Value::as_str) == Some(area);
    let mut chosen: Vec<Value> = records.iter().filter(|record| of_area(record)).cloned().collect();
    if let (true, Some(first)) = (chosen.is_empty(), records.first()) {
        let text = format!("no record is of the area `{area}`, the first is {}", shown(first));
        return Document::failed(heading, rules, "zone", text);
    }
    let old = chosen.first().is_some_and(|record| record.get("HourUTC").is_some());
    let (start, price) = match (old, currency) {
        (false, "DKK") => ("TimeUTC", "DayAheadPriceDKK"),
        (false, _) => ("TimeUTC", "DayAheadPriceEUR"),
        (true, "DKK") => ("HourUTC", "SpotPriceDKK"),
        (true, _) => ("HourUTC", "SpotPriceEUR"),
    };
    // The order is that of the question, the newest first unless asked otherwise.
    chosen.sort_by(|a, b| a.get(start).and_then(Value::as_str).cmp(&b.get(start).and_then(Value::as_str)));
    let keys = Keys { start, end: None, price, unit, clock: Clock::Local(&TimeZone::UTC) };
    let mut open = Open::default();
    open.read(&Value::Array(chosen), &keys);
    tidy(open.close(rules), heading, rules)
}
