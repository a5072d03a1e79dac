//! Who is asked, what the answer is, and what came of all answers.

use std::collections::BTreeSet;

use model::{Action, CommandKind, Input};
use serde::{Deserialize, Serialize};
use simulator::Totals;

/// Something that decides.
pub trait Strategy: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// What it said that it commands.
    fn declared(&self) -> BTreeSet<CommandKind>;
    /// Decides.
    ///
    /// # Errors
    /// Why there is no plan.
    fn decide(&self, input: &Input) -> Result<Asked, String>;
}

/// What of an answer goes on: enough to play the slot once more without asking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// For batteries, without the words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// For the next time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<u8>,
    /// Whether there was a plan at all.
    pub ok: bool,
    /// How long the call took, microseconds.
    #[serde(skip)]
    pub took_us: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Played {
    /// Cost and energy.
    #[serde(flatten)]
    pub totals: Option<Totals>,
    /// Actions that the guard let through as they were.
    pub accepted: u64,
    /// … changed,
    pub adjusted: u64,
    /// … or refused.
    pub refused: u64,
    /// Times that there was no plan.
    pub strategy_errors: u64,
    /// Cost adjusted for what was stored, month by month (local).
    pub months: Vec<(String, f64)>,
    /// The same, day by day.
    #[serde(skip)]
    pub days: Vec<f64>,
    /// State of charge of each battery when each slot began, percent.
    #[serde(skip)]
    pub socs_pct: Vec<Vec<f64>>,
    /// How long the calls took, microseconds.
    #[serde(skip)]
    pub took_us: Vec<u64>,
}
