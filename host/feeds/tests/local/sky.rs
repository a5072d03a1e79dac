//! Sources of weather and sun.

mod fallback;
mod sources;
mod trouble;

use forecast::solar::panel::Array;
use forecast::solar::sun::Place;
use serde_json::{Value, json};
use wattwright_feeds::{RawSolarSource, RawWeatherSource, Site, Skies, Sky};

use super::*;

const BERLIN: Place = Place { latitude: 52.52, longitude: 13.405 };

/// One array to the south.
fn site() -> Site {
    Site { whereabouts: Some(BERLIN), arrays: vec![Array::new(1_000.0, 30.0, 0.0)], inverter_limit_w: None }
}

fn weather_source(text: &str) -> wattwright_feeds::WeatherSource {
    toml::from_str::<RawWeatherSource>(text).unwrap().check().unwrap()
}

fn solar_source(text: &str, folder: &Path) -> wattwright_feeds::SolarSource {
    toml::from_str::<RawSolarSource>(text).unwrap().check(folder).unwrap()
}

fn sky_at(
    site: Site,
    (weather, solar): (&[String], &[String]),
    folder: &Path,
    home: Option<Arc<dyn HomePort>>,
    (die, total): (f64, Duration),
) -> Sky {
    let settings = Settings {
        limits: HttpLimits { connect: total, total, most_bytes: 1 << 20 },
        cache: Some(Cache::new(folder.join("sky"))),
        dice: Arc::new(move || die),
    };
    let weather = weather.iter().map(|text| weather_source(text)).collect();
    let solar = solar.iter().map(|text| solar_source(text, folder)).collect();
    Sky::new(weather, solar, site, settings, home).unwrap()
}

fn sky(weather: &[String], solar: &[String], folder: &Path, home: Option<Arc<dyn HomePort>>) -> Sky {
    sky_at(site(), (weather, solar), folder, home, (0.5, WITHIN))
}

fn open_meteo(url: &str) -> String {
    format!("source = 'open-meteo'\nurl = '{url}'")
}

fn solcast(url: &str) -> String {
    format!("source = 'solcast'\nsites = ['1a2b-3c4d']\ntoken_file = 'token'\nurl = '{url}'")
}

fn forecast_solar(url: &str) -> String {
    format!("source = 'forecast-solar'\nurl = '{url}'")
}

fn home_weather() -> String {
    "source = 'home-assistant'\nentity = 'weather.home'".to_owned()
}

/// An answer of Open-Meteo with the quarter-hours that end from `from` until `until`.
fn meteo(from: Timestamp, until: Timestamp, temperature_c: f64) -> String {
    let times: Vec<i64> = model::slot::starts(from, until).map(|start| start.as_second()).collect();
    let all = |value: f64| vec![value; times.len()];
    json!({
        "utc_offset_seconds": 0,
        "minutely_15_units": { "temperature_2m": "°C", "direct_normal_irradiance": "W/m²", "diffuse_radiation": "W/m²" },
        "minutely_15": {
            "time": times, "temperature_2m": all(temperature_c), "cloud_cover": all(50.0),
            "direct_normal_irradiance": all(500.0), "diffuse_radiation": all(100.0),
        },
    })
    .to_string()
}

/// An answer of Solcast with the half-hours from `from` until `until`.
fn half_hours(from: Timestamp, until: Timestamp, power_kw: f64) -> String {
    let starts = model::slot::starts(from, until).step_by(2);
    let entry =
        |start: Timestamp| json!({ "pv_estimate": power_kw, "period_end": start + minutes(30), "period": "PT30M" });
    json!({ "forecasts": starts.map(entry).collect::<Vec<_>>() }).to_string()
}

/// An answer of Forecast.Solar with the hours from `from` until `until`.
fn solar_hours(from: Timestamp, until: Timestamp, energy_wh: f64, remaining: u32) -> String {
    let stamps = model::slot::starts(from, until).step_by(4).map(|start| (start + minutes(60)).to_string());
    let result: serde_json::Map<String, Value> = stamps.map(|stamp| (stamp, energy_wh.into())).collect();
    let limit = json!({ "period": 3600, "limit": 12, "remaining": remaining });
    json!({ "result": { "watt_hours_period": result }, "message": { "ratelimit": limit } }).to_string()
}

/// What `weather.get_forecasts` answers, with the hours from `from` until `until`.
fn forecasts(from: Timestamp, until: Timestamp, temperature: f64) -> Value {
    let starts = model::slot::starts(from, until).step_by(4);
    let entry = |start: Timestamp| json!({ "datetime": start, "temperature": temperature, "cloud_coverage": 20 });
    json!({ "weather.home": { "forecast": starts.map(entry).collect::<Vec<_>>() } })
}

fn temperature_c(skies: &Skies, moment: Timestamp) -> Option<f64> {
    forecast::weather::at(&skies.weather, moment)?.temperature_c
}

fn solar_w(skies: &Skies, moment: Timestamp) -> Option<f64> {
    skies.solar_of([model::slot::start_of(moment)])[0]
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}
