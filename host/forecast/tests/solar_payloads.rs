//! What each payload about the sun becomes: one file, one snapshot. Shapes from public sources, values made
//! up: Forecast.Solar from the fixtures of home-assistant-libs/forecast_solar, Home Assistant's answer from
//! `homeassistant/components/{energy,forecast_solar}`, Solcast from its documentation and the attributes of
//! BJReplay/ha-solcast-solar, Open-Meteo from the fixtures of frenck/python-open-meteo and its documentation.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::fmt::Write as _;

use jiff::Timestamp;
use model::slot;
use model::snapshot::Problem;
use serde_json::Value;
use wattwright_forecast::solar::outlook::{Outlook, sum_of_slots};
use wattwright_forecast::solar::{forecast_solar, home_assistant, solcast};
use wattwright_forecast::weather::open_meteo;

fn json(name: &str) -> Value {
    let path = format!("{}/tests/payloads/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

fn problems(text: &mut String, problems: &[Problem]) {
    for problem in problems {
        writeln!(text, "{} {}: {}", problem.subject, problem.code, problem.text).unwrap();
        if !problem.assumed.is_empty() {
            writeln!(text, "  assumed: {}", problem.assumed).unwrap();
        }
    }
}

fn shown(outlook: &Outlook) -> String {
    let mut text = String::new();
    for period in &outlook.periods {
        writeln!(text, "{} to {} {:.1} W", period.start, period.end, period.power_w).unwrap();
    }
    problems(&mut text, &outlook.problems);
    text
}

fn sky(name: &str) -> String {
    let forecast = open_meteo::parse(&json(name));
    let mut text = String::new();
    for period in &forecast.sky {
        let (direct, diffuse) = (period.direct_normal_w_m2, period.diffuse_w_m2);
        writeln!(text, "{} to {} {direct} {diffuse} W/m²", period.start, period.end).unwrap();
    }
    for hour in &forecast.weather {
        writeln!(text, "{} {:?} °C {:?} %", hour.start, hour.temperature_c, hour.cloud_cover_pct).unwrap();
    }
    problems(&mut text, &forecast.problems);
    text
}

macro_rules! snapshot {
    ($name:ident, $text:expr) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), $text);
        }
    };
}

snapshot!(forecast_solar_iso, shown(&forecast_solar::parse(&json("forecast_solar_iso"))));
snapshot!(forecast_solar_local, shown(&forecast_solar::parse(&json("forecast_solar_local"))));
snapshot!(forecast_solar_limited, shown(&forecast_solar::parse(&json("forecast_solar_limited"))));
snapshot!(solcast_rooftop, shown(&solcast::parse(&json("solcast_rooftop"))));
snapshot!(solcast_detailed, shown(&solcast::parse(&json("solcast_detailed"))));
snapshot!(open_meteo_quarters, sky("open_meteo_quarters"));
snapshot!(open_meteo_local_hours, sky("open_meteo_local_hours"));
snapshot!(open_meteo_wrong_unit, sky("open_meteo_wrong_unit"));
snapshot!(open_meteo_refused, sky("open_meteo_refused"));
snapshot!(
    ha_solar_two_roofs,
    home_assistant::parse(&json("ha_solar_two_roofs")).iter().fold(String::new(), |mut text, (entry, outlook)| {
        writeln!(text, "{entry}").unwrap();
        text + &shown(outlook)
    })
);

fn starts(from: &str, until: &str) -> impl Iterator<Item = Timestamp> {
    slot::starts(from.parse().unwrap(), until.parse().unwrap())
}

#[test]
fn both_forms_of_solcast_mean_the_same_half_hours() {
    let (rooftop, detailed) = (solcast::parse(&json("solcast_rooftop")), solcast::parse(&json("solcast_detailed")));
    assert_eq!(rooftop.periods[..2], detailed.periods[..]);
}

#[test]
fn a_day_of_forecast_solar_adds_up_to_what_it_says() {
    let outlook = forecast_solar::parse(&json("forecast_solar_iso"));
    let slots = outlook.of_slots(starts("2026-04-25T22:00:00Z", "2026-04-26T22:00:00Z"));
    let sum_wh: f64 = slots.iter().flatten().sum::<f64>() / 4.0;
    assert!((sum_wh - 4_419.0).abs() < 1.0, "{sum_wh}");
}

#[test]
fn the_rate_limit_is_read_even_out_of_a_refusal() {
    let limit = forecast_solar::rate_limit(&json("forecast_solar_limited")).unwrap();
    assert_eq!((limit.limit, limit.remaining, limit.period.as_secs()), (12, 0, 3_600));
}

#[test]
fn roofs_add_up_only_where_all_are_known() {
    let outlooks = home_assistant::parse(&json("ha_solar_two_roofs"));
    let known = ["01J0SOLCAST", "01J0FORECASTSOLAR"].map(|entry| &outlooks[entry]);
    let sums = sum_of_slots(known, starts("2026-06-01T08:45:00Z", "2026-06-01T11:30:00Z"));
    assert_eq!(sums[0], None);
    // 800 W of one; of the other 600 Wh between 11 and 12 o'clock local time.
    assert_eq!(sums[1], Some(1_400.0));
    assert_eq!(sums[5], Some(1_640.5));
    assert_eq!(sums[9], None);
    assert_eq!(sum_of_slots(outlooks.values(), starts("2026-06-01T09:00:00Z", "2026-06-01T09:15:00Z")), [None]);
}

#[test]
fn what_is_no_answer_is_a_problem_and_no_panic() {
    for nonsense in ["null", "[]", "{}", "7", "\"x\"", r#"{"forecasts": 1}"#, r#"{"hourly": null}"#, "[1, null, {}]"] {
        let value: Value = serde_json::from_str(nonsense).unwrap();
        assert!(forecast_solar::parse(&value).periods.is_empty());
        assert!(solcast::parse(&value).periods.is_empty());
        assert!(open_meteo::parse(&value).sky.is_empty());
        assert!(home_assistant::parse(&value).values().all(|outlook| outlook.periods.is_empty()));
    }
}
