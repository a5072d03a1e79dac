//! The settings of the home's targets, as a device would show them: what was told last, whether or not
//! it took effect yet.

use model::home::Baseline;
use model::{Command, Light};

use crate::{ReadBack, SendError};

/// Powers closer than this are the same setting, watt.
const SAME_W: f64 = 0.5;

/// Name of the one setting that a target has.
pub(super) fn entity(target: &str) -> String {
    format!("simulated.{target}")
}

/// The settings that restore this command.
pub(super) fn baseline(target: &str, shown: &Command) -> Option<Baseline> {
    let state = serde_json::to_string(shown).ok()?;
    Some(Baseline::of(vec![(entity(target), state)]))
}

/// The command that a baseline of [`baseline`] restores.
pub(super) fn restored(target: &str, baseline: &Baseline) -> Result<Command, SendError> {
    let name = entity(target);
    let Some((_, state)) = baseline.settings.iter().find(|(entity, _)| *entity == name) else {
        return Err(SendError::Rejected(format!("nothing to restore `{name}` to")));
    };
    serde_json::from_str(state)
        .map_err(|error| SendError::Rejected(format!("`{name}` cannot be set to `{state}`: {error}")))
}

/// Compares what is shown with what was commanded.
pub(super) fn compare(target: &str, shown: &Command, command: &Command) -> ReadBack {
    let same = match (shown, command) {
        (Command::Charge { power_w: a }, Command::Charge { power_w: b })
        | (Command::Discharge { power_w: a }, Command::Discharge { power_w: b }) => (a - b).abs() < SAME_W,
        (shown, command) => shown == command,
    };
    if same {
        ReadBack::Shows
    } else {
        ReadBack::Differs(format!("`{}` shows {shown}, expected {command}", entity(target)))
    }
}

/// A light after a command; `None`: it cannot do this.
pub(super) fn light_after(light: Light, command: &Command) -> Option<Light> {
    match command {
        Command::SetLight(new) if new.brightness_pct.is_finite() => {
            Some(Light { brightness_pct: new.brightness_pct.clamp(0.0, 100.0), ..*new })
        }
        Command::TurnOn => Some(Light { on: true, ..light }),
        Command::TurnOff => Some(Light { on: false, ..light }),
        _ => None,
    }
}
