//! The journal from outside.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "it/backup.rs"]
mod backup;
#[path = "it/common.rs"]
mod common;
#[path = "it/durability.rs"]
mod durability;
#[path = "it/logs.rs"]
mod logs;
#[path = "it/records.rs"]
mod records;
#[path = "it/scores.rs"]
mod scores;
#[path = "it/shadows.rs"]
mod shadows;
