//! Solcast: `/rooftop_sites/ID/forecasts` has `{forecasts: [{pv_estimate, pv_estimate10, pv_estimate90,
//! period_end, period: "PT30M"}]}`, stamped at the **end**; the attribute `detailedForecast` of the Home
//! Assistant integration has a list `[{period_start, pv_estimate, …}]`, stamped at the **start**. Both in kW.
//!
//! Solcast's own low and high are not read: the model learns from what was measured how far off it is at
//! this home.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::outlook::{Outlook, SolarPeriod, problem};

/// Of the integration, which does not write it down.
const USUAL: SignedDuration = SignedDuration::from_mins(30);

/// Reads an answer of the service, or the list of the integration's attribute.
pub fn parse(answer: &Value) -> Outlook {
    let Some(list) = answer.get("forecasts").unwrap_or(answer).as_array() else {
        return Outlook::unreadable("the answer is neither a list nor has it `forecasts`".to_owned());
    };
    let periods: Vec<SolarPeriod> = list.iter().filter_map(period).collect();
    let mut problems = Vec::new();
    if periods.len() < list.len() {
        problems.push(problem(
            "shape",
            format!("{} of {} entries have no readable time or value", list.len() - periods.len(), list.len()),
            "they are left out",
        ));
    }
    Outlook::tidy(periods, problems)
}

fn period(entry: &Value) -> Option<SolarPeriod> {
    let stamp = |key: &str| entry.get(key).and_then(Value::as_str)?.parse::<Timestamp>().ok();
    let length = match entry.get("period").and_then(Value::as_str) {
        Some(text) => text.parse().ok()?,
        None => USUAL,
    };
    let (start, end) = match (stamp("period_start"), stamp("period_end")) {
        (Some(start), _) => (start, start.checked_add(length).ok()?),
        (None, Some(end)) => (end.checked_sub(length).ok()?, end),
        (None, None) => return None,
    };
    Some(SolarPeriod { start, end, power_w: 1_000.0 * entry.get("pv_estimate")?.as_f64()? })
}
