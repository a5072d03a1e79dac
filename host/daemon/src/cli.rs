//! What people type.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::Mode;

/// Runs a home's battery, plugs and lights by strategies that people write themselves.
#[derive(Debug, Parser)]
#[command(name = "wattwright", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the home: gather, decide, judge, carry out, and show it on the page.
    ///
    /// Without --config a simulated home is run: a year of data, real physics, no hardware.
    Run(Run),
    /// Check a configuration, and the entities that it names in the live Home Assistant.
    ///
    /// Ends with status 1 when something has to be mended, and says what and how.
    Check(HomeArgs),
    /// Make one pass through the chain and print it. Nothing is sent.
    Tick(TickArgs),
    /// Ask a strategy about a snapshot, away from any home, and print its plan and the guard's verdicts.
    Evaluate(Evaluate),
    /// List and check strategies.
    #[command(subcommand)]
    Strategy(StrategyCommand),
    /// Compile one strategy from standard input to standard output. `run` starts itself so.
    #[command(hide = true)]
    Compile(Compile),
}

#[derive(Debug, Args)]
pub struct HomeArgs {
    /// The home's configuration (TOML); without it, the simulated home.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub home: HomeArgs,
    /// For all targets, whatever the configuration says: `advise` sends nothing.
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Address of the page; on this machine only, since there are no accounts yet.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    pub listen: SocketAddr,
    /// Where the journal is kept; by default a folder for each home under the user's state folder.
    #[arg(long, value_name = "FOLDER", env = "WATTWRIGHT_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where strategies are dropped in, instead of the folder that the configuration names.
    #[arg(long, value_name = "FOLDER")]
    pub strategies: Option<PathBuf>,
    /// Ask this strategy first; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub strategy: Vec<String>,
    /// State of charge at which the simulated battery begins, percent. What two days of self-consumption
    /// leave is often an empty battery, which shows little.
    #[arg(long, value_name = "PERCENT", default_value_t = 55.0, conflicts_with = "config")]
    pub simulated_soc: f64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ModeArg {
    /// Show what would be done; send nothing.
    Advise,
    /// Also carry it out.
    Control,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Advise => Mode::Advise,
            ModeArg::Control => Mode::Control,
        }
    }
}

#[derive(Debug, Args)]
pub struct TickArgs {
    #[command(flatten)]
    pub home: HomeArgs,
    /// Where strategies are dropped in, instead of the folder that the configuration names.
    #[arg(long, value_name = "FOLDER")]
    pub strategies: Option<PathBuf>,
    /// Print JSON: snapshot, settings, memory, strategy, plan, verdicts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Evaluate {
    /// A `.wasm` file, or the name of a shipped strategy such as `rule-based`.
    #[arg(long, value_name = "FILE|NAME")]
    pub strategy: String,
    /// A snapshot, or a whole tick with one, as `tick --json` prints it.
    #[arg(long, value_name = "FILE")]
    pub snapshot: PathBuf,
    /// The strategy's settings (JSON).
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Changes one value before deciding: `settings.min_gain_per_kwh=0.1`, `snapshot.batteries.0.soc_pct=12`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Compile {
    /// Address space that may be taken.
    #[arg(long, value_name = "BYTES")]
    pub memory_bytes: u64,
    /// Time of the processor that may be taken.
    #[arg(long, value_name = "SECONDS")]
    pub processor_s: u64,
}

#[derive(Debug, Subcommand)]
pub enum StrategyCommand {
    /// List the strategies that `run` would find.
    List {
        #[command(flatten)]
        home: HomeArgs,
        /// Where strategies are dropped in, instead of the folder that the configuration names.
        #[arg(long, value_name = "FOLDER")]
        strategies: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say whether a strategy would be accepted, and what it is.
    ///
    /// Loads it, asks it to describe itself and lets it decide twice on a sample day. Ends with status 1
    /// when it has a problem.
    Check {
        /// A `.wasm` file, or the name of a shipped strategy.
        #[arg(value_name = "FILE|NAME")]
        strategy: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}
