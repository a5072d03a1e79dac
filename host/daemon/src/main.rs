//! The binary: what was typed, to the command that does it.

mod background;
mod bill;
mod cli;
mod commands;
mod config;
mod evaluation;
mod feeds;
mod hand;
mod heartbeat;
mod house;
mod lab;
mod lease;
mod log;
mod manager;
mod overview;
mod past;
mod recorder;
mod roster;
mod sample;
mod sandboxed;
mod scores;
mod shipped;
mod site;
mod supervisor;
mod trial;
mod what_if;
mod wiring;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};
use log::Log;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before all else, since it is bounded from its first step on.
    if let Command::Compile(limits) = &cli.command {
        return commands::compile::run(limits);
    }
    // Commands that look once say themselves what is wrong.
    let level = if matches!(cli.command, Command::Run(_)) { "info" } else { "off" };
    let filter = EnvFilter::try_from_env("WATTWRIGHT_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let ansi = std::io::stderr().is_terminal();
    let log = Log::default();
    let lines = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(lines).with(log.clone()).init();
    match run(cli.command, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wattwright: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, log: Log) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Run(args) => commands::run::run(args, log).await,
            Command::Check(args) => commands::check::run(args).await,
            Command::Tick(args) => commands::tick::run(args).await,
            Command::Evaluate(args) => commands::evaluate::run(&args),
            Command::Backtest(args) => commands::backtest::run(&args),
            Command::Replay(args) => commands::replay::run(&args),
            Command::Override(args) => commands::hand::set(args).await,
            Command::Pause { daemon, lasts } => commands::hand::pause(daemon, lasts).await,
            Command::Resume(daemon) => commands::hand::resume(daemon).await,
            Command::Health(daemon) => commands::hand::health(daemon).await,
            Command::Scores(args) => commands::scores::run(&args),
            Command::Setup(command) => commands::setup::run(&command),
            Command::Strategy(command) => commands::strategy::run(command),
            Command::User(command) => commands::user::run(command),
            Command::Token(command) => commands::token::run(command),
            Command::Backup(args) => commands::backup::run(&args),
            Command::Compile(_) => unreachable!("done before"),
        }
    })
}
