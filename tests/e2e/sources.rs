//! Every source of prices, weather and sun fails in turn; and a home that is new to Wattwright, but not to Home
//! Assistant.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wattwright_tests::daemon::Daemon;
use wattwright_tests::home::Home;
use wattwright_tests::page;
use wattwright_tests::prices::Prices;
use wattwright_tests::rig::Rig;
use wattwright_tests::services::{Manner, Services};
use wattwright_tests::wait::{seconds, until};

const PRICE_SENSOR: &str = "sensor.nordpool_kwh_de_lu_eur_3_10_0";
const WEATHER: &str = "weather.test_home";

/// What is broken, and what a snapshot then says.
struct Phase {
    price_sensor: &'static str,
    weather: &'static str,
    manners: &'static [(&'static str, Manner)],
    /// Beginnings of the origins of import price, temperature and sun; empty: unknown.
    origins: [&'static str; 3],
    /// Who is named as failing.
    named: &'static [&'static str],
}

const PHASES: [Phase; 6] = [
    Phase {
        price_sensor: PRICE_SENSOR,
        weather: WEATHER,
        manners: &[],
        origins: ["nordpool-sensor", "home-assistant", "forecast-solar"],
        named: &[],
    },
    Phase {
        price_sensor: "sensor.gone",
        weather: WEATHER,
        manners: &[],
        origins: ["energy-charts", "home-assistant", "forecast-solar"],
        named: &["`nordpool-sensor`"],
    },
    Phase {
        price_sensor: PRICE_SENSOR,
        weather: "weather.gone",
        manners: &[("forecast-solar", Manner::Broken)],
        origins: ["nordpool-sensor", "open-meteo", "open-meteo"],
        named: &["`home-assistant`", "`forecast-solar`"],
    },
    Phase {
        price_sensor: "sensor.gone",
        weather: "weather.gone",
        manners: &[("forecast-solar", Manner::Half), ("open-meteo", Manner::Hangs)],
        origins: ["energy-charts", "", ""],
        named: &["`nordpool-sensor`", "`home-assistant`", "`forecast-solar`", "`open-meteo`"],
    },
    Phase {
        price_sensor: "sensor.gone",
        weather: WEATHER,
        manners: &[("energy-charts", Manner::Hangs), ("forecast-solar", Manner::Hangs)],
        origins: ["", "home-assistant", "open-meteo"],
        named: &["`energy-charts`", "`forecast-solar`", "no import prices are known"],
    },
    Phase {
        price_sensor: PRICE_SENSOR,
        weather: WEATHER,
        manners: &[],
        origins: ["nordpool-sensor", "home-assistant", "forecast-solar"],
        named: &[],
    },
];

fn configure(home: &Home, services: &Services, phase: &Phase) -> Result<()> {
    let url = |name| services.url(name);
    let text = format!(
        "[prices]
         source = [{{ source = 'nordpool-sensor', entity = '{}' }},
                   {{ source = 'energy-charts', zone = 'DE-LU', url = '{}' }}]
         [weather]
         source = [{{ source = 'home-assistant', entity = '{}' }}, {{ source = 'open-meteo', url = '{}' }}]
         [solar]
         source = [{{ source = 'forecast-solar', url = '{}' }}, {{ source = 'open-meteo', url = '{}' }}]
         array = [{{ peak_w = 900, tilt_deg = 30, azimuth_deg = 0 }}]",
        phase.price_sensor,
        url("energy-charts"),
        phase.weather,
        url("open-meteo"),
        url("forecast-solar"),
        url("open-meteo"),
    );
    let sections: toml::Table = text.parse()?;
    home.configure(|config| {
        for (section, values) in sections {
            let place = config.entry(section).or_insert_with(|| toml::Table::new().into());
            let place = place.as_table_mut().context("no table")?;
            place.extend(values.as_table().context("no table")?.clone());
        }
        Ok(())
    })
}

fn origin<'a>(snapshot: &'a Value, column: &str) -> &'a str {
    let sources = snapshot["sources"].as_array().into_iter().flatten();
    sources.filter(|source| source["column"] == column).find_map(|source| source["origin"].as_str()).unwrap_or("")
}

async fn next_tick(daemon: &Daemon, after: i64) -> Result<i64> {
    let id = daemon.latest_tick().await?["id"].as_i64().context("a tick without id")?;
    ensure!(id > after, "no tick after {after}");
    Ok(id)
}

async fn says(daemon: &Daemon, phase: &Phase) -> Result<()> {
    let tick = daemon.latest_tick().await?;
    let snapshot = &tick["input"]["snapshot"];
    for (column, expected) in ["import-price", "temperature", "solar"].iter().zip(phase.origins) {
        let found = origin(snapshot, column);
        // Without a forecast, the sun is expected to be as it was measured, or nothing is known of it.
        let fits =
            if expected.is_empty() { found.is_empty() || found == "learned" } else { found.starts_with(expected) };
        ensure!(fits, "{column} is from `{found}`, expected `{expected}`: {}", snapshot["problems"]);
    }
    let problems = snapshot["problems"].to_string();
    for name in phase.named {
        ensure!(problems.contains(name), "{name} is not named: {problems}");
    }
    if phase.named.is_empty() {
        ensure!(!problems.contains(" gave no "), "{problems}");
    }
    ensure!(tick["plan"]["actions"].as_array().is_some_and(|actions| !actions.is_empty()), "no plan: {tick}");
    Ok(())
}

#[tokio::test]
async fn each_fails_in_turn_and_ticks_go_on_with_what_is_known() -> Result<()> {
    let rig = Rig::claim().await?;
    let services = Services::start().await?;
    for (number, phase) in PHASES.iter().enumerate() {
        let home = Home::new(&Prices::CHEAP_NOW)?;
        configure(&home, &services, phase)?;
        services.behave(phase.manners);
        let daemon = home.run(&rig.hass, "advise").await?;
        let mut id = None;
        // What hangs holds up no tick: the battery at its floor, and no more at it, is a reason for one each time.
        for soc_pct in [30, 5, 30, 5, 30, 5, 30, 5] {
            rig.set(soc_pct, 300).await?;
            let after = id.unwrap_or_default();
            let what = format!("a tick in phase {number}");
            id = Some(until(&what, seconds(60), async || next_tick(&daemon, after).await).await?);
            if says(&daemon, phase).await.is_ok() {
                break;
            }
        }
        until(&format!("phase {number}"), seconds(30), async || says(&daemon, phase).await).await?;
        if number == 3 {
            page::check(&daemon, "sources-gone").await?;
        }
        daemon.terminate().await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_home_assistant_recorded_is_learned_from_at_once() -> Result<()> {
    let rig = Rig::claim().await?;
    rig.set(30, 300).await?;
    let hours = 24 * 21;
    rig.hass.import_hours("sensor.shelly_pro_3em_total_active_power", "W", hours, 350.0).await?;
    for silent in
        ["solarflow_800_output_home_power", "solarflow_800_grid_input_power", "solarflow_800_solar_input_power"]
    {
        rig.hass.import_hours(&format!("sensor.{silent}"), "W", hours, 0.0).await?;
    }
    let home = Home::new(&Prices::CHEAP_NOW)?;
    let daemon = home.run(&rig.hass, "advise").await?;
    until("a load learned from the recorder", seconds(90), async || {
        let tick = daemon.latest_tick().await?;
        let snapshot = &tick["input"]["snapshot"];
        let problems = snapshot["problems"].to_string();
        ensure!(!problems.contains("cold-start"), "{problems}");
        let load_w = snapshot["ahead"][60]["load_w"].as_f64().context("no load ahead")?;
        ensure!((load_w - 350.0).abs() < 60.0, "{load_w} W are expected");
        ensure!(origin(snapshot, "load") == "learned", "{}", snapshot["sources"]);
        Ok(())
    })
    .await?;
    ensure!(daemon.log().contains("the recorder's past was taken over"), "{}", daemon.log());
    daemon.terminate().await?;
    Ok(())
}
