//! What the page shows of this moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Cause, Hand, HomeState, Mode, Outcome, Reason, StrategyRef, TargetId, Verdict};

/// How a strategy is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StrategyState {
    /// Decides one target at least.
    Active,
    /// Asked each time; ready to step in where those before it fail or say nothing.
    FallBack,
    /// Its plans are recorded and not carried out.
    Shadow,
    /// Not asked, since it failed again and again.
    Quarantined,
    /// Loaded, not used.
    Idle,
    /// Its file could not be loaded and there is no earlier version.
    Failed,
}

/// One strategy as the page lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StrategyInfo {
    /// Its name; for one that never loaded, the name of its file.
    pub name: String,
    /// How it is doing.
    pub state: StrategyState,
    /// `shipped`, or the path of its file.
    pub origin: String,
    /// Version and hash, once it loaded.
    pub version: Option<StrategyRef>,
    /// What it says of itself.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// Since when this version is loaded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub loaded_at: Option<Timestamp>,
    /// Why the newest file is not in use, or why the last call failed.
    pub error: Option<String>,
    /// Its settings in force.
    #[schema(value_type = Object)]
    pub settings: serde_json::Value,
    /// Lines of its own log from its last call.
    pub log: Vec<String>,
}

/// What is available in a battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Available {
    /// Which battery.
    pub battery: TargetId,
    /// Energy at the bus above its lower limit, after losses; `None`: state of charge unknown.
    pub energy_wh: Option<f64>,
    /// How long that lasts at the present use of the home, in hours; `None`: unknown, or no use.
    pub hours: Option<f64>,
}

/// What is done with one target now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Doing {
    /// Battery or device.
    pub target: TargetId,
    /// Whether commands are sent.
    pub mode: Mode,
    /// The strategy that decides; `None`: none does.
    pub by: Option<String>,
    /// The plan's reason; `None`: the plan says nothing of this target.
    pub reason: Option<Reason>,
    /// What the guard said.
    pub verdict: Option<Verdict>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Since when this kind of command is in force, or recommended in `advise` mode.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// When the strategy expects to end it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// How the window of a flexible load ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskEnd {
    /// The task's id.
    pub task: String,
    /// What the owner calls it.
    pub name: String,
    /// When its window ended.
    #[schema(value_type = String, format = DateTime)]
    pub deadline: Timestamp,
    /// What its device used in that window.
    pub done_wh: f64,
    /// All of it.
    pub energy_wh: f64,
    /// Whether it was done by then; otherwise it was missed.
    pub is_done: bool,
}

/// Everything on the page that is of this moment. Small, since it is sent with every new reading; what
/// the last tick saw and planned is its record, [`crate::Tick`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Live {
    /// When this was put together.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The daemon's version.
    pub version: String,
    /// What the owner calls the home.
    pub home_name: String,
    /// Whether the home is the simulated one.
    pub simulated: bool,
    /// What is seen of the home.
    pub home: HomeState,
    /// Names of batteries and devices for people.
    pub names: BTreeMap<TargetId, String>,
    /// The last tick's id in the journal.
    pub tick: Option<i64>,
    /// When the last tick was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub tick_at: Option<Timestamp>,
    /// Why it took place.
    pub cause: Option<Cause>,
    /// The first strategy with a plan; `None`: the safe state. Who decides what: see `doing`.
    pub strategy: Option<StrategyRef>,
    /// That plan in one sentence.
    pub summary: String,
    /// What the owner does by hand now.
    #[serde(default)]
    pub hand: Hand,
    /// One for each target, batteries first.
    pub doing: Vec<Doing>,
    /// One for each battery.
    pub available: Vec<Available>,
    /// How the last window of each flexible load ended.
    #[serde(default)]
    pub ended_tasks: Vec<TaskEnd>,
    /// In the order in which they are asked.
    pub strategies: Vec<StrategyInfo>,
    /// What the owner should know, most important first; empty: all is well.
    pub troubles: Vec<String>,
}
