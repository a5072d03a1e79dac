//! `wattwright setup`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use home::homeassistant::dead_man;
use model::Mode;

use super::say;
use crate::cli::SetupCommand;
use crate::{config, heartbeat};

/// Does what was typed.
pub fn run(command: &SetupCommand) -> Result<()> {
    match command {
        SetupCommand::DeadMan { config } => print_dead_man(config),
    }
}

fn print_dead_man(path: &Path) -> Result<()> {
    let config = config::load(path)?;
    let heartbeat = config.heartbeat.with_context(|| {
        format!(
            "{}: set `heartbeat = \"input_datetime.wattwright_heartbeat\"` in [homeassistant] first, so that Wattwright \
             shows that it is alive",
            path.display()
        )
    })?;
    let commanded: Vec<_> =
        config.setup.batteries.iter().filter(|battery| battery.mode == Mode::Control).map(|b| b.id.clone()).collect();
    if commanded.is_empty() {
        bail!("{}: no battery is in `mode = \"control\"`, so that there is nothing to stop", path.display());
    }
    say("# For Home Assistant's configuration.yaml: when Wattwright's machine dies, the batteries are told to hold.");
    say(dead_man(&config.entities, &commanded, &heartbeat, heartbeat::SILENT));
    if let Some(lease) = &config.lease {
        say("# By which several Wattwrights agree on which of them commands the home:");
        say(format!("input_text:\n  {}:\n    name: Wattwright lease\n", lease.name()));
    }
    Ok(())
}
