//! What a strategy may do: what it said that it would, and what the owner lets it.

use std::collections::BTreeSet;

use model::{Action, BalanceLimits, Command, CommandKind, Grant};
use serde::{Deserialize, Serialize};

/// What a strategy may command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mandate {
    /// What it said in `describe` that it commands.
    pub declared: BTreeSet<CommandKind>,
    /// What the owner lets it do.
    pub grant: Grant,
}

/// One action of a plan, before it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// Name of the strategy.
    pub by: &'a str,
    /// What it wants.
    pub action: &'a Action,
    /// What it may.
    pub mandate: &'a Mandate,
}

/// What a command in force asks of its battery at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Setpoint<'a> {
    /// Which battery.
    pub battery: &'a str,
    /// Hold, charge or discharge.
    pub command: &'a Command,
    /// Bounds of the `balance` in force; the default for any other command.
    pub within: &'a BalanceLimits,
    /// Name of the strategy whose command is in force; `None`: the guard's own hold.
    pub by: Option<&'a str>,
    /// What the owner lets that strategy do now; the default for the guard's own hold.
    pub grant: &'a Grant,
}
