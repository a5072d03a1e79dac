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
use wattwright_guard::{Judged, SceneRecord};

fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    // What it finds becomes an example beside the rule, not a seed in a file.
    Config { cases: asked.unwrap_or(0).max(100_000), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    /// A verdict can be given again from what the journal keeps.
    #[test]
    fn a_record_judges_the_same_after_a_way_through_json(world in world::any_world()) {
        let scene = world.scene();
        let record = SceneRecord::of(&world.guard(), &scene);
        let text = serde_json::to_string(&record).unwrap();
        let back: SceneRecord = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), text);
        let (before, after) = (world.judge(&scene), back.judge(&world.proposals()));
        let json = |judged: &[Judged]| {
            serde_json::to_string(&judged.iter().map(|j| &j.verdict).collect::<Vec<_>>()).unwrap()
        };
        prop_assert_eq!(json(&before), json(&after));
        // Compared as text, since a number that is none is not equal to itself.
        prop_assert_eq!(format!("{before:?}"), format!("{after:?}"));
    }

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
