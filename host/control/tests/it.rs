//! The control loop from outside: a scripted home, a record in memory, real strategies in a real engine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests too")]

#[path = "it/baseline.rs"]
mod baseline;
#[path = "it/chain.rs"]
mod chain;
#[path = "it/foreign.rs"]
mod foreign;
#[path = "../../engine/src/guests.rs"]
#[allow(dead_code, reason = "it is the engine's, and not all of it is needed here")]
mod guests;
#[path = "it/hand.rs"]
mod hand;
#[path = "it/home.rs"]
mod home;
#[path = "it/memory.rs"]
mod memory;
#[path = "it/month.rs"]
#[allow(dead_code, reason = "the bench uses all of it")]
mod month;
#[path = "it/record.rs"]
mod record;
#[path = "it/release.rs"]
mod release;
#[path = "it/replays.rs"]
mod replays;
#[path = "it/rig.rs"]
mod rig;
#[path = "it/shadow.rs"]
mod shadow;
#[path = "it/strategies.rs"]
mod strategies;
