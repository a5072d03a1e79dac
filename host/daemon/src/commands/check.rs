//! `wattwright check`.

use anyhow::{Result, bail};
use home::Home;

use super::say;
use crate::cli::HomeArgs;
use crate::wiring::{self, Place};
use crate::{feeds, shipped};

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
    if let Place::Real { home, prices, .. } = &parts.place {
        problems.extend(home.validate().await?.iter().map(ToString::to_string));
        match prices {
            None => say("note: no prices are configured; strategies will not know when energy is cheap"),
            Some(source) => {
                let knowledge = crate::knowledge::Knowledge::new(parts.tariff, None, Vec::new());
                feeds::once(source, home, &knowledge).await;
                let known = control::Data::known(&knowledge, jiff::Timestamp::now());
                problems.extend(known.problems.iter().map(|p| format!("prices.import: {}", p.text)));
                for source in &known.sources {
                    if let Some(until) = source.known_until {
                        say(format!("{} from {}: known until {until}", source.column, source.origin));
                    }
                }
            }
        }
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

fn count(problems: usize) -> String {
    if problems == 1 { "1 thing".into() } else { format!("{problems} things") }
}
