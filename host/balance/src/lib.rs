//! Follows the meter: what the batteries should do so that the home neither imports nor feeds in. Pure.
//!
//! ```text
//! meter + batteries ─> need, over a short and a longer while ─> deviation ─> dead band ─> shares ─> set-points
//!                      (what the batteries would have to give)
//! ```
//!
//! A meter shows what the batteries did a moment ago, so a controller that answers each of its readings in
//! full overshoots and swings (Zendure-HA #898, #944, #1216). This one is built on the *need*, meter plus
//! batteries, which does not depend on what the batteries do; and while a battery is on its way to its last
//! set-point, when the two readings do not belong together, it waits. A jump of the need is answered at once and
//! in full; what drifts, in part, for some of it comes back by itself. A battery may not turn again for a while, so
//! it turns only for a need that is worth what may come the other way meanwhile.
//!
//! Architecture invariant: no I/O, no clock. Nothing here is written: each set-point is judged by the guard.

mod follower;
mod lately;
mod latency;
mod needs;
mod share;
mod tuning;

pub use follower::{Answer, Battery, Follower, Meter, Seen};
pub use share::{Setpoint, share};
pub use tuning::Tuning;
