//! Weeks of a simulated home in which everything goes wrong, at high speed: the real controller, engine, strategies,
//! guard and journal, by a clock that passes when it is told to. `cargo xtask chaos` runs it.

mod clock;
mod faults;
#[path = "../../../host/engine/src/guests.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is the engine's tests', and not all of it is needed here")]
mod guests;
mod hostile;
mod judge;
mod place;
mod record;
#[path = "../../../host/daemon/src/recorder.rs"]
mod recorder;
mod run;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use engine::{Engine, EngineConfig};
use run::{Outcome, Strategies};

/// Runs weeks in which everything goes wrong, and says what did not stay true.
#[derive(Parser)]
struct Arguments {
    /// How many seeds, from 1 on
    #[arg(long, default_value_t = 20, conflicts_with = "seed")]
    seeds: u64,
    /// One seed alone
    #[arg(long)]
    seed: Option<u64>,
    /// How long each of them lasts
    #[arg(long, default_value_t = 7.0)]
    days: f64,
    /// One line of JSON for each seed
    #[arg(long)]
    json: bool,
    /// Print on standard error what goes wrong and what is sent
    #[arg(long)]
    trace: bool,
    /// Where the shipped strategies are
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins"))]
    plugins: PathBuf,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let (engine, strategies) = prepare(&arguments.plugins)?;
    let seeds = arguments.seed.map_or(1..=arguments.seeds, |seed| seed..=seed);
    let mut all_good = true;
    for seed in seeds {
        let outcome = run::run(seed, arguments.days, &engine, &strategies, arguments.trace)?;
        all_good &= outcome.is_good();
        if arguments.json { println!("{}", serde_json::to_string(&outcome)?) } else { print(&outcome) }
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn prepare(plugins: &std::path::Path) -> Result<(Engine, Strategies)> {
    // An endless loop should cost little.
    let engine = Engine::new(EngineConfig { fuel: 200_000_000, ..EngineConfig::default() })?;
    Ok((engine, hostile::all(plugins)?))
}

fn print(outcome: &Outcome) {
    let Outcome { seed, days, faults, ticks, commands_sent, kills, hours_judged, worst_recovery_ticks, .. } = outcome;
    let word = if outcome.is_good() { "good" } else { "BAD " };
    println!(
        "seed {seed:>3}: {word} {days} days, {faults} faults ({kills} kills), {ticks} ticks, {commands_sent} commands, \
         {hours_judged:.0} h judged; at the worst control was back with tick {worst_recovery_ticks}"
    );
    for problem in outcome.problems.iter().take(20) {
        println!("          {problem}");
    }
    if outcome.problems.len() > 20 {
        println!("          and {} more", outcome.problems.len() - 20);
    }
    if !outcome.is_good() {
        println!("          again: cargo xtask chaos --seed {seed} --days {days}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_in_which_everything_goes_wrong() {
        let (engine, strategies) = prepare(&Arguments::parse_from(["chaos"]).plugins).unwrap();
        for seed in [1, 2] {
            let outcome = run::run(seed, 1.0, &engine, &strategies, false).unwrap();
            assert!(outcome.is_good(), "cargo xtask chaos --seed {seed} --days 1: {:#?}", outcome.problems);
            assert!(outcome.faults > 20 && outcome.kills > 0 && outcome.commands_sent > 100, "{outcome:?}");
        }
    }
}
