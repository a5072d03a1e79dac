//! `cargo xtask chaos`.

use anyhow::Result;

use crate::plugins;
use crate::shell::{cargo, program, say, shown, succeed, target_dir};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask chaos [--seeds N | --seed N] [--days D] [--json]

Simulated weeks in which everything goes wrong, at high speed: links, restarts, kills, clocks, the disk, sensors,
other writers, hostile strategies. Prints of each seed what did not stay true, and fails when there is any.

  --seeds N  seeds 1 to N; 20 without it
  --seed N   one seed alone
  --days D   how long each of them lasts; 7 without it
  --json     one line of JSON for each seed";

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    plugins::build(false)?;
    // As the tests are built, so that nothing is built twice.
    succeed(cargo().args(["build", "--workspace", "--all-targets"]))?;
    let mut chaos = program(target_dir().join("debug/chaos"));
    chaos.args(arguments);
    say(shown(&chaos));
    succeed(&mut chaos)
}
