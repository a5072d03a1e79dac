//! The safety limits: every action of a plan becomes a [`Verdict`], and only what passes becomes an
//! [`Approved`] command.
//!
//! ```text
//! Proposal ─┬─> rules, one after the other ─> Verdict (for people, with the rule's name)
//! Scene    ─┘                              └> Approved (for the executor, the only thing it takes)
//! ```
//!
//! Architecture invariants: this crate does no I/O, reads no clock and cannot fail. [`Approved`] can be
//! made nowhere else. It trusts no number that it did not check itself: neither a strategy's, nor a
//! sensor's, nor a device's.

mod approved;
mod believe;
mod breach;
mod judge;
mod ledger;
mod limits;
mod mandate;
mod record;
mod rules;
mod tally;
#[cfg(test)]
mod testing;
mod view;
mod watch;

pub use approved::{Approved, Order};
pub use believe::{Belief, believe_battery_power, believe_grid_power, believe_soc};
pub use breach::Breach;
pub use judge::{Guard, Judged, Scene};
pub use ledger::{Counts, Direction, Ledger};
pub use limits::{BatteryLimits, DeviceLimits, ExternalLimit, GridLimits, LevelRange, Limits};
pub use mandate::{Mandate, Proposal, Setpoint};
pub use record::SceneRecord;
pub use rules::external_limit::import_cap_w;
pub use rules::not_from_battery::meter_to_follow_w;
pub use watch::Watch;

pub use model::Verdict;
