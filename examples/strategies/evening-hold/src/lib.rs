//! A template for strategies: keeps the battery for the evening.
//!
//! By day it only takes the sun's surplus; from a set hour until midnight it follows the meter.

use serde::Deserialize;
use wattwright_strategy::{Action, BalanceLimits, Command, Commands, Description, Input, Plan, Reason, Strategy, log};

/// The settings, as `settings.json` describes them to the owner.
#[derive(Deserialize)]
struct Settings {
    evening_from_hour: u32,
}

/// The strategy.
pub struct EveningHold;

impl Strategy for EveningHold {
    fn describe() -> Description {
        Description {
            name: "evening-hold".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            author: "Wattwright".into(),
            summary: "Keeps what the sun brings for the evening.".into(),
            settings_schema: include_str!("settings.json").into(),
            commands: Commands::BALANCE,
        }
    }

    fn decide(input: Input) -> Result<Plan, String> {
        let settings: Settings = input.settings()?;
        let snapshot = &input.snapshot;
        let evening = snapshot.local_minutes(snapshot.now) / 60 >= settings.evening_from_hour;
        log::debug(format!("{} here, evening: {evening}", snapshot.local_time(snapshot.now)));

        let (max_discharge_w, code, text) = if evening {
            (None, "evening", "follow the meter: it is evening".to_owned())
        } else {
            let hour = settings.evening_from_hour;
            (Some(0.0), "keep-for-evening", format!("only take surplus sun: kept for use from {hour}:00"))
        };
        // What the battery cannot do, or the owner does not let this strategy do, would be refused.
        let batteries = snapshot.batteries.iter().filter(|battery| battery.commands.contains(Commands::BALANCE));
        let actions = batteries.map(|battery| Action {
            target: battery.id.clone(),
            command: Command::Balance(BalanceLimits { max_charge_w: None, max_discharge_w }),
            reason: Reason::new(code, text.clone()).fact("evening-from", f64::from(settings.evening_from_hour), "h"),
            until: None,
        });
        Ok(Plan { actions: actions.collect(), summary: text.clone(), ..Plan::empty() })
    }
}

wattwright_strategy::export!(EveningHold);

#[cfg(test)]
mod tests {
    use super::*;
    use wattwright_strategy::testing::input_from_json;

    /// What the strategy tells the battery at a time of that day, UTC; local time is an hour ahead.
    fn told_at(time: &str) -> Command {
        let json = include_str!("../tests/snapshot.json").replace("12:00:00Z", time);
        let mut input = input_from_json(&json).unwrap();
        input.settings = r#"{"evening_from_hour": 17}"#.into();
        EveningHold::decide(input).unwrap().actions[0].command.clone()
    }

    #[test]
    fn it_keeps_the_battery_until_the_evening() {
        let keep = BalanceLimits { max_charge_w: None, max_discharge_w: Some(0.0) };
        assert_eq!(told_at("15:59:59Z"), Command::Balance(keep));
        let follow = BalanceLimits { max_charge_w: None, max_discharge_w: None };
        assert_eq!(told_at("16:00:00Z"), Command::Balance(follow));
    }
}
