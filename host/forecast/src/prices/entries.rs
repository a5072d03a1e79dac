//! Reads lists of `{start, end, price}` under whatever names, with or without ends, with instants or
//! with local times.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::tidy::{Listed, Raw, counted};
use super::{Rules, Unit};

/// Where an entry of a list has what.
#[derive(Clone, Debug)]
pub(super) struct Keys<'a> {
    /// Under what name the start is.
    pub start: &'a str,
    /// Under what name the end is; `None`: an entry holds until the usual step after its start.
    pub end: Option<&'a str>,
    /// Under what name the price is.
    pub price: &'a str,
    /// What prices are counted in.
    pub unit: Unit,
    /// How times are written.
    pub clock: Clock<'a>,
}

/// How times are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock<'a> {
    /// Text with an offset or `Z`.
    Instants,
    /// Text; without an offset, it is local time here.
    Local(&'a TimeZone),
    /// Numbers: seconds since 1970.
    Seconds,
    /// Numbers: milliseconds since 1970.
    Milliseconds,
}

/// Ranges as they were listed, some with an end yet to be found.
#[derive(Debug, Default)]
pub(super) struct Open {
    ranges: Vec<(Timestamp, Option<Timestamp>, Option<f64>)>,
    unreadable: Vec<String>,
    not_numbers: Vec<String>,
    no_list: bool,
    last: Option<Timestamp>,
}

impl Open {
    /// Reads a list.
    pub(super) fn read(&mut self, list: &Value, keys: &Keys<'_>) {
        match list.as_array() {
            Some(entries) => entries.iter().for_each(|entry| self.read_entry(entry, keys)),
            None => self.no_list = true,
        }
    }

    fn read_entry(&mut self, entry: &Value, keys: &Keys<'_>) {
        let start = entry.get(keys.start).and_then(|value| instant(value, keys.clock, self.last));
        let end = match keys.end {
            None => Some(None),
            Some(key) => entry.get(key).and_then(|value| instant(value, keys.clock, start)).map(Some),
        };
        match (start, end) {
            (Some(start), Some(end)) => self.push(start, end, entry.get(keys.price), keys.unit),
            _ => self.unreadable.push(shown(entry)),
        }
    }

    /// Enters a range whose times are known.
    pub(super) fn push(&mut self, start: Timestamp, end: Option<Timestamp>, price: Option<&Value>, unit: Unit) {
        self.last = Some(start);
        let price = match price {
            None | Some(Value::Null) => None,
            Some(value) => {
                let number = number(value);
                if number.is_none() {
                    self.not_numbers.push(shown(value));
                }
                number.map(|amount| unit.per_kwh(amount))
            }
        };
        self.ranges.push((start, end, price));
    }

    /// Notes an entry that cannot be read.
    pub(super) fn unreadable(&mut self, entry: String) {
        self.unreadable.push(entry);
    }

    /// Gives every range an end, and names what could not be read.
    pub(super) fn close(self, rules: &Rules) -> Listed {
        let step = usual_step(self.ranges.iter().filter(|(_, end, _)| end.is_none()).map(|(start, ..)| *start));
        let mut listed = Listed::default();
        if self.no_list {
            listed.problems.push(rules.problem("shape", "the prices are no list".to_owned(), ""));
        }
        for (start, end, price) in self.ranges {
            let end = end.unwrap_or_else(|| start.checked_add(step).unwrap_or(Timestamp::MAX));
            listed.ranges.push(Raw { start, end, price });
        }
        if let Some(first) = self.unreadable.first() {
            listed.problems.push(rules.problem(
                "shape",
                format!(
                    "{} times that can be read, the first is `{first}`",
                    counted(self.unreadable.len(), "entry does not have", "entries do not have")
                ),
                "",
            ));
        }
        if let Some(first) = self.not_numbers.first() {
            listed.problems.push(rules.problem(
                "not-a-number",
                format!(
                    "{} no finite number, the first is `{first}`",
                    counted(self.not_numbers.len(), "price is", "prices are")
                ),
                "",
            ));
        }
        listed
    }
}

/// The most common step from one start to the next, so that a missing entry stays a gap; of two equally
/// common ones the shorter. A quarter of an hour where nothing tells.
fn usual_step(starts: impl Iterator<Item = Timestamp>) -> SignedDuration {
    let mut starts: Vec<Timestamp> = starts.collect();
    starts.sort_unstable();
    starts.dedup();
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for pair in starts.windows(2) {
        *counts.entry(pair[1].as_second() - pair[0].as_second()).or_default() += 1;
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| **count).map(|(step, _)| *step);
    SignedDuration::from_secs(most.unwrap_or(model::slot::SLOT_S))
}

/// An instant. `before` is the one listed before: when a local time occurs twice, at the end of summer
/// time, the second time is meant once the first has been listed.
pub(super) fn instant(value: &Value, clock: Clock<'_>, before: Option<Timestamp>) -> Option<Timestamp> {
    match clock {
        Clock::Seconds => Timestamp::from_second(whole(value)?).ok(),
        Clock::Milliseconds => Timestamp::from_millisecond(whole(value)?).ok(),
        Clock::Instants => value.as_str()?.trim().parse().ok(),
        Clock::Local(zone) => {
            let text = value.as_str()?.trim();
            text.parse().ok().or_else(|| local(text.parse().ok()?, zone, before))
        }
    }
}

fn local(time: DateTime, zone: &TimeZone, before: Option<Timestamp>) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        // Left out at the start of summer time: no such time.
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Fold { before: first, after: second } => {
            let first = first.to_timestamp(time).ok()?;
            if before.is_some_and(|before| before >= first) { second.to_timestamp(time).ok() } else { Some(first) }
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        _ => value.as_i64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 1e15).map(|n| n as i64)),
    }
}

/// A number, also one that a template made into text.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A stranger's value in a message: short, on one line.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// A payload that should be JSON.
pub(super) fn json(payload: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(payload).map_err(|error| {
        let what = if error.is_eof() { "the answer ends in the middle" } else { "the answer is no JSON" };
        format!("{what} ({} bytes, {error})", payload.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_that_occurs_twice_is_the_second_one_the_second_time() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let mut before = None;
        let mut read = |text: &str| {
            before = instant(&Value::from(text), Clock::Local(&berlin), before);
            before.map(|t| t.to_string())
        };
        assert_eq!(read("2026-10-25T02:00").as_deref(), Some("2026-10-25T00:00:00Z"));
        assert_eq!(read("2026-10-25 02:30:00").as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(read("2026-10-25T02:00:00").as_deref(), Some("2026-10-25T01:00:00Z"));
        assert_eq!(read("2026-10-25T02:30:00").as_deref(), Some("2026-10-25T01:30:00Z"));
        assert_eq!(read("2026-10-25T03:00:00").as_deref(), Some("2026-10-25T02:00:00Z"));
        assert_eq!(read("2026-03-29T02:30:00"), None);
    }

    #[test]
    fn nonsense_is_no_instant() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for text in
            ["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+99:00", "99999-01-01", "", "now"]
        {
            assert_eq!(instant(&Value::from(text), Clock::Local(&berlin), None), None, "{text}");
        }
        assert_eq!(instant(&Value::from(1e300), Clock::Seconds, None), None);
        assert_eq!(instant(&Value::from(i64::MAX), Clock::Milliseconds, None), None);
        assert_eq!(instant(&Value::from(0.5), Clock::Seconds, None), None);
        assert_eq!(instant(&Value::from("now"), Clock::Seconds, None), None);
    }

    #[test]
    fn a_missing_entry_stays_a_gap() {
        let starts = [0, 900, 2700, 3600, 7200].map(|s| Timestamp::from_second(s).unwrap());
        assert_eq!(usual_step(starts.into_iter()).as_secs(), 900);
        assert_eq!(usual_step([].into_iter()).as_secs(), 900);
    }
}
