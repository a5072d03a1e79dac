//! Weather ahead, from the answer of Home Assistant's action `weather.get_forecasts` with `type: hourly`:
//! `{ENTITY: {forecast: [{datetime, temperature, cloud_coverage, …}]}}`. Most fields are optional, and
//! there is no irradiance. Temperatures are in the unit that the entity's attribute `temperature_unit`
//! names.

pub mod open_meteo;

use jiff::{SignedDuration, Timestamp};
use model::snapshot::{Problem, Slot};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One hour is forecast at a time; an entry holds until the next one, at most this long.
const LONGEST: SignedDuration = SignedDuration::from_hours(3);

/// What is forecast from one moment on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeatherHour {
    /// First instant.
    pub start: Timestamp,
    /// Degree Celsius.
    pub temperature_c: Option<f64>,
    /// 0 to 100.
    pub cloud_cover_pct: Option<f64>,
}

/// Reads the answer for `entity`. Entries without a readable time are left out and named.
pub fn parse(answer: &Value, entity: &str, fahrenheit: bool) -> (Vec<WeatherHour>, Vec<Problem>) {
    let problem = |text: String| Problem {
        code: "shape".into(),
        subject: "ahead.temperature-c".into(),
        text,
        assumed: String::new(),
    };
    let Some(list) = answer.get(entity).and_then(|e| e.get("forecast")).and_then(Value::as_array) else {
        return (Vec::new(), vec![problem(format!("the answer has no `forecast` of `{entity}`"))]);
    };
    let mut hours = Vec::new();
    let mut unreadable = 0;
    for entry in list {
        let Some(start) = entry.get("datetime").and_then(Value::as_str).and_then(|text| text.parse().ok()) else {
            unreadable += 1;
            continue;
        };
        let number = |key: &str, low: f64, high: f64| {
            entry.get(key).and_then(Value::as_f64).filter(|value| (low..=high).contains(value))
        };
        // Beyond the coldest and hottest ever measured on Earth, in either unit.
        let temperature = number("temperature", -130.0, 140.0);
        hours.push(WeatherHour {
            start,
            temperature_c: temperature.map(|t| if fahrenheit { (t - 32.0) / 1.8 } else { t }),
            cloud_cover_pct: number("cloud_coverage", 0.0, 100.0),
        });
    }
    hours.sort_by_key(|hour| hour.start);
    hours.dedup_by_key(|hour| hour.start);
    let problems = match unreadable {
        0 => Vec::new(),
        n => vec![problem(format!("{n} of {} entries of `{entity}` have no readable time", list.len()))],
    };
    (hours, problems)
}

/// Fills temperature and cloud cover into the slots that an entry covers.
pub fn fill(ahead: &mut [Slot], hours: &[WeatherHour]) {
    for slot in ahead {
        if let Some(hour) = at(hours, slot.start) {
            slot.temperature_c = slot.temperature_c.or(hour.temperature_c);
            slot.cloud_cover_pct = slot.cloud_cover_pct.or(hour.cloud_cover_pct);
        }
    }
}

/// The entry that covers a moment. `hours` in order of time.
pub fn at(hours: &[WeatherHour], moment: Timestamp) -> Option<&WeatherHour> {
    let after = hours.partition_point(|hour| hour.start <= moment);
    hours[..after].last().filter(|hour| moment.duration_since(hour.start) < LONGEST)
}

/// The end of what is forecast.
pub fn known_until(hours: &[WeatherHour]) -> Option<Timestamp> {
    // The last entry is as long as the one before it.
    let last = hours.last()?;
    let before = hours.len().checked_sub(2).and_then(|index| hours.get(index));
    let length = before.map_or(LONGEST, |before| last.start.duration_since(before.start).min(LONGEST));
    last.start.checked_add(length).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_hour_covers_its_quarters_whatever_its_offset() {
        let answer = json!({ "weather.home": { "forecast": [
            { "datetime": "2026-11-24T17:00:00+01:00", "temperature": 15.0, "cloud_coverage": 19 },
            { "datetime": "2026-11-24T16:00:00+01:00", "temperature": 14.0 },
            { "datetime": "soon", "temperature": 14.0 },
        ] } });
        let (hours, problems) = parse(&answer, "weather.home", false);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].text.contains("1 of 3"), "{}", problems[0].text);
        let starts = ["2026-11-24T14:45:00Z", "2026-11-24T15:45:00Z", "2026-11-24T16:00:00Z", "2026-11-24T19:00:00Z"];
        let mut ahead = starts.map(|start| Slot::unknown(time(start)));
        fill(&mut ahead, &hours);
        assert_eq!(ahead.each_ref().map(|s| s.temperature_c), [None, Some(14.0), Some(15.0), None]);
        assert_eq!(ahead[2].cloud_cover_pct, Some(19.0));
    }

    #[test]
    fn nonsense_is_unknown() {
        let answer = json!({ "weather.home": { "forecast": [
            { "datetime": "2026-11-24T16:00:00Z", "temperature": 1e9, "cloud_coverage": -1 },
        ] } });
        let (hours, _) = parse(&answer, "weather.home", false);
        assert_eq!((hours[0].temperature_c, hours[0].cloud_cover_pct), (None, None));
        assert_eq!(parse(&json!([]), "weather.home", false).1.len(), 1);
    }

    #[test]
    fn fahrenheit_is_converted() {
        let answer = json!({ "w.h": { "forecast": [{ "datetime": "2026-11-24T16:00:00Z", "temperature": 50.0 }] } });
        assert_eq!(parse(&answer, "w.h", true).0[0].temperature_c, Some(10.0));
    }
}
