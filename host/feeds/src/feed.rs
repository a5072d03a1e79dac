//! Asks one source, whatever kind it is.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;

use forecast::PriceSlot;
use forecast::prices::{
    Document, Heading, Rules, csv, energi_data_service, entsoe, epex_spot, nordpool, nordpool_lists, octopus, tibber,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::http::{Http, HttpError};
use crate::port::HomePort;
use crate::query;
use crate::source::{Kind, RawSource, Source};

/// How far a fixed price is written ahead.
const FIXED_AHEAD: SignedDuration = SignedDuration::from_hours(72);

/// Why a source gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Over HTTP.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A file with a secret cannot be read.
    #[error("{}: {text}", .file.display())]
    Secret {
        /// Which file.
        file: PathBuf,
        /// Why.
        text: String,
    },
    /// Through Home Assistant.
    #[error("Home Assistant: {0}")]
    Home(String),
    /// A file of prices cannot be read.
    #[error("{}: {text}", .file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        text: String,
    },
    /// It is not known where the home is.
    #[error("it is not known where the home is; set `latitude` and `longitude` in [home]")]
    Nowhere,
    /// The answer has nothing in it that can be used.
    #[error("{0}")]
    Useless(String),
}

impl FetchError {
    /// The message with those of its causes.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// Asks a source at `now`; its documents in the order of its bases. None: it has nothing yet.
pub(crate) async fn ask(
    source: &Source,
    http: &Http,
    home: Option<&Arc<dyn HomePort>>,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Document>, FetchError> {
    match &source.kind {
        Kind::Http { base, code } => query::ask(http, &source.raw, base, code, &source.horizon, rules, now).await,
        Kind::Csv { unit } => match &source.raw {
            RawSource::Csv { file, column, includes, .. } => {
                let text = tokio::fs::read_to_string(file)
                    .await
                    .map_err(|error| FetchError::File { file: file.clone(), text: error.to_string() })?;
                // A file may have a whole year.
                let mut document = csv::parse(&text, column, *unit, &Rules { around: None, ..rules.clone() });
                document.heading.basis = *includes;
                Ok(vec![document])
            }
            _ => Ok(Vec::new()),
        },
        Kind::Fixed => match &source.raw {
            RawSource::Fixed { price_per_kwh } => Ok(vec![fixed(*price_per_kwh, now)]),
            _ => Ok(Vec::new()),
        },
        Kind::Home | Kind::Mapped(_) => match home {
            Some(home) => through_home(source, home.as_ref(), rules, now).await,
            None => Err(FetchError::Home("there is no connection to one".into())),
        },
    }
}

fn fixed(price_per_kwh: f64, now: Timestamp) -> Document {
    let start = model::slot::start_of(now);
    let end = start.checked_add(FIXED_AHEAD).unwrap_or(Timestamp::MAX);
    let slots = vec![PriceSlot { start, end, price_per_kwh }];
    Document { heading: Heading { origin: "fixed".into(), ..Heading::default() }, slots, problems: Vec::new() }
}

async fn through_home(
    source: &Source,
    home: &dyn HomePort,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<Document>, FetchError> {
    let attributes = |entity: &str| {
        home.attributes(entity).ok_or_else(|| FetchError::Home(format!("there is no entity `{entity}`")))
    };
    let document = match (&source.raw, &source.kind) {
        (RawSource::NordpoolSensor { entity, includes }, _) => {
            nordpool_lists::parse(&attributes(entity)?, *includes, rules)
        }
        (RawSource::EpexSpotSensor { entity, includes }, _) => epex_spot::parse(&attributes(entity)?, *includes, rules),
        (RawSource::EntsoeSensor { entity, includes }, _) => {
            let attributes = attributes(entity)?;
            let unit = attributes.get("unit_of_measurement").and_then(Value::as_str).unwrap_or_default();
            entsoe::sensor(&attributes, unit, *includes, rules)
        }
        (RawSource::EnergiDataServiceSensor { entity, includes }, _) => {
            energi_data_service::sensor(&attributes(entity)?, *includes, rules)
        }
        (RawSource::Sensor { entity, .. }, Kind::Mapped(mapped)) => mapped.parse(&attributes(entity)?, rules),
        (RawSource::OctopusEvents { entities }, _) => {
            let mut whole = Document::default();
            for entity in entities {
                let attributes = attributes(entity)?;
                // The next day's event has no rates before they are out.
                if attributes.get("rates").is_none_or(Value::is_null) && !whole.slots.is_empty() {
                    continue;
                }
                let day = octopus::event(&attributes, rules);
                whole.heading = day.heading;
                whole.slots.extend(day.slots);
                whole.problems.extend(day.problems);
            }
            whole
        }
        (RawSource::NordpoolAction { config_entry, area, currency }, _) => {
            let currency = currency.as_deref().or(rules.currency.as_deref());
            nordpool_action(source, home, (config_entry, area, currency), rules, now).await?
        }
        (RawSource::TibberAction { home: name }, _) => {
            let day = |days| source.horizon.midnight_after(now, days).to_string();
            let data = json!({ "start": day(0), "end": day(2) });
            let answer = home.call_action("tibber", "get_prices", data).await.map_err(FetchError::Home)?;
            tibber::action(&answer, name.as_deref(), rules)
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![document])
}

async fn nordpool_action(
    source: &Source,
    home: &dyn HomePort,
    (config_entry, area, currency): (&str, &str, Option<&str>),
    rules: &Rules,
    now: Timestamp,
) -> Result<Document, FetchError> {
    let today = source.horizon.today(now);
    let mut whole: Option<Document> = None;
    for day in [Some(today), today.tomorrow().ok()].into_iter().flatten() {
        let mut data = json!({ "config_entry": config_entry, "date": day.to_string(), "areas": [area] });
        if let Some(currency) = currency {
            data["currency"] = currency.into();
        }
        match home.call_action("nordpool", "get_prices_for_date", data).await {
            Ok(answer) => {
                let document = nordpool::parse(&answer, Some(area), currency, rules);
                match &mut whole {
                    None => whole = Some(document),
                    Some(whole) => {
                        whole.slots.extend(document.slots);
                        whole.problems.extend(document.problems);
                    }
                }
            }
            // Tomorrow is not out before the early afternoon; that is no problem.
            Err(error) if day != today => tracing::debug!(%error, "no prices of tomorrow yet"),
            Err(error) => return Err(FetchError::Home(error)),
        }
    }
    Ok(whole.unwrap_or_default())
}
