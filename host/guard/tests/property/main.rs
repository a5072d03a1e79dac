//! No plan whatever, with no readings whatever and whatever was written before, gets an approved command
//! outside the limits. What must hold is written down here once more, in another way than in the rules:
//! from the readings and the list of what was written, not from beliefs and the ledger.
//!
//! 100,000 cases; more with `PROPTEST_CASES`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod invariants;
mod world;

use proptest::prelude::*;
use proptest::test_runner::Config;

fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    // What it finds becomes an example beside the rule, not a seed in a file.
    Config { cases: asked.unwrap_or(0).max(100_000), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_outside_the_limits_is_approved(world in world::any_world()) {
        let scene = world.scene();
        let judged = world.judge(&scene);
        invariants::verdicts(&world, &judged)?;
        invariants::plan(&world, &judged)?;

        for id in world::BATTERIES {
            let judged = world.judge_setpoint(id, &scene);
            if let Some(approved) = &judged.approved {
                invariants::setpoint(&world, approved)?;
            }
        }
    }
}
