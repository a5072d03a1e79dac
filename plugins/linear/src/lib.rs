//! Plans all slots ahead at once, so that they cost least.
//!
//! ```text
//! snapshot ─> horizon (what may happen in each slot) ─> worth of stored energy, backwards
//!                                                      └─> commands, forwards ─> plan
//! ```
//!
//! What is often written as a linear program is solved here by dynamic programming on functions of straight pieces:
//! exact for one battery, also where negative prices make the program non-convex, and faster than a solver
//! (README.md has the figures). And since the future is not known, a slot is not one number but a few chances:
//! stored energy is worth the mean of what it saves in each.
//!
//! - [`curve`]: functions of straight pieces and what is done with them.
//! - [`job`]: what a task may use in each slot.
//! - [`market`]: what a slot costs by what a battery does in it.
//! - [`several`]: several batteries and tasks at once.
//! - [`worth`]: what stored energy is worth at the end of each slot.

mod cell;
mod choice;
pub mod curve;
mod duo;
mod horizon;
mod interior;
pub mod job;
pub mod market;
mod pair;
mod plan;
mod relaxed;
mod response;
mod settings;
pub mod several;
mod stepped;
mod tasks;
mod why;
pub mod worth;

use wattwright_strategy::{Commands, Description, Input, Plan, Strategy};

/// Describes the strategy to the host.
pub fn describe() -> Description {
    Description {
        name: "linear".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        author: "Wattwright".into(),
        summary: "Plans today and tomorrow as a whole so that they cost least, and reckons with forecasts that are \
                  wrong."
            .into(),
        settings_schema: settings::SCHEMA.into(),
        commands: Commands::HOLD | Commands::CHARGE | Commands::DISCHARGE | Commands::BALANCE | Commands::TURN_ON_OFF,
    }
}

/// Decides: see the crate's text.
///
/// # Errors
///
/// Only where the settings do not fit the schema, which the host has checked before.
pub fn decide(input: &Input) -> Result<Plan, String> {
    Ok(plan::make(&input.snapshot, &input.settings::<settings::Settings>()?, &input.memory))
}

/// The strategy.
pub struct Linear;

impl Strategy for Linear {
    fn describe() -> Description {
        describe()
    }

    fn decide(input: Input) -> Result<Plan, String> {
        decide(&input)
    }
}

wattwright_strategy::export!(Linear);
