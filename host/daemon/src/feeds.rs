//! Brings prices from where they are published into [`Knowledge`]. A source that hangs, lies or vanishes
//! delays no tick: each feed is a task of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use forecast::PriceSlot;
use forecast::prices::{self, Basis, Document, Rules, Unit};
use home::Home;
use home::homeassistant::{EntityId, HomeAssistant};
use home::simulated::SimulatedHome;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::snapshot::Problem;

use crate::config::RawPriceSource;
use crate::knowledge::Knowledge;

/// A sensor's attributes and a file are at hand, so they are looked at often.
const LOOK: Duration = Duration::from_secs(15);
/// An action makes Home Assistant ask others.
const ASK: Duration = Duration::from_secs(15 * 60);
/// After an action failed, or before the home is connected.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// Feeds prices for good; ends only when there is nothing that could change.
pub async fn run(source: RawPriceSource, home: Arc<HomeAssistant>, knowledge: Arc<Knowledge>) {
    match source {
        RawPriceSource::NordpoolSensor { entity } => {
            let rules = Rules::new(entity.as_str());
            let mut changes = home.changes();
            loop {
                match home.attributes(entity.as_str()) {
                    Some(attributes) => {
                        enter(
                            &knowledge,
                            "nordpool",
                            prices::nordpool_lists::parse(&attributes.into(), Basis::Market, &rules),
                        );
                    }
                    None if home.state().link.is_up() => {
                        let text = format!("the home has no attributes of `{entity}`");
                        enter(&knowledge, "nordpool", failed(&rules, text));
                    }
                    None => {}
                }
                // The first list comes with the connection; afterwards there is no hurry.
                if home.attributes(entity.as_str()).is_some() {
                    tokio::time::sleep(LOOK).await;
                } else if changes.changed().await.is_err() {
                    return;
                }
            }
        }
        RawPriceSource::NordpoolAction { config_entry, area, currency } => loop {
            let pause = nordpool_action(&home, &knowledge, &config_entry, &area, currency.as_deref()).await;
            tokio::time::sleep(pause).await;
        },
        RawPriceSource::Csv { file, column } => {
            let mut seen = None;
            loop {
                seen = csv(&knowledge, &file, &column, seen);
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
        RawPriceSource::Fixed { price_per_kwh } => loop {
            knowledge.prices("fixed", &[fixed(price_per_kwh, Timestamp::now())], Vec::new());
            tokio::time::sleep(ASK).await;
        },
    }
}

/// Reads a source once, as far as that is possible at once: for commands that look and end.
pub async fn once(source: &RawPriceSource, home: &Arc<HomeAssistant>, knowledge: &Knowledge) {
    match source {
        RawPriceSource::NordpoolSensor { entity } => {
            let rules = Rules::new(entity.as_str());
            if let Some(attributes) = home.attributes(entity.as_str()) {
                enter(knowledge, "nordpool", prices::nordpool_lists::parse(&attributes.into(), Basis::Market, &rules));
            }
        }
        RawPriceSource::NordpoolAction { config_entry, area, currency } => {
            nordpool_action(home, knowledge, config_entry, area, currency.as_deref()).await;
        }
        RawPriceSource::Csv { file, column } => {
            csv(knowledge, file, column, None);
        }
        RawPriceSource::Fixed { price_per_kwh } => {
            knowledge.prices("fixed", &[fixed(*price_per_kwh, Timestamp::now())], Vec::new());
        }
    }
}

/// Feeds the simulated home's day-ahead prices, which come out at 13:00 local time.
pub async fn simulated(home: Arc<SimulatedHome>, knowledge: Arc<Knowledge>) {
    loop {
        enter_simulated(&home, &knowledge);
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Enters what the simulated home knows now.
pub fn enter_simulated(home: &SimulatedHome, knowledge: &Knowledge) {
    let (import, export) = home.prices(Timestamp::now());
    knowledge.both_prices("sample year", &import, &export);
}

/// Feeds the weather ahead.
pub async fn weather(entity: EntityId, home: Arc<HomeAssistant>, knowledge: Arc<Knowledge>) {
    loop {
        let pause = weather_once(&entity, &home, &knowledge).await;
        tokio::time::sleep(pause).await;
    }
}

/// Asks for the weather ahead once.
pub async fn weather_once(entity: &EntityId, home: &HomeAssistant, knowledge: &Knowledge) -> Duration {
    if !home.state().link.is_up() {
        return Duration::from_secs(2);
    }
    let data = serde_json::json!({ "type": "hourly", "entity_id": entity });
    match home.call_action("weather", "get_forecasts", data).await {
        Ok(answer) => {
            let unit =
                home.attributes(entity.as_str()).and_then(|a| a.get("temperature_unit")?.as_str().map(str::to_owned));
            let fahrenheit = unit.is_some_and(|unit| unit.contains('F'));
            let (hours, problems) = forecast::weather::parse(&answer, entity.as_str(), fahrenheit);
            knowledge.weather(hours, problems);
            ASK
        }
        Err(error) => {
            let problem = Problem {
                code: "missing".into(),
                subject: "ahead.temperature-c".into(),
                text: format!("`{entity}` gave no forecast: {error}"),
                assumed: "what it said before".into(),
            };
            knowledge.weather(Vec::new(), vec![problem]);
            ASK_AGAIN
        }
    }
}

async fn nordpool_action(
    home: &HomeAssistant,
    knowledge: &Knowledge,
    config_entry: &str,
    area: &str,
    currency: Option<&str>,
) -> Duration {
    let state = home.state();
    if !state.link.is_up() {
        return Duration::from_secs(2);
    }
    let rules = Rules::new(format!("nordpool.get_prices_for_date of {area}"));
    let today = Timestamp::now().to_zoned_datetime(market_zone()).date();
    let mut parsed = Document::default();
    let mut pause = ASK;
    for day in [Some(today), today.tomorrow().ok()].into_iter().flatten() {
        let mut data = serde_json::json!({ "config_entry": config_entry, "date": day.to_string(), "areas": [area] });
        if let Some(currency) = currency.or(state.currency.as_deref()) {
            data["currency"] = currency.into();
        }
        match home.call_action("nordpool", "get_prices_for_date", data).await {
            Ok(answer) => {
                let part = prices::nordpool::parse(&answer, Some(area), None, &rules);
                parsed.slots.extend(part.slots);
                parsed.problems.extend(part.problems);
            }
            // Tomorrow is not out before the early afternoon; that is no problem.
            Err(error) if day == today => {
                parsed.problems.push(problem(&rules, format!("the action failed: {error}")));
                pause = ASK_AGAIN;
            }
            Err(error) => tracing::debug!(%error, "no prices of tomorrow yet"),
        }
    }
    enter(knowledge, "nordpool", parsed);
    pause
}

/// Market days are Central European days, wherever the home is.
fn market_zone() -> TimeZone {
    TimeZone::get("Europe/Brussels").unwrap_or(TimeZone::UTC)
}

fn csv(knowledge: &Knowledge, file: &Path, column: &str, seen: Option<SystemTime>) -> Option<SystemTime> {
    let rules = Rules::new(file.display().to_string());
    let modified = std::fs::metadata(file).and_then(|m| m.modified()).ok();
    if modified.is_some() && modified == seen {
        return seen;
    }
    match std::fs::read_to_string(file) {
        Ok(text) => enter(knowledge, "csv", prices::csv::parse(&text, column, Unit::PER_KWH, &rules)),
        Err(error) => enter(knowledge, "csv", failed(&rules, format!("{}: {error}", file.display()))),
    }
    modified
}

/// A price that never changes, for as far as anyone looks.
fn fixed(price_per_kwh: f64, now: Timestamp) -> PriceSlot {
    let start = model::slot::start_of(now);
    let end = start.checked_add(SignedDuration::from_hours(72)).unwrap_or(Timestamp::MAX);
    PriceSlot { start, end, price_per_kwh }
}

fn failed(rules: &Rules, text: String) -> Document {
    Document { problems: vec![problem(rules, text)], ..Document::default() }
}

fn problem(rules: &Rules, text: String) -> Problem {
    Problem {
        code: "missing".into(),
        subject: "ahead.import-price".into(),
        text,
        assumed: format!("what {} said before", rules.subject),
    }
}

fn enter(knowledge: &Knowledge, origin: &str, parsed: Document) {
    for problem in &parsed.problems {
        tracing::debug!(subject = problem.subject, code = problem.code, "{}", problem.text);
    }
    knowledge.prices(origin, &parsed.slots, parsed.problems);
}
