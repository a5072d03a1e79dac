//! The host's JSON, field by field, and the way from it to the contract's types.

use jiff::Timestamp;
use serde::Deserialize;

use super::instant;
use crate as wit;

/// From the host's form to the contract's.
pub(super) trait Convert {
    /// The contract's type.
    type Into;
    /// Converts.
    fn convert(self) -> Self::Into;
}

impl<T: Convert> Convert for Vec<T> {
    type Into = Vec<T::Into>;
    fn convert(self) -> Self::Into {
        self.into_iter().map(T::convert).collect()
    }
}

impl<T: Convert> Convert for Option<T> {
    type Into = Option<T::Into>;
    fn convert(self) -> Self::Into {
        self.map(T::convert)
    }
}

impl Convert for Timestamp {
    type Into = wit::Instant;
    fn convert(self) -> Self::Into {
        instant(self)
    }
}

macro_rules! same {
    ($($t:ty),*) => {
        $(impl Convert for $t {
            type Into = $t;
            fn convert(self) -> Self::Into {
                self
            }
        })*
    };
}
same!(String, f64, i32, bool);

/// A record with the same fields on both sides.
macro_rules! records {
    ($($name:ident { $($field:ident: $type:ty),* $(; $($absent:ident: $default:ty),*)? })*) => {
        $(
            #[derive(Deserialize)]
            pub(super) struct $name {
                $($field: $type,)*
                $($(#[serde(default)] $absent: $default,)*)?
            }

            impl Convert for $name {
                type Into = wit::$name;
                fn convert(self) -> Self::Into {
                    wit::$name { $($field: self.$field.convert(),)* $($($absent: self.$absent.convert(),)*)? }
                }
            }
        )*
    };
}

// After a semicolon: what the host leaves out when it is empty, and what hosts before 0.2.0 did not know.
records! {
    Extra { name: String, value: f64, unit: String }
    Grid { power_w: Option<f64>, import_limit_w: Option<f64>, export_limit_w: Option<f64> }
    InForce { command: Command, since: Timestamp; until: Option<Timestamp> }
    Battery {
        id: String, name: String, soc_pct: Option<f64>, capacity_wh: f64, min_soc_pct: f64, max_soc_pct: f64,
        max_charge_w: f64, max_discharge_w: f64, charge_efficiency: f64, discharge_efficiency: f64,
        power_w: Option<f64>, wear_cost_per_kwh: f64, in_force: Option<InForce>;
        commands: Commands, min_power_w: f64, grid_charging: Granted, grid_export: Granted, carries_solar: bool,
        extras: Vec<Extra>
    }
    Level { value: Option<f64>, min: f64, max: f64, step: f64, unit: String }
    Device {
        id: String, name: String, kind: String, abilities: Abilities, on: Option<bool>, level: Option<Level>,
        power_w: Option<f64>, in_force: Option<InForce>; extras: Vec<Extra>
    }
    Task {
        id: String, name: String, device: String, state: TaskState, energy_wh: f64, done_wh: f64, power_w: f64,
        earliest: Timestamp, deadline: Timestamp, interruptible: bool; extras: Vec<Extra>
    }
    Slot {
        start: Timestamp, end: Timestamp, import_price: Option<f64>, export_price: Option<f64>,
        solar_w: Option<f64>, solar_low_w: Option<f64>, solar_high_w: Option<f64>,
        load_w: Option<f64>, load_low_w: Option<f64>, load_high_w: Option<f64>,
        temperature_c: Option<f64>, cloud_cover_pct: Option<f64>;
        import_limit_w: Option<f64>, export_limit_w: Option<f64>, extras: Vec<Extra>
    }
    PastSlot {
        start: Timestamp, end: Timestamp, import_price: Option<f64>, export_price: Option<f64>,
        solar_w: Option<f64>, load_w: Option<f64>, grid_w: Option<f64>, battery_w: Option<f64>,
        soc_pct: Option<f64>, temperature_c: Option<f64>; extras: Vec<Extra>
    }
    Source { column: String, origin: String, known_until: Option<Timestamp> }
    Problem { code: String, subject: String, text: String; assumed: String }
    Snapshot {
        now: Timestamp, timezone: String, utc_offset_s: i32, currency: String, grid: Grid,
        solar_power_w: Option<f64>, load_power_w: Option<f64>, batteries: Vec<Battery>, devices: Vec<Device>,
        tasks: Vec<Task>, ahead: Vec<Slot>, past: Vec<PastSlot>, sources: Vec<Source>, problems: Vec<Problem>;
        extras: Vec<Extra>
    }
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Command {
    Hold,
    Charge {
        power_w: f64,
    },
    Discharge {
        power_w: f64,
    },
    Balance {
        #[serde(default)]
        max_charge_w: Option<f64>,
        #[serde(default)]
        max_discharge_w: Option<f64>,
    },
    TurnOn,
    TurnOff,
    SetLevel {
        value: f64,
    },
    SetLight {
        on: bool,
        red: u8,
        green: u8,
        blue: u8,
        brightness_pct: f64,
    },
    Notify {
        text: String,
    },
}

impl Convert for Command {
    type Into = wit::Command;
    fn convert(self) -> Self::Into {
        match self {
            Command::Hold => wit::Command::Hold,
            Command::Charge { power_w } => wit::Command::Charge(power_w),
            Command::Discharge { power_w } => wit::Command::Discharge(power_w),
            Command::Balance { max_charge_w, max_discharge_w } => {
                wit::Command::Balance(wit::BalanceLimits { max_charge_w, max_discharge_w })
            }
            Command::TurnOn => wit::Command::TurnOn,
            Command::TurnOff => wit::Command::TurnOff,
            Command::SetLevel { value } => wit::Command::SetLevel(value),
            Command::SetLight { on, red, green, blue, brightness_pct } => {
                wit::Command::SetLight(wit::Light { on, red, green, blue, brightness_pct })
            }
            Command::Notify { text } => wit::Command::Notify(text),
        }
    }
}

/// What is granted unless the host says otherwise.
#[derive(Deserialize)]
pub(super) struct Granted(bool);

impl Default for Granted {
    fn default() -> Self {
        Self(true)
    }
}

impl Convert for Granted {
    type Into = bool;
    fn convert(self) -> Self::Into {
        self.0
    }
}

/// What a battery can be told.
#[derive(Deserialize)]
pub(super) struct Commands(Vec<Kind>);

impl Default for Commands {
    fn default() -> Self {
        Self(vec![Kind::Hold, Kind::Charge, Kind::Discharge, Kind::Balance])
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Hold,
    Charge,
    Discharge,
    Balance,
    TurnOnOff,
    SetLevel,
    SetLight,
    Notify,
}

impl Convert for Commands {
    type Into = wit::Commands;
    fn convert(self) -> Self::Into {
        let flag = |kind| match kind {
            Kind::Hold => wit::Commands::HOLD,
            Kind::Charge => wit::Commands::CHARGE,
            Kind::Discharge => wit::Commands::DISCHARGE,
            Kind::Balance => wit::Commands::BALANCE,
            Kind::TurnOnOff => wit::Commands::TURN_ON_OFF,
            Kind::SetLevel => wit::Commands::SET_LEVEL,
            Kind::SetLight => wit::Commands::SET_LIGHT,
            Kind::Notify => wit::Commands::NOTIFY,
        };
        self.0.into_iter().fold(wit::Commands::empty(), |all, kind| all | flag(kind))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Abilities {
    switch: bool,
    level: bool,
    light: bool,
    notify: bool,
}

impl Convert for Abilities {
    type Into = wit::Abilities;
    fn convert(self) -> Self::Into {
        let mut abilities = wit::Abilities::empty();
        abilities.set(wit::Abilities::SWITCH, self.switch);
        abilities.set(wit::Abilities::LEVEL, self.level);
        abilities.set(wit::Abilities::LIGHT, self.light);
        abilities.set(wit::Abilities::NOTIFY, self.notify);
        abilities
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TaskState {
    Waiting,
    Running,
    Done,
    Missed,
}

impl Convert for TaskState {
    type Into = wit::TaskState;
    fn convert(self) -> Self::Into {
        match self {
            TaskState::Waiting => wit::TaskState::Waiting,
            TaskState::Running => wit::TaskState::Running,
            TaskState::Done => wit::TaskState::Done,
            TaskState::Missed => wit::TaskState::Missed,
        }
    }
}
