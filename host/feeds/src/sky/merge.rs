//! One forecast out of those of several sources. Pure.

use forecast::WeatherHour;
use forecast::solar::outlook::SolarPeriod;
use forecast::solar::sun::{self, Place};
use forecast::weather;
use jiff::{SignedDuration, Timestamp};
use model::slot;

use super::said::Said;
use crate::schedule::later;

/// A source that leaves nothing of this to the next one makes it unnecessary: as far as a snapshot looks.
const WANTED: SignedDuration = SignedDuration::from_hours(48);

/// One source with what it said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice<'a> {
    pub name: &'static str,
    pub said: &'a Said,
}

/// What the sources say of the weather from `now` on, the better one first for each slot and each of
/// temperature and clouds; and who says the first of it.
pub(crate) fn weather(voices: &[Voice], now: Timestamp) -> (Vec<WeatherHour>, Option<String>) {
    let last = voices.iter().filter_map(|voice| weather::known_until(&voice.said.weather)).max();
    let mut hours = Vec::new();
    let mut from = None;
    for start in slot::starts(now, last.unwrap_or(now)) {
        let said = |of: fn(&WeatherHour) -> Option<f64>| {
            voices.iter().find_map(|voice| Some((voice, of(weather::at(&voice.said.weather, start)?)?)))
        };
        let temperature = said(|hour| hour.temperature_c);
        let clouds = said(|hour| hour.cloud_cover_pct);
        from = from.or_else(|| temperature.or(clouds).map(|(voice, _)| voice.name.to_owned()));
        hours.push(WeatherHour {
            start,
            temperature_c: temperature.map(|(_, value)| value),
            cloud_cover_pct: clouds.map(|(_, value)| value),
        });
    }
    if from.is_none() {
        return (Vec::new(), None);
    }
    // Else the last one would be held for longer than it was said.
    let end = hours.last().map(|hour| slot::next(hour.start));
    hours.extend(end.map(|start| WeatherHour { start, temperature_c: None, cloud_cover_pct: None }));
    (hours, from)
}

/// What the sources say of the sun from the slot of `now` on, the better one first for each slot; and who
/// says the first of it.
pub(crate) fn solar(voices: &[Voice], now: Timestamp) -> (Vec<SolarPeriod>, Option<String>) {
    let last = voices.iter().filter_map(|voice| voice.said.solar_until()).max();
    let mut from = None;
    let mut periods = Vec::new();
    for start in slot::starts(now, last.unwrap_or(now)) {
        if let Some((voice, power_w)) = voices.iter().find_map(|voice| Some((voice, voice.said.solar_w(start)?))) {
            from.get_or_insert_with(|| voice.name.to_owned());
            periods.push(SolarPeriod { start, end: slot::next(start), power_w });
        }
    }
    (periods, from)
}

/// Whether they leave some of the next hours' weather to others.
pub(crate) fn leave_weather(voices: &[Voice], now: Timestamp) -> bool {
    wanted(now).any(|start| {
        let known = |voice: &Voice| weather::at(&voice.said.weather, start).is_some_and(|h| h.temperature_c.is_some());
        !voices.iter().any(known)
    })
}

/// Whether they leave some of the next hours' sun to others. Nobody has to say that a night is dark.
pub(crate) fn leave_solar(voices: &[Voice], place: Option<Place>, now: Timestamp) -> bool {
    wanted(now).any(|start| !voices.iter().any(|voice| voice.said.solar_w(start).is_some()) && !is_dark(place, start))
}

fn wanted(now: Timestamp) -> impl Iterator<Item = Timestamp> {
    slot::starts(now, later(now, WANTED))
}

fn is_dark(place: Option<Place>, start: Timestamp) -> bool {
    place.is_some_and(|place| {
        [start, slot::next(start)].iter().all(|moment| sun::at(*moment, place).elevation_deg < 0.0)
    })
}

#[cfg(test)]
mod tests;
