//! The light shows the state: green self-use, blue charging cheaply, amber saving, white hold, red trouble.

use wattwright_strategy::{Abilities, Action, Command, Light, Reason, Snapshot};

use crate::settings::Settings;

/// What a light can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    SelfUse,
    Charging,
    Saving,
    Hold,
    Trouble,
}

impl State {
    fn of(code: &str) -> Self {
        match code {
            "charge-cheap" | "charge-paid" | "charge-reserve" => State::Charging,
            "use-dear" => State::Saving,
            "hold-for-dear" | "hold-paid" | "keep-reserve" | "empty" => State::Hold,
            "soc-unknown" | "no-capacity" => State::Trouble,
            _ => State::SelfUse,
        }
    }

    fn rgb(self) -> (u8, u8, u8) {
        match self {
            State::SelfUse => (0, 200, 60),
            State::Charging => (0, 90, 255),
            State::Saving => (255, 150, 0),
            State::Hold => (255, 255, 255),
            State::Trouble => (255, 0, 0),
        }
    }

    fn words(self) -> &'static str {
        match self {
            State::SelfUse => "green: self-use",
            State::Charging => "blue: charging cheaply",
            State::Saving => "amber: saving dear import",
            State::Hold => "white: hold",
            State::Trouble => "red: trouble",
        }
    }
}

/// An action for each light, after those of the batteries are decided. Without a battery there is
/// nothing to show.
pub(crate) fn actions(snapshot: &Snapshot, settings: &Settings, batteries: &[Action]) -> Vec<Action> {
    if !settings.led {
        return Vec::new();
    }
    let states = batteries.iter().map(|action| State::of(&action.reason.code));
    // Trouble anywhere comes first; else the first battery in the owner's order.
    let Some(mut state) = states.clone().find(|state| *state == State::Trouble).or_else(|| states.clone().next())
    else {
        return Vec::new();
    };
    let mut words = state.words();
    if snapshot.grid.power_w.is_none() {
        state = State::Trouble;
        words = "red: the meter does not answer";
    }
    let (red, green, blue) = state.rgb();
    let light = Light { on: true, red, green, blue, brightness_pct: settings.led_brightness_pct.clamp(0.0, 100.0) };
    let lights = snapshot.devices.iter().filter(|device| device.abilities.contains(Abilities::LIGHT));
    lights
        .map(|device| Action {
            target: device.id.clone(),
            command: Command::SetLight(light),
            reason: Reason::new("show-state", words),
            until: None,
        })
        .collect()
}
