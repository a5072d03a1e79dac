//! `wattwright setup`.

use std::path::Path;

use anyhow::{Context, Result};
use home::homeassistant::dead_man;

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
    say("# For Home Assistant's configuration.yaml: when Wattwright's machine dies, the batteries are told to hold.");
    say(dead_man(&config.entities, &heartbeat, heartbeat::SILENT));
    Ok(())
}
