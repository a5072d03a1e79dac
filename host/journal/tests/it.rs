//! The journal from outside.

#[path = "it/common.rs"]
mod common;
#[path = "it/durability.rs"]
mod durability;
#[path = "it/records.rs"]
mod records;
