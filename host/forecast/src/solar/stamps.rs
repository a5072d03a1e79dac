//! Energies and powers by time stamp.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::slot::SLOT_S;
use serde_json::{Map, Value};

use super::outlook::SolarPeriod;

/// A stamp and the energy at it, in Wh. One that is not known still ends the period before it.
pub(super) type Stamped = (Timestamp, Option<f64>);

/// No source has longer periods of daylight.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// Before the first stamp of a list that is stamped at the end.
const USUAL: SignedDuration = SignedDuration::from_hours(1);

/// Stamps in order of time with what was readable of their values, and how many were not readable in
/// whole. A stamp without an offset is read in `zone`.
pub(super) fn read(map: &Map<String, Value>, zone: Option<&TimeZone>) -> (Vec<Stamped>, usize) {
    let mut values: Vec<Stamped> =
        map.iter().filter_map(|(stamp, value)| Some((instant(stamp, zone)?, value.as_f64()))).collect();
    values.sort_by_key(|(at, _)| *at);
    let readable = values.iter().filter(|(_, value)| value.is_some()).count();
    (values, map.len() - readable)
}

pub(super) fn instant(stamp: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    if let Ok(at) = stamp.parse() {
        return Some(at);
    }
    let local: DateTime = stamp.parse().ok()?;
    zone?.to_timestamp(local).ok()
}

/// Whether a stamp lies beside the quarter-hours, as sunrise and sunset do.
pub(super) fn is_off_grid(at: Timestamp) -> bool {
    at.as_second().rem_euclid(SLOT_S) != 0
}

/// Energies, each of which came since the stamp before it.
pub(super) fn since_the_one_before(values: &[Stamped]) -> Vec<SolarPeriod> {
    let mut before = values.first().and_then(|(at, _)| at.checked_sub(USUAL).ok());
    values
        .iter()
        .filter_map(|(end, energy_wh)| {
            let start = before.replace(*end)?;
            let hours = end.duration_since(start).as_secs_f64() / 3_600.0;
            Some(SolarPeriod { start, end: *end, power_w: (*energy_wh)? / hours })
        })
        .collect()
}

/// Energies, each of which comes from its stamp on, for as long as the shortest distance of two stamps.
pub(super) fn from_the_stamp_on(values: &[Stamped]) -> Vec<SolarPeriod> {
    let length = values
        .windows(2)
        .map(|pair| pair[1].0.duration_since(pair[0].0))
        .filter(|length| *length > SignedDuration::ZERO)
        .min()
        .unwrap_or(LONGEST)
        .min(LONGEST);
    values
        .iter()
        .filter_map(|(start, energy_wh)| {
            let end = start.checked_add(length).ok()?;
            Some(SolarPeriod { start: *start, end, power_w: (*energy_wh)? * 3_600.0 / length.as_secs_f64() })
        })
        .collect()
}
