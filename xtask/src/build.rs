//! `cargo xtask build`.

use anyhow::{Result, bail};

use crate::shell::{cargo, say, succeed, target_dir};
use crate::{plugins, web};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask build

Builds the strategies (WebAssembly), the page and the daemon, as `target/release/wattwright`.";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        bail!("`build` takes no argument: {argument}");
    }
    all()?;
    say(format!("built: {}", target_dir().join("release/wattwright").display()));
    Ok(())
}

/// Builds everything that the daemon needs, then the daemon.
pub fn all() -> Result<()> {
    plugins::build(false)?;
    web::build()?;
    say("the daemon: cargo build --release (the first time takes some minutes)");
    succeed(cargo().args(["build", "--release", "-p", "wattwright", "--bin", "wattwright"]))
}
