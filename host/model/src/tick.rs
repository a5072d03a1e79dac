//! One pass through the chain, as the journal keeps it: enough to replay the decision bit for bit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::plan::base64_bytes;
use crate::{Action, Allowance, Command, Grant, Outcome, Plan, Snapshot, TargetId, Verdict};

/// Whether approved commands are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everything but the sending.
    #[default]
    Advise,
    /// Also send.
    Control,
}

/// Why a tick took place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// The daemon started.
    Start,
    /// A slot began.
    Slot,
    /// Something that matters changed.
    Change {
        /// What, for a person.
        what: String,
    },
    /// The link to the home came back.
    Reconnected,
    /// The owner did something by hand, or what was done so ended.
    Owner {
        /// What, for a person.
        what: String,
    },
    /// A strategy was loaded, replaced or removed.
    Strategy {
        /// Which, and how.
        what: String,
    },
}

/// Which strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StrategyRef {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
}

/// What a strategy is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Input {
    /// What it may know.
    pub snapshot: Snapshot,
    /// Its settings, checked and completed.
    #[schema(value_type = Object)]
    pub settings: serde_json::Value,
    /// What it returned last time. Base64 in JSON.
    #[serde(default, with = "base64_bytes", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = String)]
    pub memory: Vec<u8>,
}

/// What the owner let a strategy do when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Terms {
    /// What it may command: it was given the snapshot with the rest taken out, and its actions were judged by
    /// it.
    pub grant: Grant,
    /// What the call could use.
    pub allowance: Allowance,
}

/// A strategy that was asked and gave no usable plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Which strategy.
    pub strategy: StrategyRef,
    /// Stable, for machines: `trap`, `out-of-time`, `memory-limit`, `invalid-answer`, `declined` …
    pub code: String,
    /// For a person.
    pub message: String,
    /// The innermost WebAssembly frames of a trap, one a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backtrace: Vec<String>,
    /// The last lines of its own log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Its settings, checked and completed; `None`: it was not called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Value>,
    /// What it was given of what it returned last time. Base64 in JSON.
    #[serde(default, with = "base64_bytes", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = String)]
    pub memory: Vec<u8>,
}

impl StrategyRef {
    /// Of a strategy of which no version is at hand.
    pub fn unknown(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: String::new(), hash: String::new() }
    }
}

impl Attempt {
    /// One that was not even called.
    pub fn uncalled(strategy: StrategyRef, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            strategy,
            code: code.into(),
            message: message.into(),
            backtrace: Vec::new(),
            log: Vec::new(),
            settings: None,
            memory: Vec::new(),
        }
    }
}

/// What another active strategy added to a tick: the snapshot is the tick's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// Whose plan it is.
    pub strategy: StrategyRef,
    /// Its settings, checked and completed.
    #[schema(value_type = Object)]
    pub settings: serde_json::Value,
    /// What it returned last time. Base64 in JSON.
    #[serde(default, with = "base64_bytes", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = String)]
    pub memory: Vec<u8>,
    /// Its answer, with the actions that another strategy was asked for first.
    pub plan: Plan,
    /// As [`Tick::decide_us`].
    pub decide_us: u64,
    /// As [`Tick::fuel`].
    pub fuel: u64,
}

/// An action that was not judged, since a strategy that is asked before has one for the same target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Superseded {
    /// Whose action it is.
    pub strategy: String,
    /// Battery or device.
    pub target: TargetId,
    /// What it would have been told.
    pub command: Command,
    /// The strategy that decides it.
    pub by: String,
}

/// What a strategy that is only looked at said to a tick's snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Shadow {
    /// The tick.
    pub tick: i64,
    /// Which strategy.
    pub strategy: StrategyRef,
    /// What the owner let it do.
    #[serde(default)]
    pub terms: Terms,
    /// Its settings, checked and completed.
    #[schema(value_type = Object)]
    pub settings: serde_json::Value,
    /// What it returned last time. Base64 in JSON.
    #[serde(default, with = "base64_bytes", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = String)]
    pub memory: Vec<u8>,
    /// Its answer; `None`: see `failure`.
    pub plan: Option<Plan>,
    /// What the guard would have said, one for each action of the plan.
    pub verdicts: Vec<Verdict>,
    /// Why there is no plan.
    pub failure: Option<Attempt>,
    /// As [`Tick::decide_us`].
    pub decide_us: u64,
    /// As [`Tick::fuel`].
    pub fuel: u64,
}

/// One pass through the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tick {
    /// Given by the journal; 0 before.
    pub id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// What the strategy was given, but for what its grant takes out of the snapshot.
    pub input: Input,
    /// What the owner let the strategies do that were asked, by name, where it is not the usual.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, Terms>,
    /// Whose plan it is; `None`: no strategy gave one, and every target goes to its safe state.
    pub strategy: Option<StrategyRef>,
    /// Those that were asked and gave no usable plan.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// The answer; `None`: see `strategy`.
    pub plan: Option<Plan>,
    /// What the strategies after it added, in the order in which they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Actions that came second, in the order in which they were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superseded: Vec<Superseded>,
    /// What the owner commanded by hand: heard before every strategy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Action>,
    /// Until when the owner paused: no strategy's command is carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_until: Option<Timestamp>,
    /// One for each action that is not superseded, the owner's first, then in the order of the strategies and their plans; then the
    /// guard's own.
    pub verdicts: Vec<Verdict>,
    /// One for each approved command.
    pub outcomes: Vec<Outcome>,
    /// Mode of each target at the time.
    pub modes: BTreeMap<TargetId, Mode>,
    /// How long `strategy` took, in microseconds, with starting its sandbox.
    pub decide_us: u64,
    /// What the plan cost: WebAssembly instructions, about, the same on every machine. 0: there is no
    /// plan, or it was not counted yet when this was recorded.
    #[serde(default)]
    pub fuel: u64,
}

impl Tick {
    /// What the owner let a strategy do at the time.
    pub fn terms(&self, strategy: &str) -> Terms {
        self.terms.get(strategy).cloned().unwrap_or_default()
    }

    /// The plan of a strategy, if it has one.
    pub fn plan_of(&self, strategy: &str) -> Option<&Plan> {
        let first = self.strategy.iter().zip(&self.plan).find(|(version, _)| version.name == strategy);
        let others = || self.parts.iter().find(|part| part.strategy.name == strategy);
        first.map(|(_, plan)| plan).or_else(|| others().map(|part| &part.plan))
    }

    /// Every version that was asked.
    pub fn versions(&self) -> impl Iterator<Item = &StrategyRef> {
        let others = self.parts.iter().map(|part| &part.strategy);
        let failed = self.attempts.iter().map(|attempt| &attempt.strategy);
        self.strategy.iter().chain(others).chain(failed).filter(|version| !version.hash.is_empty())
    }
}
