//! For the end-to-end tests: a strategy that does wrong in the way that its settings name.

use serde::Deserialize;
use wattwright_strategy::{Action, Command, Commands, Description, Input, Plan, Reason, Strategy};

const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "how": {
      "type": "string",
      "title": "How",
      "description": "What goes wrong.",
      "enum": ["not", "panic", "loop", "decline", "nonsense"],
      "default": "not"
    }
  }
}"#;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    Not,
    Panic,
    Loop,
    Decline,
    Nonsense,
}

#[derive(Deserialize)]
struct Settings {
    how: How,
}

/// The strategy.
pub struct Misbehave;

impl Strategy for Misbehave {
    fn describe() -> Description {
        Description {
            name: "misbehave".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            author: "Wattwright's tests".into(),
            summary: "Does wrong.".into(),
            settings_schema: SCHEMA.into(),
            commands: Commands::DISCHARGE,
        }
    }

    fn decide(input: Input) -> Result<Plan, String> {
        let settings: Settings = input.settings()?;
        match settings.how {
            How::Not => Ok(Plan { summary: "behaves".into(), ..Plan::empty() }),
            How::Panic => panic!("this strategy panics"),
            How::Loop => endless(&input),
            How::Decline => Err("this strategy does not feel like it".into()),
            How::Nonsense => Ok(nonsense(&input)),
        }
    }
}

fn endless(input: &Input) -> ! {
    let mut rounds = u64::from(input.snapshot.now);
    loop {
        rounds = std::hint::black_box(rounds.wrapping_add(1));
    }
}

fn nonsense(input: &Input) -> Plan {
    let action = |target: &str, power_w: f64| Action {
        target: target.into(),
        command: Command::Discharge(power_w),
        reason: Reason::new("nonsense", "no reason"),
        until: None,
    };
    let mut actions = vec![action("no-such-battery", 100.0)];
    actions.extend(input.snapshot.batteries.iter().map(|battery| action(&battery.id, f64::NAN)));
    Plan { actions, summary: "nonsense".into(), ..Plan::empty() }
}

wattwright_strategy::export!(Misbehave);
