//! Weather and sun.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use feeds::{Cache, Settings, Skies, Sky, SolarSource, WeatherSource};
use home::Home;
use home::homeassistant::HomeAssistant;
use jiff::Timestamp;
use knowledge::Knowledge;
use tokio::sync::watch;

use super::Port;
use crate::config::SkySources;

/// Feeds weather and sun for good, in a task of its own, and where the home is. What was known before a restart is
/// in `state_dir`.
pub async fn run(sources: SkySources, home: Arc<HomeAssistant>, knowledge: Arc<Knowledge>, state_dir: PathBuf) {
    let sky = match fetch(&sources, &home, Some(Cache::new(state_dir.join("sky")))) {
        Ok(sky) => sky,
        Err(error) => return tracing::error!("weather and sun cannot be fetched: {error:#}"),
    };
    let (told, mut heard) = watch::channel(sky.skies(Timestamp::now()));
    heard.mark_changed();
    tokio::spawn(sky.run(Timestamp::now, home.changes(), told));
    let mut changes = home.changes();
    let place = async { while !enter_place(&sources, &home, &knowledge) && changes.changed().await.is_ok() {} };
    let skies = async {
        while heard.changed().await.is_ok() {
            knowledge.sky(heard.borrow_and_update().clone(), Timestamp::now());
        }
    };
    tokio::join!(place, skies);
}

/// Asks once, as far as there is a need: for commands that look and end.
pub async fn once(sources: &SkySources, home: &Arc<HomeAssistant>, knowledge: &Knowledge) -> Result<()> {
    let mut sky = fetch(sources, home, None)?;
    let now = Timestamp::now();
    sky.step(now).await;
    knowledge.sky(sky.skies(now), now);
    enter_place(sources, home, knowledge);
    Ok(())
}

/// Whether it is known where the home is.
fn enter_place(sources: &SkySources, home: &HomeAssistant, knowledge: &Knowledge) -> bool {
    let place = sources.site.whereabouts.or_else(|| home.whereabouts());
    place.inspect(|place| knowledge.place(*place)).is_some()
}

/// Asks a source of weather by itself, whether or not it is needed.
pub async fn weather_alone(
    source: &WeatherSource,
    sources: &SkySources,
    home: &Arc<HomeAssistant>,
    now: Timestamp,
) -> Result<Skies> {
    alone(SkySources { weather: vec![source.clone()], solar: Vec::new(), site: sources.site.clone() }, home, now).await
}

/// Asks a source of the sun by itself, whether or not it is needed.
pub async fn solar_alone(
    source: &SolarSource,
    sources: &SkySources,
    home: &Arc<HomeAssistant>,
    now: Timestamp,
) -> Result<Skies> {
    alone(SkySources { weather: Vec::new(), solar: vec![source.clone()], site: sources.site.clone() }, home, now).await
}

async fn alone(sources: SkySources, home: &Arc<HomeAssistant>, now: Timestamp) -> Result<Skies> {
    let mut sky = fetch(&sources, home, None)?;
    sky.step(now).await;
    Ok(sky.skies(now))
}

fn fetch(sources: &SkySources, home: &Arc<HomeAssistant>, cache: Option<Cache>) -> Result<Sky> {
    let SkySources { weather, solar, site } = sources.clone();
    let settings = Settings { cache, ..Settings::default() };
    Sky::new(weather, solar, site, settings, Some(Arc::new(Port(home.clone())))).context("there can be no HTTP client")
}
