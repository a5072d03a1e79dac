//! Forecast.Solar, `/estimate/LATITUDE/LONGITUDE/TILT/AZIMUTH/KWP`:
//! `{result: {watt_hours_period: {STAMP: Wh}, …}, message: {info: {timezone}, ratelimit: {…}}}`.
//!
//! The energy of a stamp is what came since the stamp before it, so a stamp is the **end** of its period;
//! the first of a day is sunrise and the last sunset, to the second. Without `time=utc` or `time=iso8601`
//! the stamps have no offset and are local; the zone is named in the answer.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::outlook::{Outlook, problem};
use super::stamps;

/// What the answer says of further requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Requests in a period.
    pub limit: u64,
    /// Left of them.
    pub remaining: u64,
    /// Length of the period.
    pub period: SignedDuration,
}

/// Reads an answer.
pub fn parse(answer: &Value) -> Outlook {
    let Some(map) = answer.pointer("/result/watt_hours_period").and_then(Value::as_object) else {
        let said = answer.pointer("/message/text").and_then(Value::as_str).unwrap_or_default();
        let said: String = said.chars().take(200).collect();
        return Outlook::unreadable(format!("the answer has no `result.watt_hours_period`; it says `{said}`"));
    };
    let name = answer.pointer("/message/info/timezone").and_then(Value::as_str);
    let zone = name.and_then(|name| TimeZone::get(name).ok());
    let (values, unreadable) = stamps::read(map, zone.as_ref());
    let mut problems = Vec::new();
    if unreadable > 0 {
        problems.push(problem(
            "shape",
            format!("{unreadable} of {} entries have no readable time or value", map.len()),
            "they are left out",
        ));
    }
    Outlook::tidy(stamps::since_the_one_before(&values), problems)
}

/// Reads the rate limit out of an answer.
pub fn rate_limit(answer: &Value) -> Option<RateLimit> {
    let number = |key: &str| answer.pointer("/message/ratelimit")?.get(key)?.as_u64();
    Some(RateLimit {
        limit: number("limit")?,
        remaining: number("remaining")?,
        period: SignedDuration::from_secs(i64::try_from(number("period")?).ok()?),
    })
}
