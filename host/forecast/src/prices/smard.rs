//! SMARD, the German regulator's data: `…/index_quarterhour.json` lists the starts of weekly files under
//! `timestamps`, each of which has `series` of `[milliseconds, EUR/MWh or null]` from Monday 00:00 local
//! time; null is what is not out yet (smard.api.bund.dev; mampfes/ha_epex_spot, EPEXSpot/SMARD).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::entries::{Clock, Open, instant, json, shown};
use super::tidy::tidy;
use super::{Document, Heading, Rules, Unit};

/// A week and an hour: the longest that a file covers.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

/// The number of a market area's prices in SMARD's addresses.
pub fn filter_of(zone: &str) -> Option<u32> {
    Some(match zone {
        "DE-LU" => 4169,
        "AT" => 4170,
        "BE" => 4996,
        "NO2" => 4997,
        "CH" => 259,
        "CZ" => 261,
        "DK1" => 252,
        "DK2" => 253,
        "FR" => 254,
        "HU" => 262,
        "IT-North" => 255,
        "NL" => 256,
        "PL" => 257,
        "SI" => 260,
        _ => return None,
    })
}

/// Reads the index: the starts of the files that have something of `[from, until)`, in milliseconds as
/// in their addresses, oldest first.
///
/// # Errors
/// What is wrong with the payload.
pub fn weeks(payload: &[u8], from: Timestamp, until: Timestamp) -> Result<Vec<i64>, String> {
    let index = json(payload)?;
    let list = index.get("timestamps").and_then(Value::as_array).ok_or("the index has no list `timestamps`")?;
    let mut starts: Vec<i64> = list.iter().filter_map(Value::as_i64).collect();
    starts.sort_unstable();
    starts.dedup();
    let instant = |milliseconds: &i64| Timestamp::from_millisecond(*milliseconds).ok();
    // A file goes up to the next one, the last for a week.
    let ends = starts.iter().skip(1).map(instant).chain([starts.last().and_then(instant).map(a_week_after)]);
    let near = starts
        .iter()
        .zip(ends)
        .filter(|(start, end)| instant(start).is_some_and(|start| start < until) && end.is_some_and(|end| end > from));
    Ok(near.map(|(start, _)| *start).collect())
}

fn a_week_after(start: Timestamp) -> Timestamp {
    start.checked_add(WEEK).unwrap_or(Timestamp::MAX)
}

/// Reads one weekly file.
pub fn parse(payload: &[u8], zone: &str, rules: &Rules) -> Document {
    let unit = Unit::PER_MWH;
    let heading = Heading {
        origin: "smard".into(),
        zone: Some(zone.into()),
        currency: Some("EUR".into()),
        unit: Some(unit),
        ..Heading::default()
    };
    let answer = match json(payload) {
        Ok(answer) => answer,
        Err(text) => return Document::failed(heading, rules, "shape", text),
    };
    let Some(series) = answer.get("series").and_then(Value::as_array) else {
        return Document::failed(heading, rules, "shape", "the file has no list `series`".to_owned());
    };
    // Nulls at the end are the days that are not out yet. A null before them is a missing price.
    let priced = |entry: &Value| entry.get(1).is_some_and(|price| !price.is_null());
    let known = series.iter().rposition(priced).map_or(0, |last| last + 1);
    let mut open = Open::default();
    for entry in &series[..known] {
        match entry.get(0).and_then(|time| instant(time, Clock::Milliseconds, None)) {
            Some(start) => open.push(start, None, entry.get(1), unit),
            None => open.unreadable(shown(entry)),
        }
    }
    tidy(open.close(rules), heading, rules)
}
