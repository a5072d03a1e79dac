//! Builds, runs and tests Wattwright. Everything that is missing is prepared on the way; a step that
//! has nothing to do costs next to nothing.
//!
//! ```text
//! cargo xtask run      # plugins, page, daemon; then a live page with a simulated home
//! cargo xtask test     # all checks and tests, a real Home Assistant and Chromium included
//! ```
//!
//! Only std and anyhow, so that it compiles in seconds.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod bench;
mod build;
mod chaos;
mod debian;
mod endurance;
mod fuzz;
mod plugins;
mod run;
mod shell;
mod stamp;
mod test;
mod tools;
mod wasm;
mod web;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  run    build all and start the daemon with its page; without a configuration on a simulated home
  build  build the strategies, the page and the daemon, without starting it
  test   prepare what the tests need, then run all checks and tests
  bench  measure a whole tick
  fuzz   feed what reads strangers' bytes with mutated ones
  chaos  simulated weeks in which everything goes wrong
  kills  kill the daemon at random moments, again and again
  soak   run the daemon for long and look whether anything grows

`cargo xtask COMMAND --help` says more. Every command prepares by itself what is missing.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let (command, rest) = arguments.split_first().map_or(("help", arguments), |(first, rest)| (first.as_str(), rest));
    let help = match command {
        "run" => run::HELP,
        "build" => build::HELP,
        "test" => test::HELP,
        "bench" => bench::HELP,
        "fuzz" => fuzz::HELP,
        "chaos" => chaos::HELP,
        "kills" => endurance::KILLS_HELP,
        "soak" => endurance::SOAK_HELP,
        "help" | "--help" | "-h" => HELP,
        other => bail!("there is no command `{other}`; `cargo xtask --help` lists them"),
    };
    if rest.first().is_some_and(|first| first == "--help" || first == "-h") {
        println!("{help}");
        return Ok(());
    }
    match command {
        "run" => run::run(rest),
        "build" => build::run(rest),
        "test" => test::run(rest),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "chaos" => chaos::run(rest),
        "kills" => endurance::kills(rest),
        "soak" => endurance::soak(rest),
        _ => {
            println!("{HELP}");
            Ok(())
        }
    }
}
