//! The words of Wattwright as types.
//!
//! ```text
//! HomeState ─> Snapshot ─> Plan ─> Verdict ─> Outcome ─> Tick (the journal's record)
//! ```
//!
//! Conventions, everywhere: power into the home's bus is positive (import, solar, discharge); what is
//! used is positive; units stand in names; an absent value is unknown and never zero; times are UTC.
//!
//! Architecture invariant: this crate does no I/O, reads no clock and depends on no other of ours.

pub mod changes;
pub mod command;
pub mod hand;
pub mod home;
pub mod live;
pub mod number;
pub mod outcome;
pub mod plan;
pub mod roster;
pub mod score;
pub mod slot;
pub mod snapshot;
pub mod task;
pub mod tick;
pub mod verdict;

pub use changes::{ChangeError, Changes};
pub use command::{BalanceLimits, Command, CommandKind, Light};
pub use hand::{Hand, Override, Pause};
pub use home::{BatteryState, DeviceState, Fault, HomeState, Link, Measured, Reading};
pub use live::Live;
pub use outcome::{Outcome, Stage};
pub use plan::{Action, Description, Expectation, Fact, OutlookSlot, Plan, Reason};
pub use roster::{Allowance, Grant, Member, Roster};
pub use score::{DayScore, Loss};
pub use snapshot::Snapshot;
pub use tick::{Attempt, Cause, Input, Mode, Part, Shadow, StrategyRef, Superseded, Terms, Tick};
pub use verdict::{Decision, Finding, Rule, Verdict};

/// Id of a battery or device: 1 to 40 of `a-z`, `0-9`, `-` and `_`, unique in a home.
pub type TargetId = String;

/// Whether `id` can name a target, task or strategy.
pub fn is_valid_id(id: &str) -> bool {
    (1..=40).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}
