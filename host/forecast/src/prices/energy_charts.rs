//! `…/price?bzn=DE-LU` of Energy-Charts: columns `unix_seconds[]` and `price[]` of equal length, `unit`
//! such as `EUR / MWh`, no ends; 15 or 60 minutes (api.energy-charts.info; mampfes/ha_epex_spot,
//! EPEXSpot/EnergyCharts). The zone is not in the answer. Prices that are not out yet are not there
//! or null; a null before them is a missing price.

use serde_json::Value;

use super::entries::{Clock, Open, instant, json, shown};
use super::tidy::tidy;
use super::{Document, Heading, Rules, Unit};

/// Reads an answer to a question for `zone`.
pub fn parse(payload: &[u8], zone: &str, rules: &Rules) -> Document {
    let mut heading = Heading { origin: "energy-charts".into(), zone: Some(zone.into()), ..Heading::default() };
    let answer = match json(payload) {
        Ok(answer) => answer,
        Err(text) => return Document::failed(heading, rules, "shape", text),
    };
    let column = |name: &str| answer.get(name).and_then(Value::as_array);
    let (Some(times), Some(prices)) = (column("unix_seconds"), column("price")) else {
        let text = "the answer does not have the columns `unix_seconds` and `price`".to_owned();
        return Document::failed(heading, rules, "shape", text);
    };
    let said = answer.get("unit").and_then(Value::as_str).unwrap_or_default();
    let unit = match Unit::parse(said) {
        Ok((unit, currency)) => {
            heading.currency = currency;
            unit
        }
        Err(error) => return Document::failed(heading, rules, "unit", error.to_string()),
    };
    heading.unit = Some(unit);
    // By position alone nobody can tell which price is missing.
    if times.len() != prices.len() {
        let text = format!("there are {} times and {} prices", times.len(), prices.len());
        return Document::failed(heading, rules, "shape", text);
    }
    let known = prices.iter().rposition(|price| !price.is_null()).map_or(0, |last| last + 1);
    let mut open = Open::default();
    for (time, price) in times.iter().zip(prices).take(known) {
        match instant(time, Clock::Seconds, None) {
            Some(start) => open.push(start, None, Some(price), unit),
            None => open.unreadable(shown(time)),
        }
    }
    tidy(open.close(rules), heading, rules)
}
