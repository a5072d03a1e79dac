//! Home Assistant's WebSocket command `energy/solar_forecast`, which has the forecast of any provider that
//! the Energy dashboard uses: `{CONFIG_ENTRY: {wh_hours: {STAMP: Wh}}}`.
//!
//! What a stamp means is the provider's. Most stamp the start of a period; Forecast.Solar's integration
//! passes on what that service says, which stamps the end and has sunrise and sunset among its stamps. So
//! a list with stamps beside the quarter-hours is read as stamped at the end.

use std::collections::BTreeMap;

use serde_json::Value;

use super::outlook::{Outlook, problem};
use super::stamps;

/// Reads an answer: one outlook for each configured provider. Several roofs are several of them, see
/// [`super::outlook::sum_of_slots`].
pub fn parse(answer: &Value) -> BTreeMap<String, Outlook> {
    let Some(entries) = answer.as_object() else { return BTreeMap::new() };
    entries.iter().map(|(entry, content)| (entry.clone(), parse_entry(entry, content))).collect()
}

fn parse_entry(entry: &str, content: &Value) -> Outlook {
    let Some(map) = content.get("wh_hours").and_then(Value::as_object) else {
        return Outlook::unreadable(format!("the solar forecast `{entry}` has no `wh_hours`"));
    };
    let (values, unreadable) = stamps::read(map, None);
    let mut problems = Vec::new();
    if unreadable > 0 {
        problems.push(problem(
            "shape",
            format!(
                "{unreadable} of {} entries of the solar forecast `{entry}` have no readable time or value",
                map.len()
            ),
            "they are left out",
        ));
    }
    let periods = if values.iter().any(|(at, _)| stamps::is_off_grid(*at)) {
        stamps::since_the_one_before(&values)
    } else {
        stamps::from_the_stamp_on(&values)
    };
    Outlook::tidy(periods, problems)
}
