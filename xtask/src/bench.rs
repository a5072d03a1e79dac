//! `cargo xtask bench`.

use anyhow::Result;

use crate::plugins;
use crate::shell::{cargo, say, succeed};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask bench [FILTER]

Measures a whole tick with the rule-based strategy on 192 slots: in its sandbox, and the same code called
natively.";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    plugins::build(false)?;
    say("cargo bench: the tick, sandboxed and native");
    succeed(cargo().args(["bench", "-p", "wattwright-control", "--bench", "tick", "--"]).args(arguments))
}
