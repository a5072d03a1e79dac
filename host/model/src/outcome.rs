//! What became of an approved command.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Command, TargetId};

/// How far a command came. An acknowledgement is not success: only `Effective` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Passed the guard, not sent yet.
    Judged,
    /// Not sent, since the target is in `advise` mode.
    Advised,
    /// Not sent, since the same command is in force and shows.
    Unchanged,
    /// Handed to the home.
    Sent,
    /// The home says that it passed the command on.
    Acknowledged,
    /// The device shows the new setting.
    ReadBack,
    /// The power follows, or the switch is where it should be.
    Effective,
    /// No acknowledgement or no read-back in time.
    TimedOut,
    /// The home refused it.
    Rejected,
    /// The device shows another setting.
    Contradicted,
    /// The device shows the setting, but nothing follows.
    NotObeyed,
    /// Another command took its place before it was settled.
    Superseded,
}

impl Stage {
    /// Whether nothing more will come.
    pub fn is_final(self) -> bool {
        !matches!(self, Stage::Judged | Stage::Sent | Stage::Acknowledged | Stage::ReadBack)
    }

    /// Whether the owner should know.
    pub fn is_trouble(self) -> bool {
        matches!(self, Stage::TimedOut | Stage::Rejected | Stage::Contradicted | Stage::NotObeyed)
    }
}

/// A stage with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// How far.
    pub stage: Stage,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What was seen, for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What became of one approved command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// Battery or device.
    pub target: TargetId,
    /// What was approved.
    pub command: Command,
    /// How far it came.
    pub stage: Stage,
    /// All stages with their times, in order.
    pub steps: Vec<Step>,
}

impl Outcome {
    /// An outcome that begins at `stage`.
    pub fn begin(target: TargetId, command: Command, stage: Stage, at: Timestamp, note: impl Into<String>) -> Self {
        Self { target, command, stage, steps: vec![Step { stage, at, note: note.into() }] }
    }

    /// Moves to the next stage.
    pub fn reach(&mut self, stage: Stage, at: Timestamp, note: impl Into<String>) {
        self.stage = stage;
        self.steps.push(Step { stage, at, note: note.into() });
    }
}
