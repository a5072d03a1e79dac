//! The default strategy: rules in the order of a sensible person.
//!
//! ```text
//! snapshot ─> horizon ─> tasks ─> for each battery: worth (backwards) ─> commands (forwards) ─> plan
//! ```
//!
//! 1. The reserve is kept.
//! 2. Self-use: the battery follows the meter.
//! 3. It charges from the grid when a kWh is cheap enough for a dear slot ahead to pay for losses, wear and
//!    the least gain that the owner wants; never more than those slots can use, and never what the sun
//!    will bring anyway.
//! 4. It holds what is stored when a later slot needs it more than this one.
//! 5. Where the grid pays for use, it takes what it can.
//! 6. Flexible loads run on surplus sun or in the cheapest slots before their deadline.
//! 7. A light shows the state.
//!
//! Rules 2 to 5 are one question, asked of each slot: is a stored kWh worth more now or later? [`worth`]
//! answers it exactly for the expected slots, in time that grows with their number, not its square.
//!
//! A forecast of a quarter-hour is mostly wrong, and a battery answers to what comes. So the use and the surplus of a
//! slot are the means over what the forecast says may come, and not those of the expected use and sun: on a day that may
//! be bright, room is kept for the sun. And a home that needs less than was forecast does so for hours: what a stored kWh
//! is worth is the mean of two days, one on which every slot needs more and one on which every slot needs less.
//!
//! With less it does less: without prices it only follows the meter, without forecasts it plans with what
//! is measured, without a state of charge it holds.

mod battery;
mod horizon;
mod led;
mod plan;
mod settings;
mod tasks;
mod worth;

use wattwright_strategy::{Commands, Description, Input, Plan, Strategy};

/// Describes the strategy to the host.
pub fn describe() -> Description {
    Description {
        name: "rule-based".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        author: "Wattwright".into(),
        summary: "Uses your own energy first, fills the battery in cheap hours for dear ones, and runs flexible \
                  loads when power is cheapest."
            .into(),
        settings_schema: settings::SCHEMA.into(),
        commands: Commands::HOLD | Commands::CHARGE | Commands::BALANCE | Commands::TURN_ON_OFF | Commands::SET_LIGHT,
    }
}

/// Decides: see the crate's text.
///
/// # Errors
///
/// Only where the settings do not fit the schema, which the host has checked before.
pub fn decide(input: &Input) -> Result<Plan, String> {
    Ok(plan::make(&input.snapshot, &input.settings::<settings::Settings>()?))
}

/// The strategy.
pub struct RuleBased;

impl Strategy for RuleBased {
    fn describe() -> Description {
        describe()
    }

    fn decide(input: Input) -> Result<Plan, String> {
        decide(&input)
    }
}

wattwright_strategy::export!(RuleBased);
