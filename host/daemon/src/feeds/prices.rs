//! Prices.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use feeds::{Cache, Feeds, Prices, Settings, Source};
use forecast::prices::{Basis, Document, Heading, PriceSlot, Rules, Shelf};
use home::Home;
use home::homeassistant::HomeAssistant;
use home::simulated::SimulatedHome;
use jiff::{SignedDuration, Timestamp};
use knowledge::{Direction, Knowledge};
use tokio::sync::watch;

use super::Port;
use crate::config::PriceSources;
use crate::wiring::PATIENCE;

/// How often the simulated home is asked.
const ASK: Duration = Duration::from_secs(60);

/// The sources of one direction.
struct Fetching {
    direction: Direction,
    feeds: Feeds,
}

/// Feeds prices for good, in tasks of their own. Returns when each has asked its sources for the first time.
/// What was known before a restart is in `state_dir` and is entered before that.
pub async fn run(sources: PriceSources, home: Arc<HomeAssistant>, knowledge: Arc<Knowledge>, state_dir: PathBuf) {
    let cache = Cache::new(state_dir.join("prices"));
    let all = match fetching(&sources, &home, Some(cache)).await {
        Ok(all) => all,
        Err(error) => return tracing::error!("prices cannot be fetched: {error:#}"),
    };
    let mut begun = Vec::new();
    for Fetching { direction, feeds } in all {
        let now = Timestamp::now();
        let (told, mut heard) = watch::channel(feeds.prices(now));
        knowledge.prices(direction, heard.borrow_and_update().clone(), now);
        tokio::spawn(feeds.run(Timestamp::now, home.changes(), told));
        begun.push((direction, heard));
    }
    for (direction, mut heard) in begun {
        let knowledge = knowledge.clone();
        let mut next = async move || {
            let told = heard.changed().await;
            knowledge.prices(direction, heard.borrow_and_update().clone(), Timestamp::now());
            told.is_ok()
        };
        next().await;
        tokio::spawn(async move { while next().await {} });
    }
}

/// Asks once, as far as there is a need: for commands that look and end.
pub async fn once(sources: &PriceSources, home: &Arc<HomeAssistant>, knowledge: &Knowledge) -> Result<()> {
    for Fetching { direction, mut feeds } in fetching(sources, home, None).await? {
        let now = Timestamp::now();
        feeds.step(now).await;
        knowledge.prices(direction, feeds.prices(now), now);
    }
    Ok(())
}

/// Asks a source by itself, whether or not it is needed.
pub async fn alone(source: &Source, sources: &PriceSources, home: &Arc<HomeAssistant>) -> Result<Prices> {
    let now = Timestamp::now();
    let mut feeds = fetch(vec![source.clone()], sources, Direction::Import, home, None).await?;
    feeds.step(now).await;
    Ok(feeds.prices(now))
}

async fn fetching(sources: &PriceSources, home: &Arc<HomeAssistant>, cache: Option<Cache>) -> Result<Vec<Fetching>> {
    let mut all = Vec::new();
    for (direction, own) in [(Direction::Import, &sources.import), (Direction::FeedIn, &sources.feed_in)] {
        if !own.is_empty() {
            let feeds = fetch(own.clone(), sources, direction, home, cache.clone()).await?;
            all.push(Fetching { direction, feeds });
        }
    }
    Ok(all)
}

async fn fetch(
    own: Vec<Source>,
    sources: &PriceSources,
    direction: Direction,
    home: &Arc<HomeAssistant>,
    cache: Option<Cache>,
) -> Result<Feeds> {
    let mut rules = Rules::new(direction.subject());
    rules.exchange.clone_from(&sources.exchange);
    // What the home counts in says which prices can be true.
    let currency = match &sources.currency {
        Some(currency) => Some(currency.clone()),
        None => {
            home.settled(PATIENCE).await;
            home.state().currency
        }
    };
    if let Some(currency) = currency {
        rules = rules.in_currency(&currency);
    }
    let settings = Settings { cache, ..Settings::default() };
    Feeds::new(own, rules, settings, Some(Arc::new(Port(home.clone())))).context("there can be no HTTP client")
}

/// Feeds the simulated home's day-ahead prices, which come out at 13:00 local time.
pub async fn simulated(home: Arc<SimulatedHome>, knowledge: Arc<Knowledge>) {
    loop {
        enter_simulated(&home, &knowledge, Timestamp::now());
        tokio::time::sleep(ASK).await;
    }
}

/// Enters what the simulated home knows now.
pub fn enter_simulated(home: &SimulatedHome, knowledge: &Knowledge, now: Timestamp) {
    // Its prices begin with the day; the slot before, which ends at midnight, is still to be priced then.
    let earlier = now.checked_sub(SignedDuration::from_hours(1)).unwrap_or(now);
    let (mut import, mut export) = home.prices(earlier);
    let (new_import, new_export) = home.prices(now);
    import.extend(new_import);
    export.extend(new_export);
    knowledge.prices(Direction::Import, sample(Direction::Import, import), now);
    knowledge.prices(Direction::FeedIn, sample(Direction::FeedIn, export), now);
}

/// Prices with everything in them.
fn sample(direction: Direction, slots: Vec<PriceSlot>) -> Prices {
    let origin = "sample year".to_owned();
    let heading = Heading { origin: origin.clone(), basis: Basis::Total, ..Heading::default() };
    let mut shelf = Shelf::new([(origin, Basis::Total)], Rules::new(direction.subject()));
    shelf.put(0, &Document { heading, slots, problems: Vec::new() });
    Prices::known(shelf)
}

#[cfg(test)]
mod tests {
    use control::Data;
    use forecast::Tariff;
    use home::simulated::SimulatedConfig;
    use model::Measured;

    use super::*;

    #[tokio::test]
    async fn the_last_slot_of_a_simulated_day_is_priced_after_midnight() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // 00:00:30 in Berlin.
        let now = at("2024-06-18T22:00:30Z");
        let home = SimulatedHome::start_with(SimulatedConfig::default(), Arc::new(move || now)).unwrap();
        let knowledge = Knowledge::new(Tariff::default(), None);
        enter_simulated(&home, &knowledge, now);
        let load = Measured { load_w: Some(400.0), ..Measured::default() };
        (45..60).for_each(|minute| knowledge.observe(at(&format!("2024-06-18T21:{minute}:00Z")), &load));
        knowledge.observe(now, &load);
        let past = knowledge.known(now).past;
        assert_eq!(past[0].start, at("2024-06-18T21:45:00Z"));
        assert!(past[0].import_price.is_some() && past[0].export_price.is_some());
    }
}
