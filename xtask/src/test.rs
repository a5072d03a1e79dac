//! `cargo xtask test`.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::shell::{cargo, say, succeed, succeeds};
use crate::{plugins, tools, web};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask test [STEP...]

Prepares what the tests need, then runs all checks and tests and stops at the first that fails:

  format  cargo fmt --check
  deny    licences and banned crates, where cargo-deny is installed
  web     checks of the page
  clippy  cargo clippy, warnings are errors
  build   host and tests, development profile
  host    unit and integration tests of every crate
  e2e     end to end: a real Home Assistant with simulated devices, Chromium

With names of steps only those are run. Home Assistant's Python environment is kept in
`$WATTWRIGHT_TEST_CACHE`, else `$XDG_CACHE_HOME/wattwright` or `~/.cache/wattwright`.";

/// All end-to-end tests have this in front of their name, which no other test has.
const E2E: &str = "e2e::";

struct Step {
    name: &'static str,
    title: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: [Step; 7] = [
    Step { name: "format", title: "Format", run: || succeed(cargo().args(["fmt", "--all", "--check"])) },
    Step { name: "deny", title: "Licences and bans", run: deny },
    Step { name: "web", title: "Checks of the page", run: check_web },
    Step { name: "clippy", title: "Clippy", run: clippy },
    Step { name: "build", title: "Build of host and tests", run: build },
    Step { name: "host", title: "Tests of every crate", run: test_host },
    Step { name: "e2e", title: "End to end", run: test_end_to_end },
];

enum State {
    Passed(Duration),
    Failed(Duration),
    NotRun,
}

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str())) {
        bail!("there is no step `{unknown}`; `cargo xtask test --help` lists them");
    }
    let prepare = Step { name: "prepare", title: "Preparation", run: prepare };
    let chosen = STEPS.iter().filter(|step| arguments.is_empty() || arguments.iter().any(|name| name == step.name));
    let steps: Vec<&Step> = std::iter::once(&prepare).chain(chosen).collect();

    let mut states = Vec::new();
    let mut failure = None;
    for (index, step) in steps.iter().enumerate() {
        if failure.is_some() {
            states.push(State::NotRun);
            continue;
        }
        println!("\n──── {}/{}  {} ────", index + 1, steps.len(), step.title);
        let started = Instant::now();
        match (step.run)() {
            Ok(()) => states.push(State::Passed(started.elapsed())),
            Err(error) => {
                states.push(State::Failed(started.elapsed()));
                failure = Some(error.context(format!("{} failed", step.title)));
            }
        }
    }
    summarize(&steps, &states);
    failure.map_or(Ok(()), Err)
}

fn summarize(steps: &[&Step], states: &[State]) {
    println!("\n──── Summary ────");
    for (step, state) in steps.iter().zip(states) {
        let (word, time) = match state {
            State::Passed(time) => ("passed", Some(time)),
            State::Failed(time) => ("FAILED", Some(time)),
            State::NotRun => ("not run", None),
        };
        let time = time.map_or_else(String::new, |time| format!("{:>7.1} s", time.as_secs_f64()));
        println!("  {:<8} {:<26} {time}", word, step.title);
    }
}

/// Prepares what the tests need.
pub fn prepare() -> Result<()> {
    tools::rust_components()?;
    plugins::build(true)?;
    web::build()?;
    tools::chromium()?;
    tools::mosquitto()?;
    tools::home_assistant()
}

fn deny() -> Result<()> {
    if !succeeds(cargo().args(["deny", "--version"])) {
        say("not checked: `cargo install --locked cargo-deny` installs what checks licences and banned crates");
        return Ok(());
    }
    // Advisories are fetched: `cargo deny check` looks at them, too.
    succeed(cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}

fn check_web() -> Result<()> {
    succeed(web::npm()?.args(["run", "--silent", "check"]))
}

fn clippy() -> Result<()> {
    succeed(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

// The whole workspace is named each time, although not all of it is meant: cargo chooses the features of
// shared dependencies by what is named, and would build them again for every other choice.

fn build() -> Result<()> {
    succeed(cargo().args(["build", "--workspace", "--all-targets"]))
}

fn test_host() -> Result<()> {
    succeed(cargo().args(["test", "--workspace", "--", "--skip", E2E]))
}

fn test_end_to_end() -> Result<()> {
    let mut tests: Command = cargo();
    // Where an expectation failed in a test says enough.
    tests.env("CHROMIUM", tools::chromium()?).env("RUST_LIB_BACKTRACE", "0");
    // One after the other: the page's test would take the time of those with a deadline.
    succeed(tests.args(["test", "--workspace", "--test", "e2e", "--", "--test-threads", "1"]))
}
