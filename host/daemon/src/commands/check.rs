//! `wattwright check`.

use std::sync::Arc;

use ::feeds::Skies;
use anyhow::{Result, bail};
use control::{Data, snapshot};
use forecast::Tariff;
use home::Home;
use home::homeassistant::HomeAssistant;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use model::slot;

use super::say;
use crate::cli::HomeArgs;
use crate::config::{PriceSources, SkySources};
use crate::wiring::{self, Place};
use crate::{feeds, past, shipped};
use knowledge::{AHEAD, Knowledge};

/// Of what is named while too little was measured.
const COLD_START: &str = "cold-start";

/// Says what is wrong with a configuration and with what it names. Fails when something is.
pub async fn run(args: HomeArgs) -> Result<()> {
    let parts = wiring::assemble(args.config.as_deref(), None)?;
    let mut problems = Vec::new();
    let library = shipped::library(parts.strategies.as_deref().filter(|folder| folder.exists()), None)?;
    for name in &parts.roster.active {
        match library.current(name) {
            None => problems.push(format!("strategies.order: no strategy `{name}` is in the folder or shipped")),
            Some(strategy) => {
                if let Err(found) = strategy.complete_settings(&parts.roster.member(name).settings) {
                    problems
                        .extend(found.iter().map(|p| format!("strategies.settings.{name}{}: {}", p.path, p.message)));
                }
            }
        }
    }
    wiring::connected(&parts.place).await?;
    if let Place::Real { home, prices, sky, .. } = &parts.place {
        problems.extend(home.validate().await?.iter().map(ToString::to_string));
        problems.extend(check_prices(prices, &parts.tariff, home).await?);
        let knowledge = Knowledge::new(parts.tariff.clone(), None);
        feeds::prices::once(prices, home, &knowledge).await?;
        let learned = past::glance(home, &parts.setup, &knowledge).await;
        let now = Timestamp::now();
        // Too short a past is nobody's fault.
        let (short, known): (Vec<_>, Vec<_>) =
            knowledge.known(now).problems.into_iter().partition(|problem| problem.code == COLD_START);
        if !prices.import.is_empty() {
            // Sources of which each is in order need not have a price for the present.
            let texts = known.into_iter().map(|problem| problem.text);
            problems
                .extend(texts.filter(|text| !problems.iter().any(|named| named.ends_with(text))).collect::<Vec<_>>());
        }
        match learned {
            Ok(()) => short.iter().for_each(|problem| say(format!("note: the recorder has little: {}", problem.text))),
            Err(error) => say(format!("note: the recorder's past could not be read: {error:#}")),
        }
        let zone = snapshot::timezone(&snapshot::timezone_name(&parts.setup, &home.state()));
        problems.extend(check_sky(sky, home, &zone).await?);
        say(format!("Prices of today per kWh, VAT included:\n{}", knowledge.table(now, &zone)));
        let state = home.state();
        say(format!(
            "Home Assistant: time zone {}, currency {}",
            state.timezone.as_deref().unwrap_or("unknown"),
            state.currency.as_deref().unwrap_or("unknown")
        ));
    }
    if problems.is_empty() {
        say("All is well.");
        return Ok(());
    }
    bail!("{} to mend:\n  {}", count(problems.len()), problems.join("\n  "));
}

/// Asks every source, also those that are there only for when others fail.
async fn check_prices(sources: &PriceSources, tariff: &Tariff, home: &Arc<HomeAssistant>) -> Result<Vec<String>> {
    if sources.import.is_empty() && tariff.needs_market() {
        say("note: no prices are configured; strategies will not know when energy is cheap");
    }
    let mut problems = Vec::new();
    let now = Timestamp::now();
    let later = now.checked_add(AHEAD)?;
    let import = sources.import.iter().map(|source| ("source", source));
    for (field, source) in import.chain(sources.feed_in.iter().map(|source| ("feed_in_source", source))) {
        let prices = feeds::prices::alone(source, sources, home).await?;
        let name = source.name();
        problems.extend(prices.problems(now, later).iter().map(|p| format!("prices.{field} `{name}`: {}", p.text)));
        match prices.shelf.known_until() {
            Some(until) => say(format!("prices from {name}: known until {until}")),
            None => say(format!("prices from {name}: none")),
        }
    }
    Ok(problems)
}

/// Asks every source of weather and sun, also those that are there only for when others fail.
async fn check_sky(sources: &SkySources, home: &Arc<HomeAssistant>, zone: &TimeZone) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let now = Timestamp::now();
    for source in &sources.weather {
        let skies = feeds::sky::weather_alone(source, sources, home, now).await?;
        let name = source.name();
        problems.extend(skies.problems(now).iter().map(|p| format!("weather.source `{name}`: {}", p.text)));
        say(format!("weather from {name}: {}", known_until(&skies)));
    }
    let today = zone.to_datetime(now).date();
    let midnight = |day: Date| zone.to_timestamp(day.to_datetime(Time::midnight()));
    let (today_ends, tomorrow_ends) = (midnight(today.tomorrow()?)?, midnight(today.tomorrow()?.tomorrow()?)?);
    for source in &sources.solar {
        let skies = feeds::sky::solar_alone(source, sources, home, now).await?;
        let name = source.name();
        problems.extend(skies.problems(now).iter().map(|p| format!("solar.source `{name}`: {}", p.text)));
        let kwh = |from, until| skies.solar_of(slot::starts(from, until)).iter().flatten().sum::<f64>() / 4_000.0;
        let (today, tomorrow) = (kwh(now, today_ends), kwh(today_ends, tomorrow_ends));
        let sums = format!("{today:.1} kWh in what is left of today, {tomorrow:.1} kWh tomorrow");
        say(format!("sun from {name}: {}; {sums}", known_until(&skies)));
    }
    Ok(problems)
}

fn known_until(skies: &Skies) -> String {
    let until = skies.status.iter().filter_map(|status| status.known_until).max();
    until.map_or_else(|| "nothing".to_owned(), |until| format!("known until {until}"))
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 thing".into() } else { format!("{problems} things") }
}
