//! What a target can be told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Bounds for following the meter, watt at the bus; `None`: what the battery and the limits allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BalanceLimits {
    /// Never charge with more; 0: only discharge.
    #[serde(default, with = "crate::number::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub max_charge_w: Option<f64>,
    /// Never discharge with more; 0: only charge.
    #[serde(default, with = "crate::number::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub max_discharge_w: Option<f64>,
}

/// How a light should look.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Light {
    /// Whether it shines.
    pub on: bool,
    /// 0 to 255.
    pub red: u8,
    /// 0 to 255.
    pub green: u8,
    /// 0 to 255.
    pub blue: u8,
    /// 0 to 100.
    #[serde(with = "crate::number")]
    #[schema(value_type = f64)]
    pub brightness_pct: f64,
}

impl Light {
    /// It does not shine.
    pub const OFF: Self = Self { on: false, red: 0, green: 0, blue: 0, brightness_pct: 0.0 };
}

/// What a target can be told: the first four are for batteries, the others for devices. Powers are
/// magnitudes in watt at the bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Command {
    /// Neither charge nor discharge.
    Hold,
    /// Charge with this power.
    Charge {
        /// Zero or more.
        #[serde(with = "crate::number")]
        #[schema(value_type = f64)]
        power_w: f64,
    },
    /// Discharge with this power.
    Discharge {
        /// Zero or more.
        #[serde(with = "crate::number")]
        #[schema(value_type = f64)]
        power_w: f64,
    },
    /// Follow the meter.
    Balance(BalanceLimits),
    /// Turn a switch on.
    TurnOn,
    /// Turn a switch off.
    TurnOff,
    /// Set a level, in the device's own unit.
    SetLevel {
        /// The value.
        #[serde(with = "crate::number")]
        #[schema(value_type = f64)]
        value: f64,
    },
    /// Set a light.
    SetLight(Light),
    /// Tell the owner.
    Notify {
        /// Plain text.
        text: String,
    },
}

/// A command without its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// See [`Command::Hold`].
    Hold,
    /// See [`Command::Charge`].
    Charge,
    /// See [`Command::Discharge`].
    Discharge,
    /// See [`Command::Balance`].
    Balance,
    /// [`Command::TurnOn`] and [`Command::TurnOff`].
    TurnOnOff,
    /// See [`Command::SetLevel`].
    SetLevel,
    /// See [`Command::SetLight`].
    SetLight,
    /// See [`Command::Notify`].
    Notify,
}

impl Command {
    /// The command without its values.
    pub fn kind(&self) -> CommandKind {
        match self {
            Command::Hold => CommandKind::Hold,
            Command::Charge { .. } => CommandKind::Charge,
            Command::Discharge { .. } => CommandKind::Discharge,
            Command::Balance(_) => CommandKind::Balance,
            Command::TurnOn | Command::TurnOff => CommandKind::TurnOnOff,
            Command::SetLevel { .. } => CommandKind::SetLevel,
            Command::SetLight(_) => CommandKind::SetLight,
            Command::Notify { .. } => CommandKind::Notify,
        }
    }

    /// Whether all its numbers are finite.
    pub fn is_finite(&self) -> bool {
        match self {
            Command::Charge { power_w } | Command::Discharge { power_w } => power_w.is_finite(),
            Command::Balance(limits) => {
                [limits.max_charge_w, limits.max_discharge_w].iter().flatten().all(|w| w.is_finite())
            }
            Command::SetLevel { value } => value.is_finite(),
            Command::SetLight(light) => light.brightness_pct.is_finite(),
            Command::Hold | Command::TurnOn | Command::TurnOff | Command::Notify { .. } => true,
        }
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Command::Hold => write!(f, "hold"),
            Command::Charge { power_w } => write!(f, "charge {power_w:.0} W"),
            Command::Discharge { power_w } => write!(f, "discharge {power_w:.0} W"),
            Command::Balance(limits) => {
                write!(f, "balance")?;
                if let Some(w) = limits.max_charge_w {
                    write!(f, ", charge at most {w:.0} W")?;
                }
                if let Some(w) = limits.max_discharge_w {
                    write!(f, ", discharge at most {w:.0} W")?;
                }
                Ok(())
            }
            Command::TurnOn => write!(f, "turn on"),
            Command::TurnOff => write!(f, "turn off"),
            Command::SetLevel { value } => write!(f, "set to {value}"),
            Command::SetLight(l) if l.on => {
                write!(f, "light #{:02x}{:02x}{:02x} at {:.0} %", l.red, l.green, l.blue, l.brightness_pct)
            }
            Command::SetLight(_) => write!(f, "light off"),
            Command::Notify { .. } => write!(f, "notify"),
        }
    }
}
