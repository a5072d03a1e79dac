//! No sequence of plans, set-points, readings, faults and restarts leads to a write outside the limits: no dwell
//! is broken, no interval, no budget; and whatever happened, a battery can be stopped. What must hold is written
//! down here from the list of what was written, not from the ledger.
//!
//! 100,000 cases; more with `PROPTEST_CASES`:
//!
//!     PROPTEST_CASES=1000000 cargo test -p wattwright-guard --test sequence

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod checks;
mod home;
mod steps;

use proptest::prelude::*;
use proptest::test_runner::Config;

use home::Life;

fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    // What it finds becomes an example beside the rule, not a seed in a file.
    Config { cases: asked.unwrap_or(0).max(100_000), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_sequence_breaks_a_limit(limits in steps::limits(), steps in proptest::collection::vec(steps::step(), 1..40)) {
        let mut life = Life::new(limits);
        for step in steps {
            life.take(step)?;
        }
        life.can_be_stopped()?;
    }
}
