//! For the end-to-end tests: tells every battery to discharge with 800 W, so that it is the guard and
//! nobody else who says no.

use wattwright_strategy::{Action, Command, Commands, Description, Input, Plan, Reason, Strategy};

/// The strategy.
pub struct AlwaysDischarge;

impl Strategy for AlwaysDischarge {
    fn describe() -> Description {
        Description {
            name: "always-discharge".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            author: "Wattwright's tests".into(),
            summary: "Discharges every battery with 800 W, full or empty.".into(),
            settings_schema: r#"{"type": "object", "properties": {}}"#.into(),
            commands: Commands::DISCHARGE,
        }
    }

    fn decide(input: Input) -> Result<Plan, String> {
        let discharge = |battery: &wattwright_strategy::Battery| Action {
            target: battery.id.clone(),
            command: Command::Discharge(800.0),
            reason: Reason::new("insist", "discharge 800 W: this strategy knows nothing else"),
            until: None,
        };
        let actions = input.snapshot.batteries.iter().map(discharge).collect();
        Ok(Plan { actions, summary: "discharges, whatever happens".into(), ..Plan::empty() })
    }
}

wattwright_strategy::export!(AlwaysDischarge);
