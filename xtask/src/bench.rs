//! `cargo xtask bench`.

use anyhow::Result;

use crate::plugins;
use crate::shell::{cargo, say, succeed};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask bench [--json]

Measures a whole tick with the rule-based strategy on 192 slots: in its sandbox, and the same code called
natively. With `--json` a list of {name, value, unit, floor, ratio}; the native run is the floor.";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    plugins::build(false)?;
    say("cargo bench: the tick, sandboxed and native");
    succeed(cargo().args(["bench", "-p", "wattwright-control", "--bench", "tick", "--"]).args(arguments))
}
