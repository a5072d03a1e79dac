//! Open-Meteo, `/v1/forecast` with `minutely_15` or `hourly` of `direct_normal_irradiance`,
//! `diffuse_radiation`, `temperature_2m` and `cloud_cover`.
//!
//! An irradiance is the mean of the interval **before** its time; those with `_instant` are not read.
//! Times are seconds since 1970 (`timeformat=unixtime`), or local without an offset, which is then one
//! `utc_offset_seconds` for the whole answer, also over a clock change.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use model::snapshot::Problem;
use serde_json::Value;

use super::WeatherHour;
use crate::solar::panel::Irradiance;

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// In order of time.
    pub sky: Vec<Irradiance>,
    /// In order of time.
    pub weather: Vec<WeatherHour>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// More than the sun gives, and a bit.
const MOST_W_M2: f64 = 1_500.0;

/// Reads an answer; the quarter-hours when it has them, else the hours.
pub fn parse(answer: &Value) -> Forecast {
    let sections = [("minutely_15", 15), ("hourly", 60)];
    let Some((name, minutes, section)) =
        sections.iter().find_map(|(name, minutes)| Some((*name, *minutes, answer.get(name)?)))
    else {
        let reason = answer.get("reason").and_then(Value::as_str).unwrap_or_default();
        let reason: String = reason.chars().take(200).collect();
        let text = format!("the answer has neither `minutely_15` nor `hourly`; it says `{reason}`");
        return Forecast { problems: vec![problem("shape", text)], ..Forecast::default() };
    };
    let mut forecast = Forecast::default();
    let offset = answer.get("utc_offset_seconds").and_then(Value::as_i64).unwrap_or_default();
    let times = section.get("time").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let fahrenheit = unit(answer, name, "temperature_2m") == Some("°F");
    let column = |key: &str| section.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let columns = ["direct_normal_irradiance", "diffuse_radiation", "temperature_2m", "cloud_cover"].map(column);
    for (key, column) in ["direct_normal_irradiance", "diffuse_radiation"].iter().zip(&columns) {
        if column.len() != times.len() {
            let text = format!("`{name}.{key}` has {} values for {} times", column.len(), times.len());
            forecast.problems.push(problem("shape", text));
        }
        if let Some(unit) = unit(answer, name, key)
            && unit != "W/m²"
        {
            let text = format!("`{name}.{key}` is in `{unit}`, expected `W/m²`");
            forecast.problems.push(problem("unit", text));
            return forecast;
        }
    }

    let length = SignedDuration::from_mins(minutes);
    let mut unreadable = 0;
    let mut missing = 0;
    for (index, time) in times.iter().enumerate() {
        let Some(end) = instant(time, offset) else {
            unreadable += 1;
            continue;
        };
        let number = |column: &[Value], low: f64, high: f64| {
            column.get(index).and_then(Value::as_f64).filter(|value| (low..=high).contains(value))
        };
        let [direct, diffuse, temperature, cloud] = columns;
        let temperature_c =
            number(temperature, -130.0, 140.0).map(|value| if fahrenheit { (value - 32.0) / 1.8 } else { value });
        let cloud_cover_pct = number(cloud, 0.0, 100.0);
        if temperature_c.is_some() || cloud_cover_pct.is_some() {
            forecast.weather.push(WeatherHour { start: end, temperature_c, cloud_cover_pct });
        }
        match (number(direct, 0.0, MOST_W_M2), number(diffuse, 0.0, MOST_W_M2), end.checked_sub(length)) {
            (Some(direct_normal_w_m2), Some(diffuse_w_m2), Ok(start)) => {
                forecast.sky.push(Irradiance { start, end, direct_normal_w_m2, diffuse_w_m2, temperature_c });
            }
            _ => missing += 1,
        }
    }
    if unreadable > 0 {
        forecast.problems.push(problem("shape", format!("{unreadable} of {} times are not readable", times.len())));
    }
    if missing > 0 {
        forecast.problems.push(problem("missing", format!("{missing} of {} times have no irradiance", times.len())));
    }
    forecast.sky.sort_by_key(|period| period.start);
    forecast.sky.dedup_by_key(|period| period.start);
    forecast.weather.sort_by_key(|hour| hour.start);
    forecast.weather.dedup_by_key(|hour| hour.start);
    forecast
}

fn unit<'a>(answer: &'a Value, section: &str, key: &str) -> Option<&'a str> {
    answer.get(format!("{section}_units"))?.get(key)?.as_str()
}

fn instant(time: &Value, offset_s: i64) -> Option<Timestamp> {
    if let Some(seconds) = time.as_i64() {
        return Timestamp::from_second(seconds).ok();
    }
    let local: DateTime = time.as_str()?.parse().ok()?;
    Offset::from_seconds(i32::try_from(offset_s).ok()?).ok()?.to_timestamp(local).ok()
}

fn problem(code: &str, text: String) -> Problem {
    Problem { code: code.into(), subject: "ahead.solar-w".into(), text, assumed: String::new() }
}
