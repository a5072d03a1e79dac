//! Plays strategies through a home's past: what would it have cost?
//!
//! ```text
//! series ─> what was known then ─> Snapshot ─> strategy ─> plan ─> guard ─> simulator ─> account
//! ```
//!
//! The strategy, its sandbox and the guard are those of the live daemon; the home is the simulator's. Beside them
//! stand three fixed references: no battery, plain self-consumption, and the least that it could have cost.
//!
//! Architecture invariants: no I/O, no clock, no randomness; the same inputs give the same figures. Time is that of
//! the series, a slot at a time: what happens within a slot (latency, ramps, the second-by-second meter) is not
//! played here.

mod asked;
mod books;
mod chart;
mod forecasts;
mod house;
mod known;
mod loads;
mod play;
mod reference;
mod score;
mod together;
mod told;

pub use asked::{Asked, Played, Strategy};
pub use chart::chart;
pub use forecasts::Forecasts;
pub use house::{House, HouseBattery};
pub use known::Foresight;
pub use play::{Contender, Player};
pub use reference::{References, share};
pub use score::{Day, Scored};
pub use together::play_together;
