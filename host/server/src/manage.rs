//! Strategies, as the owner manages them: the port behind the routes of [`crate::strategies`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Allowance, CommandKind, Grant, StrategyRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a strategy is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Its plans are carried out.
    Active,
    /// Its plans are recorded.
    Shadow,
    /// It is not asked.
    Off,
}

/// Why a strategy is not asked although it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quarantine {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What happened last, for machines: `trap`, `out-of-fuel` …
    pub code: String,
    /// What happened last, for people.
    pub message: String,
}

/// A version that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// What it calls itself, and its hash.
    pub strategy: StrategyRef,
    /// When it was seen first.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen_at: Timestamp,
    /// Whether it is the one in use.
    pub is_current: bool,
    /// Whether a rollback without a hash goes to it.
    pub is_before: bool,
}

/// All that there is to say of one strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StrategyDetail {
    /// What it calls itself; for one that never loaded, the name of its file.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// Its place in the order of the active ones, 0 first.
    pub position: Option<usize>,
    /// `shipped`, or the name of its file.
    pub origin: String,
    /// Version and hash, once one loaded.
    pub version: Option<StrategyRef>,
    /// Who wrote it.
    pub author: String,
    /// What it says of itself.
    pub summary: String,
    /// All that it may ever command.
    pub commands: BTreeSet<CommandKind>,
    /// Interfaces that it imports.
    pub imports: Vec<String>,
    /// Of its file.
    pub size_bytes: Option<u64>,
    /// Since when this version is in use.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub loaded_at: Option<Timestamp>,
    /// Why the newest file is not in use.
    pub error: Option<String>,
    /// Why it is not asked.
    pub quarantine: Option<Quarantine>,
    /// Its settings, completed with its defaults; `None`: nothing loaded, or they do not fit.
    #[schema(value_type = Option<Object>)]
    pub settings: Option<Value>,
    /// Those that the owner chose.
    #[schema(value_type = Object)]
    pub own_settings: Value,
    /// JSON Schema of the settings.
    #[schema(value_type = Option<Object>)]
    pub settings_schema: Option<Value>,
    /// What it may do.
    pub grant: Grant,
    /// What a call may use, where it differs.
    pub allowance: Allowance,
    /// Versions that are kept, the newest first.
    pub versions: Vec<Version>,
}

/// What a check of a strategy's file found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Examination {
    /// Whether it would be accepted.
    pub ok: bool,
    /// What it calls itself.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// SHA-256 of its file.
    pub hash: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// What it says of itself.
    pub summary: Option<String>,
    /// All that it may ever command.
    pub commands: BTreeSet<CommandKind>,
    /// Interfaces that it imports.
    pub imports: Vec<String>,
    /// Of its file.
    pub size_bytes: Option<u64>,
    /// How long compiling took.
    pub compile_ms: Option<f64>,
    /// How long a decision took, with starting its sandbox.
    pub decide_ms: Option<f64>,
    /// What that decision cost: WebAssembly instructions, about.
    pub fuel: Option<u64>,
    /// Its plan in one sentence.
    pub plan: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What is wrong with a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
// In the description this must not be taken for a snapshot's problem.
#[schema(as = StrategyProblem)]
pub struct Problem {
    /// For machines.
    pub code: String,
    /// For people.
    pub message: String,
}

/// What to make of a strategy.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// What it is there for from now on.
    pub role: Role,
    /// For an active one: its place in the order, 0 first; absent: where it was, or first.
    #[serde(default)]
    pub position: Option<usize>,
    /// What it may do from now on; absent: as before.
    #[serde(default)]
    pub grant: Option<Grant>,
}

/// Which version to go back to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rollback {
    /// Its hash, or as much of it as is unique; absent: the one before.
    pub to: Option<String>,
}

/// A line of a strategy's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// The tick in which it was written.
    pub tick: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The line.
    pub text: String,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is no such strategy, version or tick.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as asked.
    #[error("{0}")]
    Refused(String),
    /// Not while something else is under way.
    #[error("{0}")]
    Busy(String),
    /// We failed.
    #[error("{0}")]
    Failed(String),
}

/// Manages strategies. Everything may block.
pub trait Manage: Send + Sync {
    /// All strategies and would-be strategies: the active ones in their order, then the shadows, then the
    /// others by name.
    fn list(&self) -> Result<Vec<StrategyDetail>, ManageError>;
    /// Tries a file out without keeping it.
    fn check(&self, wasm: &[u8]) -> Result<Examination, ManageError>;
    /// Tries a file out and puts it into the owner's folder when it is good. It is not asked yet.
    fn add(&self, wasm: &[u8]) -> Result<StrategyDetail, ManageError>;
    /// Takes a strategy's file out of the owner's folder.
    fn remove(&self, name: &str) -> Result<(), ManageError>;
    /// Changes what a strategy is there for.
    fn set_role(&self, name: &str, change: RoleChange) -> Result<StrategyDetail, ManageError>;
    /// Changes a strategy's settings; `None`: back to the configured ones.
    fn set_settings(&self, name: &str, settings: Option<Value>) -> Result<StrategyDetail, ManageError>;
    /// Changes what a call of a strategy may use.
    fn set_allowance(&self, name: &str, allowance: Allowance) -> Result<StrategyDetail, ManageError>;
    /// Puts an earlier version into the owner's folder.
    fn roll_back(&self, name: &str, to: Option<&str>) -> Result<StrategyDetail, ManageError>;
    /// A strategy's own log, the newest line first.
    fn log(&self, name: &str, limit: u32) -> Result<Vec<LogEntry>, ManageError>;
    /// Decides a recorded tick again and compares, by the recorded strategies or by another one. The
    /// comparison as JSON.
    fn replay(&self, tick: i64, strategy: Option<&str>) -> Result<Value, ManageError>;
    /// A recorded tick with all that is needed to replay it elsewhere.
    fn export(&self, tick: i64) -> Result<Value, ManageError>;
}
