//! Days with a clock change, from every source of weather and sun: each quarter-hour gets what was said of it.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::Slot;
use serde_json::{Map, Value, json};
use wattwright_forecast::solar::outlook::Outlook;
use wattwright_forecast::solar::{forecast_solar, home_assistant, solcast};
use wattwright_forecast::weather::{self, open_meteo};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The hours of a day of the calendar, each with a number that no other has.
struct Day {
    zone: TimeZone,
    hours: Vec<Timestamp>,
    quarters: Vec<Timestamp>,
}

impl Day {
    fn new(zone: &str, day: jiff::civil::Date) -> Self {
        let zone = TimeZone::get(zone).unwrap();
        let midnight = |day: jiff::civil::Date| day.to_zoned_datetime(zone.clone()).unwrap().timestamp();
        let (from, until) = (midnight(day), midnight(day.tomorrow().unwrap()));
        let hours = std::iter::successors(Some(from), |hour| Some(*hour + HOUR)).take_while(|hour| *hour < until);
        Self { hours: hours.collect(), quarters: slot::starts(from, until).collect(), zone }
    }

    /// With the offset.
    fn local(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// As the clock on the wall shows it.
    fn wall(&self, at: Timestamp) -> String {
        at.to_zoned_datetime(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Mean power, watt.
    fn power_w(hour: usize) -> f64 {
        100.0 + hour as f64
    }

    /// Energy of each hour under the stamp of its start, or of its end.
    fn energies(&self, from: usize, stamp: impl Fn(Timestamp) -> String) -> Map<String, Value> {
        let numbered = self.hours.iter().enumerate().skip(from);
        numbered.map(|(hour, start)| (stamp(*start), Self::power_w(hour).into())).collect()
    }

    fn check(&self, name: &str, outlook: &Outlook, from: usize) {
        let context = format!("{name} on {}", self.local(self.hours[0]));
        assert_eq!(outlook.problems, [], "{context}");
        for (index, said) in outlook.of_slots(self.quarters.iter().copied()).iter().enumerate().skip(4 * from) {
            let said = said.unwrap_or_else(|| panic!("{context}: nothing of quarter {index}"));
            assert!((said - Self::power_w(index / 4)).abs() < 1e-9, "{context}: {said} W in quarter {index}");
        }
    }

    fn check_weather(&self, name: &str, hours: &[weather::WeatherHour]) {
        let mut slots: Vec<Slot> = self.quarters.iter().map(|start| Slot::unknown(*start)).collect();
        weather::fill(&mut slots, hours);
        for (index, slot) in slots.iter().enumerate() {
            let context = format!("{name} on {}, quarter {index}", self.local(self.hours[0]));
            assert_eq!(slot.temperature_c, Some((index / 4) as f64), "{context}");
        }
    }
}

fn check_sun(day: &Day) {
    let stamped = json!({ "provider": { "wh_hours": day.energies(0, |start| day.local(start)) } });
    day.check("home-assistant", &home_assistant::parse(&stamped)["provider"], 0);

    let mut ends = day.energies(0, |start| day.local(start + HOUR));
    ends.insert(day.local(day.hours[0]), 0.into());
    day.check("forecast-solar", &forecast_solar::parse(&json!({ "result": { "watt_hours_period": ends } })), 0);

    // Without an offset, and so from sunrise on, as that service says it.
    const SUNRISE: usize = 6;
    let mut walls = day.energies(SUNRISE, |start| day.wall(start + HOUR));
    walls.insert(day.wall(day.hours[SUNRISE]), 0.into());
    let zone = day.zone.iana_name().unwrap();
    let answer = json!({ "result": { "watt_hours_period": walls }, "message": { "info": { "timezone": zone } } });
    day.check("forecast-solar without offsets", &forecast_solar::parse(&answer), SUNRISE);

    let half = SignedDuration::from_mins(30);
    let halves = || day.hours.iter().enumerate().flat_map(|(hour, start)| [(hour, *start), (hour, *start + half)]);
    let kw = |hour: usize| Day::power_w(hour) / 1000.0;
    let ends: Vec<Value> = halves()
        .map(|(hour, start)| {
            json!({ "period_end": (start + half).to_string(), "period": "PT30M", "pv_estimate": kw(hour) })
        })
        .collect();
    day.check("solcast", &solcast::parse(&json!({ "forecasts": ends })), 0);
    let starts: Vec<Value> =
        halves().map(|(hour, start)| json!({ "period_start": day.local(start), "pv_estimate": kw(hour) })).collect();
    day.check("solcast-sensor", &solcast::parse(&json!(starts)), 0);
}

fn check_weather(day: &Day) {
    let entries: Vec<Value> = day
        .hours
        .iter()
        .enumerate()
        .map(|(hour, start)| json!({ "datetime": day.local(*start), "temperature": hour }))
        .collect();
    let (hours, problems) = weather::parse(&json!({ "weather.home": { "forecast": entries } }), "weather.home", false);
    assert_eq!(problems, []);
    day.check_weather("home-assistant", &hours);

    // Its local times have the offset of one moment, also beyond a change.
    let offset = day.zone.to_offset(day.hours[0]);
    let unix: Vec<Value> = day.hours.iter().map(|hour| hour.as_second().into()).collect();
    let local: Vec<Value> =
        day.hours.iter().map(|hour| offset.to_datetime(*hour).strftime("%Y-%m-%dT%H:%M").to_string().into()).collect();
    for times in [unix, local] {
        let numbers: Vec<usize> = (0..day.hours.len()).collect();
        let forecast = open_meteo::parse(&json!({
            "utc_offset_seconds": offset.seconds(),
            "hourly": { "time": times, "temperature_2m": numbers, "direct_normal_irradiance": numbers,
                "diffuse_radiation": numbers },
        }));
        assert_eq!(forecast.problems, []);
        day.check_weather("open-meteo", &forecast.weather);
        // An irradiance is the mean of the hour before its time.
        for (hour, (sky, end)) in forecast.sky.iter().zip(&day.hours).enumerate() {
            assert_eq!((sky.start, sky.end, sky.direct_normal_w_m2), (*end - HOUR, *end, hour as f64));
        }
        assert_eq!(forecast.sky.len(), day.hours.len());
    }
}

#[test]
fn days_of_92_and_100_quarters_from_every_source() {
    for (zone, day, quarters) in [
        ("Europe/Berlin", date(2026, 3, 29), 92),
        ("Europe/Berlin", date(2026, 10, 25), 100),
        ("Europe/London", date(2026, 3, 29), 92),
        ("Europe/London", date(2026, 10, 25), 100),
        ("America/New_York", date(2026, 3, 8), 92),
        ("America/New_York", date(2026, 11, 1), 100),
        ("Europe/Berlin", date(2026, 11, 24), 96),
    ] {
        let day = Day::new(zone, day);
        assert_eq!(day.quarters.len(), quarters);
        check_sun(&day);
        check_weather(&day);
    }
}
