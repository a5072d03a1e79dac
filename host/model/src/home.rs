//! What is seen of a home right now, before anyone judges whether it can be believed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::TargetId;
use crate::snapshot::{Abilities, Level};

/// Why a reading has no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The home knows no such entity.
    Missing,
    /// The entity exists, but its device does not answer (`unavailable`, `unknown`).
    Unavailable {
        /// What the entity says.
        state: String,
    },
    /// What the entity says is no finite number.
    NotANumber {
        /// What it says.
        state: String,
    },
    /// The entity's unit cannot be converted to what the role needs.
    Unit {
        /// The entity's unit; `None`: it has none, and the configuration declares none.
        found: Option<String>,
        /// What the role needs, such as `W`.
        expected: String,
    },
    /// Not seen since the link came up.
    NotYet,
}

/// One measured value of one entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    /// Which entity.
    pub entity: String,
    /// In the unit of the role: watt, percent, watt-hour or degree Celsius.
    #[serde(default, with = "crate::number::option")]
    #[schema(value_type = Option<f64>)]
    pub value: Option<f64>,
    /// When the device last showed a sign of life through this entity or one of its companions.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// Why there is no value.
    pub fault: Option<Fault>,
}

impl Reading {
    /// A value seen at `at`.
    pub fn of(entity: impl Into<String>, value: f64, at: Timestamp) -> Self {
        Self { entity: entity.into(), value: Some(value), at: Some(at), fault: None }
    }

    /// No value, and why.
    pub fn faulty(entity: impl Into<String>, fault: Fault) -> Self {
        Self { entity: entity.into(), value: None, at: None, fault: Some(fault) }
    }
}

/// The link to the home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Link {
    /// Connecting for the first time or again.
    Connecting {
        /// What went wrong last; empty at first.
        reason: String,
    },
    /// Connected and in step: every mapped entity was read since.
    Up {
        /// Since when.
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
    },
    /// The home does not accept our credentials; nothing is tried again by itself.
    Rejected {
        /// What it said, and the way out.
        reason: String,
    },
}

impl Link {
    /// Whether commands can be sent.
    pub fn is_up(&self) -> bool {
        matches!(self, Link::Up { .. })
    }
}

/// Why a battery does not listen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Taken {
    /// It calibrates its state of charge: it charges with what it likes, whatever it is told.
    Calibrating,
    /// Another controller decides what it does.
    Controlled {
        /// Who, for a person, such as `the vendor's energy plan`.
        by: String,
    },
}

/// What is seen of a battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BatteryState {
    /// Which battery.
    pub id: TargetId,
    /// Percent.
    pub soc_pct: Reading,
    /// Discharge positive, charge negative.
    pub power_w: Reading,
    /// Charge limit that the device reports by itself, if it does; a magnitude.
    #[serde(default, with = "crate::number::option")]
    #[schema(value_type = Option<f64>)]
    pub device_max_charge_w: Option<f64>,
    /// Discharge limit that the device reports by itself, if it does; a magnitude.
    #[serde(default, with = "crate::number::option")]
    #[schema(value_type = Option<f64>)]
    pub device_max_discharge_w: Option<f64>,
    /// Why it does not listen, if it shows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
}

/// What is seen of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceState {
    /// Which device.
    pub id: TargetId,
    /// Whether it is on; `None`: unknown, or it has no such state.
    pub on: Option<bool>,
    /// What it can be told, as its entity shows.
    pub abilities: Abilities,
    /// Its level, for one that has it.
    pub level: Option<Level>,
    /// What it uses, for one that measures it.
    pub power_w: Option<Reading>,
    /// Why its state is unknown.
    pub fault: Option<Fault>,
}

/// All that is seen of a home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HomeState {
    /// The link.
    pub link: Link,
    /// The home's IANA time zone, if it tells.
    pub timezone: Option<String>,
    /// ISO 4217, if it tells.
    pub currency: Option<String>,
    /// Meter: import positive, export negative.
    pub grid_power_w: Reading,
    /// Solar production, if there is any.
    pub solar_power_w: Option<Reading>,
    /// What the home uses, if it is measured by itself; else it follows from the rest.
    pub load_power_w: Option<Reading>,
    /// Outside temperature, if it is measured.
    pub temperature_c: Option<Reading>,
    /// Most that may be imported by order from outside, such as the grid operator's; a magnitude.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_cap_w: Option<Reading>,
    /// Current of each phase at the connection, ampere, L1 first; the sign does not matter. Empty: not measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phase_current_a: Vec<Reading>,
    /// All mapped batteries.
    pub batteries: Vec<BatteryState>,
    /// All mapped devices.
    pub devices: Vec<DeviceState>,
}

/// The settings of a target before Wattwright first commanded it, in the home's own terms: entity and
/// state. Restored when Wattwright lets go of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Baseline {
    /// Entity and its state, in the order in which they are restored.
    pub settings: Vec<(String, String)>,
    /// They could not be read before the first command, so that nobody knows them: the target is made safe instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

impl Baseline {
    /// Settings to restore.
    pub fn of(settings: Vec<(String, String)>) -> Self {
        Self { settings, unknown: false }
    }

    /// The mark of a target whose settings nobody knows.
    pub fn unknown() -> Self {
        Self { settings: Vec::new(), unknown: true }
    }
}

/// What was measured of the whole home at one moment, as far as it was believed; `None`: unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Import positive, export negative.
    pub grid_w: Option<f64>,
    /// Production; zero or more.
    pub solar_w: Option<f64>,
    /// Use, without batteries.
    pub load_w: Option<f64>,
    /// All batteries; discharge positive, charge negative.
    pub battery_w: Option<f64>,
    /// All batteries, weighted by capacity.
    pub soc_pct: Option<f64>,
    /// Outside.
    pub temperature_c: Option<f64>,
    /// What of the use is that of devices with a task; it is planned, and so no part of what is expected.
    pub tasks_w: Option<f64>,
    /// What devices with a task use at the most of which nobody knows now whether they are on.
    pub tasks_unknown_w: Option<f64>,
    /// What comes in from grid, sun and batteries less what is used, where that is measured by itself. Where it is
    /// not, what goes out beyond what comes in, negative; 0 when nothing contradicts.
    pub unexplained_w: Option<f64>,
}
