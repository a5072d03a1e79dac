//! What is known of the slots ahead and behind: fetched prices and forecasts, what was measured, and what is
//! learned from it.
//!
//! ```text
//! feeds ─> prices ──┐
//! feeds ─> weather ─┼─> Knowledge::known(now) ─> slots ahead, past, sources, problems
//! feeds ─> sun ─────┤         │
//! control ─> what is measured ┴─> slots that are over ─> journal
//!                                       └─> LoadModel, SolarModel
//! ```
//!
//! Architecture invariants: no I/O but the journal's; the time is passed in. What is assumed is named: a cold
//! start, a forecast that cannot be, measurements that contradict each other.

mod doubts;
mod knowledge;
mod learned;

pub use knowledge::{AHEAD, BEHIND, Direction, Fetched, Knowledge};
pub use learned::{LEARNED_FROM, Learned};
