//! The server from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests too")]

#[path = "it/access.rs"]
mod access;
#[path = "it/api.rs"]
mod api;
#[path = "it/common.rs"]
mod common;
#[path = "it/events.rs"]
mod events;
#[path = "it/hand.rs"]
mod hand;
#[path = "it/lab.rs"]
mod lab;
#[path = "it/openapi.rs"]
mod openapi;
#[path = "it/refusals.rs"]
mod refusals;
#[path = "it/rubbish.rs"]
mod rubbish;
#[path = "it/scores.rs"]
mod scores;
#[path = "it/secure.rs"]
mod secure;
#[path = "it/slow.rs"]
mod slow;
#[path = "it/strategies.rs"]
mod strategies;
#[path = "it/tokens.rs"]
mod tokens;
