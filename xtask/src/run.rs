//! `cargo xtask run`.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::build;
use crate::shell::{program, say, shown, target_dir};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask run [DAEMON ARGUMENTS]

Builds what is missing and starts the daemon with its page. Without a configuration it runs a simulated
home. All arguments go to `wattwright run`, for instance:

  --config home.toml        a real home; see examples/homes
  --mode advise|control     whether commands are sent; overrides the configuration
  --listen 127.0.0.1:8420   address of the page

`wattwright run --help` lists them all: cargo xtask run -- --help";

/// Runs the command. Does not return when the daemon starts.
pub fn run(arguments: &[String]) -> Result<()> {
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    build::all()?;
    let mut daemon = program(target_dir().join("release/wattwright"));
    daemon.current_dir(std::env::current_dir().context("the current folder is gone")?);
    daemon.arg("run").args(arguments);
    say(shown(&daemon));
    Err(daemon.exec()).with_context(|| format!("cannot start `{}`", shown(&daemon)))
}
