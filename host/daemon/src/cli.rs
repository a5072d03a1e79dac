//! What people type.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
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
    /// Play strategies through a home's past: what would it have cost?
    Backtest(Backtest),
    /// Decide a recorded tick again, and compare plans and verdicts byte for byte.
    ///
    /// Ends with status 1 when something differs.
    Replay(Replay),
    /// Show what each strategy would have cost on this home's own days, and who does better than the one in charge.
    Scores(Scores),
    /// Manage strategies, whether the home runs or not.
    #[command(subcommand)]
    Strategy(StrategyCommand),
    /// Manage who may use the page from other machines. A running home sees changes at once.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage the tokens by which programs use the API. A running home sees changes at once.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Copy the journal into a file, whether the home runs or not.
    Backup(Backup),
    /// Command a battery or device by hand for some time, in place of every strategy. The guard judges it all the
    /// same.
    Override(OverrideArgs),
    /// Let no strategy be heard for some time: what was taken over is given back.
    Pause {
        #[command(flatten)]
        daemon: DaemonArgs,
        /// For how long, such as `30m` or `2h`; a day at the most.
        #[arg(long = "for", value_name = "TIME", default_value = "1h")]
        lasts: SignedDuration,
    },
    /// End a pause before its time.
    Resume(DaemonArgs),
    /// Ask the daemon that runs whether all is well; ends with status 1 when it is not.
    Health(DaemonArgs),
    /// Prepare Home Assistant for Wattwright.
    #[command(subcommand)]
    Setup(SetupCommand),
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

/// The daemon that runs.
#[derive(Debug, Args)]
pub struct DaemonArgs {
    /// Its address, as `run --listen` has it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    pub server: SocketAddr,
    /// A file with a token, for a home with users; otherwise WATTWRIGHT_TOKEN has it, or it is made from the state
    /// folder by who may write there.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    #[command(flatten)]
    pub home: HomeArgs,
    /// Where the daemon keeps its journal, as for `run`.
    #[arg(long, value_name = "FOLDER", env = "WATTWRIGHT_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct OverrideArgs {
    #[command(flatten)]
    pub daemon: DaemonArgs,
    /// Battery or device.
    pub target: String,
    /// `hold`, `charge WATT`, `discharge WATT`, `balance`, `on`, `off` or `level NUMBER`.
    #[arg(required_unless_present = "clear")]
    pub command: Vec<String>,
    /// For how long, such as `30m` or `2h`; a day at the most.
    #[arg(long = "for", value_name = "TIME", default_value = "1h")]
    pub lasts: SignedDuration,
    /// End it before its time instead.
    #[arg(long, conflicts_with_all = ["command", "lasts"])]
    pub clear: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub home: HomeArgs,
    /// For all targets, whatever the configuration says: `advise` sends nothing.
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Address of the page. On any other than this machine's own, users sign in: `wattwright user add`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    pub listen: SocketAddr,
    /// A name under which the page is asked, besides localhost and addresses; may be given several times.
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
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

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user, or give one another role and password. The new password is printed once.
    Add(UserAdd),
    /// List all users.
    List(SiteArgs),
    /// Remove a user, who is signed out at once.
    Remove(UserRemove),
}

#[derive(Debug, Args)]
pub struct UserAdd {
    #[command(flatten)]
    pub site: SiteArgs,
    /// 1 to 40 of a-z, 0-9 and -.
    pub name: String,
    /// What they may do: look, use it from day to day, or also manage strategies.
    #[arg(long, value_enum)]
    pub role: RoleArg,
    /// Take the password from the first line of standard input instead of making one.
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Args)]
pub struct UserRemove {
    #[command(flatten)]
    pub site: SiteArgs,
    /// Whom.
    pub name: String,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token. It is printed once.
    Add(TokenAdd),
    /// List all tokens, without their secrets.
    List(SiteArgs),
    /// Revoke a token.
    Remove(TokenRemove),
}

#[derive(Debug, Args)]
pub struct TokenAdd {
    #[command(flatten)]
    pub site: SiteArgs,
    /// 1 to 40 of a-z, 0-9 and -.
    pub name: String,
    /// What it may be used for; may be given several times.
    #[arg(long, value_enum, required = true, value_delimiter = ',')]
    pub scope: Vec<ScopeArg>,
    /// How many days it is good for; by default until it is revoked.
    #[arg(long)]
    pub days: Option<i64>,
}

#[derive(Debug, Args)]
pub struct TokenRemove {
    #[command(flatten)]
    pub site: SiteArgs,
    /// Which.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// Look at everything, and replay decisions.
    Read,
    /// Override, pause, ask what if, and use the lab.
    Hand,
    /// Manage strategies.
    Strategies,
}

impl From<ScopeArg> for server::Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Read => Self::Read,
            ScopeArg::Hand => Self::Hand,
            ScopeArg::Strategies => Self::Strategies,
        }
    }
}

#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    pub site: SiteArgs,
    /// Where to; no file may be there yet.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleArg {
    /// Look at everything.
    Viewer,
    /// Also what a member of the household does from day to day.
    Member,
    /// Also manage strategies.
    Owner,
}

impl From<RoleArg> for server::UserRole {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Viewer => Self::Viewer,
            RoleArg::Member => Self::Member,
            RoleArg::Owner => Self::Owner,
        }
    }
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
pub struct Backtest {
    /// The home (TOML).
    #[arg(long, value_name = "FILE")]
    pub home: PathBuf,
    /// What was used, got from the sun and paid, slot by slot (CSV, also gzip).
    #[arg(long, value_name = "FILE")]
    pub series: PathBuf,
    /// A `.wasm` file, or the name of a shipped strategy; may be given several times.
    #[arg(long, value_name = "FILE|NAME", required = true)]
    pub strategy: Vec<String>,
    /// Settings (JSON) of all strategies.
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Plays each strategy once for each value of a setting; of several settings, once for each combination.
    #[arg(long, value_name = "KEY=A,B,…")]
    pub vary: Vec<String>,
    /// What strategies are told of the slots ahead.
    #[arg(long, value_enum, default_value = "known")]
    pub forecast: ForecastArg,
    /// State of charge at the beginning, percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0)]
    pub soc: f64,
    /// Only the first slots of the series.
    #[arg(long, value_name = "SLOTS")]
    pub slots: Option<usize>,
    /// Also say where each strategy loses against perfect foresight; takes four times as long.
    #[arg(long)]
    pub split: bool,
    /// Notes each decision in this file; when it is there already, goes on from where it ends.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Draws what was saved, day by day, into this file (SVG).
    #[arg(long, value_name = "FILE")]
    pub chart: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ForecastArg {
    /// What would have been known then: prices of tomorrow from 13:00 on, load and sun by the daemon's models.
    Known,
    /// What came.
    Perfect,
}

#[derive(Debug, Args)]
pub struct Replay {
    #[command(flatten)]
    pub site: SiteArgs,
    /// A tick's id in the journal, or a file that `--export` wrote.
    #[arg(value_name = "TICK|FILE")]
    pub tick: String,
    /// Let this one decide instead, and show where its plan differs: a `.wasm` file, or the name of a strategy
    /// of this home.
    #[arg(long, value_name = "FILE|NAME")]
    pub strategy: Option<String>,
    /// Do not replay it; write it into a file with all that its replay needs, `-` for standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "strategy")]
    pub export: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Scores {
    #[command(flatten)]
    pub site: SiteArgs,
    /// The first day, such as `2026-11-24`; by default 30 days before the last.
    #[arg(long, value_name = "DAY")]
    pub from: Option<jiff::civil::Date>,
    /// The last day; by default today.
    #[arg(long, value_name = "DAY")]
    pub until: Option<jiff::civil::Date>,
    /// Print JSON: days, proposals.
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

/// Where a home's strategies and its journal are: as for `run`.
#[derive(Debug, Args)]
pub struct SiteArgs {
    #[command(flatten)]
    pub home: HomeArgs,
    /// Where the journal is kept; by default a folder for each home under the user's state folder.
    #[arg(long, value_name = "FOLDER", env = "WATTWRIGHT_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// Where strategies are dropped in, instead of the folder that the configuration names.
    #[arg(long, value_name = "FOLDER")]
    pub strategies: Option<PathBuf>,
}

/// What a strategy may do.
#[derive(Debug, Default, Args)]
pub struct GrantArgs {
    /// It may command only these batteries and devices.
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub targets: Option<Vec<String>>,
    /// It may charge only with what the home has to spare, or also from the grid.
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub grid_charging: Option<bool>,
    /// It may discharge only what the home uses, or also more.
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    pub export: Option<bool>,
    /// Most that it may charge or discharge each battery with.
    #[arg(long, value_name = "WATT")]
    pub max_power_w: Option<f64>,
    /// Do not ask whether that is wanted.
    #[arg(long)]
    pub yes: bool,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("expected yes or no".into()),
    }
}

#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// Print the automation by which Home Assistant stops the batteries when Wattwright's machine dies.
    DeadMan {
        /// The home's configuration (TOML).
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum StrategyCommand {
    /// List the strategies: the active ones in the order in which they are asked, the shadows, the others.
    List {
        #[command(flatten)]
        site: SiteArgs,
        /// Print JSON, with versions, settings and grants.
        #[arg(long)]
        json: bool,
    },
    /// Try a strategy out and put it into the strategies folder. It is not asked before it is enabled.
    Add {
        #[command(flatten)]
        site: SiteArgs,
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take a strategy out of the strategies folder.
    Remove {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
    },
    /// Let a strategy decide. Shows first what it will be allowed to do; ends its quarantine.
    Enable {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
        /// Its place in the order, 1 is asked first; by default where it was, or first.
        #[arg(long, value_name = "PLACE", value_parser = clap::value_parser!(u32).range(1..))]
        place: Option<u32>,
        #[command(flatten)]
        grant: GrantArgs,
    },
    /// Only record what a strategy would do. Ends its quarantine.
    Shadow {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
    },
    /// Do not ask a strategy any more.
    Disable {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
    },
    /// Show or change a strategy's settings.
    Settings {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
        /// What to change, such as `reserve_pct=20`; `reserve_pct=` goes back to its default.
        #[arg(value_name = "KEY=VALUE")]
        changes: Vec<String>,
        /// Go back to what the configuration says, before the changes.
        #[arg(long)]
        reset: bool,
    },
    /// Go back to an earlier version of a strategy.
    Rollback {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
        /// The version's hash, or its beginning; by default the one before.
        #[arg(long, value_name = "HASH")]
        to: Option<String>,
    },
    /// Show what a strategy wrote into its log, the newest line last.
    Logs {
        #[command(flatten)]
        site: SiteArgs,
        name: String,
        /// So many lines at most.
        #[arg(long, short = 'n', value_name = "LINES", default_value_t = 50)]
        lines: u32,
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
