//! All that a strategy may know at one moment. Field by field the same as in
//! `wit/0.2.0/strategy.wit`, which has the full text. What came after 0.1.0 has a default, so that snapshots
//! recorded before can be read.

mod narrow;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Command, CommandKind, TargetId, slot};

/// A named value without a field of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Extra {
    /// From `wit/EXTRAS.md`.
    pub name: String,
    /// Finite.
    pub value: f64,
    /// Unit.
    pub unit: String,
}

/// Names of [`Extra`]s; `wit/EXTRAS.md` has their texts.
pub mod extra {
    /// Of a past slot: what of its load was that of tasks, watt.
    pub const TASKS_W: &str = "tasks-w";
    /// Of a past slot: what devices with a task may have used without anybody knowing, watt.
    pub const TASKS_UNKNOWN_W: &str = "tasks-unknown-w";
    /// Of a past slot: what the source of solar forecasts had said of it last before it began, watt.
    pub const SOLAR_FORECAST_W: &str = "solar-forecast-w";
    /// Of a past slot: how far its measurements contradict each other, watt.
    pub const UNEXPLAINED_W: &str = "unexplained-w";
}

/// A command in force, as the guard let it through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InForce {
    /// The command.
    pub command: Command,
    /// Since when the target has had this kind of command.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Set by the owner by hand, and in force until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

impl InForce {
    /// In force since then, as long as no plan changes it.
    pub fn since(command: Command, since: Timestamp) -> Self {
        Self { command, since, until: None }
    }
}

/// The grid connection, with the limits that always hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Grid {
    /// Import positive, export negative.
    pub power_w: Option<f64>,
    /// Magnitude.
    pub import_limit_w: Option<f64>,
    /// Magnitude; 0: nothing.
    pub export_limit_w: Option<f64>,
}

/// A battery with its inverter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Battery {
    /// See [`TargetId`].
    pub id: TargetId,
    /// What the owner calls it.
    pub name: String,
    /// All that it can be told.
    #[serde(default = "Battery::all_commands")]
    pub commands: BTreeSet<CommandKind>,
    /// Percent of `capacity_wh`.
    pub soc_pct: Option<f64>,
    /// From 0 to 100 %.
    pub capacity_wh: f64,
    /// Nothing discharges below.
    pub min_soc_pct: f64,
    /// Nothing charges above.
    pub max_soc_pct: f64,
    /// Magnitude at the bus.
    pub max_charge_w: f64,
    /// Magnitude at the bus.
    pub max_discharge_w: f64,
    /// Of less, but above 0, the inverter makes 0; 0: it runs at any power.
    #[serde(default)]
    pub min_power_w: f64,
    /// Whether the grid may charge it.
    #[serde(default = "yes")]
    pub grid_charging: bool,
    /// Whether it may discharge into the grid.
    #[serde(default = "yes")]
    pub grid_export: bool,
    /// Whether the sun comes in behind its inverter.
    #[serde(default)]
    pub carries_solar: bool,
    /// Above 0, at most 1.
    pub charge_efficiency: f64,
    /// Above 0, at most 1.
    pub discharge_efficiency: f64,
    /// Discharge positive, charge negative.
    pub power_w: Option<f64>,
    /// Per kWh discharged at the bus.
    pub wear_cost_per_kwh: f64,
    /// The command in force.
    pub in_force: Option<InForce>,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

impl Battery {
    /// All that a battery can be told that can do everything.
    pub fn all_commands() -> BTreeSet<CommandKind> {
        [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance].into()
    }
}

fn yes() -> bool {
    true
}

/// What a device can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Abilities {
    /// Turn on and off.
    pub switch: bool,
    /// Set a level.
    pub level: bool,
    /// Set a light.
    pub light: bool,
    /// Tell the owner something.
    pub notify: bool,
}

/// The adjustable value of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Level {
    /// In `unit`.
    #[serde(default, with = "crate::number::option")]
    #[schema(value_type = Option<f64>)]
    pub value: Option<f64>,
    /// Least.
    #[serde(with = "crate::number")]
    #[schema(value_type = f64)]
    pub min: f64,
    /// Most.
    #[serde(with = "crate::number")]
    #[schema(value_type = f64)]
    pub max: f64,
    /// Granularity.
    #[serde(with = "crate::number")]
    #[schema(value_type = f64)]
    pub step: f64,
    /// Unit.
    pub unit: String,
}

/// Anything but a battery that can be told something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// See [`TargetId`].
    pub id: TargetId,
    /// What the owner calls it.
    pub name: String,
    /// `plug`, `light`, `notify` …
    pub kind: String,
    /// What it can be told.
    pub abilities: Abilities,
    /// Whether it is on.
    pub on: Option<bool>,
    /// There with the ability.
    pub level: Option<Level>,
    /// What it uses.
    pub power_w: Option<f64>,
    /// The command in force.
    pub in_force: Option<InForce>,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Not begun.
    Waiting,
    /// Drawing power, or paused between two runs.
    Running,
    /// Done.
    Done,
    /// The deadline passed before it was done.
    Missed,
}

/// Energy that a device needs by some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Like a [`TargetId`].
    pub id: String,
    /// What the owner calls it.
    pub name: String,
    /// The device that runs it.
    pub device: TargetId,
    /// How far it is.
    pub state: TaskState,
    /// All of it.
    pub energy_wh: f64,
    /// What is done.
    pub done_wh: f64,
    /// While it runs.
    pub power_w: f64,
    /// Not to begin before.
    #[schema(value_type = String, format = DateTime)]
    pub earliest: Timestamp,
    /// To be done by.
    #[schema(value_type = String, format = DateTime)]
    pub deadline: Timestamp,
    /// Whether it may be paused once begun.
    pub interruptible: bool,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

/// What is expected of one slot ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Slot {
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// First instant after.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Currency per kWh, all included.
    pub import_price: Option<f64>,
    /// Currency per kWh.
    pub export_price: Option<f64>,
    /// Where less than ever may be imported; a magnitude.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_limit_w: Option<f64>,
    /// Where less than ever may be exported; a magnitude, 0: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_limit_w: Option<f64>,
    /// Mean production.
    pub solar_w: Option<f64>,
    /// Low estimate.
    pub solar_low_w: Option<f64>,
    /// High estimate.
    pub solar_high_w: Option<f64>,
    /// Mean use, without batteries and tasks.
    pub load_w: Option<f64>,
    /// Low estimate.
    pub load_low_w: Option<f64>,
    /// High estimate.
    pub load_high_w: Option<f64>,
    /// Outside.
    pub temperature_c: Option<f64>,
    /// 0 to 100.
    pub cloud_cover_pct: Option<f64>,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

impl Slot {
    /// A slot of which nothing is known.
    pub fn unknown(start: Timestamp) -> Self {
        Self {
            start,
            end: crate::slot::next(start),
            import_price: None,
            export_price: None,
            import_limit_w: None,
            export_limit_w: None,
            solar_w: None,
            solar_low_w: None,
            solar_high_w: None,
            load_w: None,
            load_low_w: None,
            load_high_w: None,
            temperature_c: None,
            cloud_cover_pct: None,
            extras: Vec::new(),
        }
    }
}

/// What was measured in one slot that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PastSlot {
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// First instant after.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Currency per kWh.
    pub import_price: Option<f64>,
    /// Currency per kWh.
    pub export_price: Option<f64>,
    /// Mean production.
    pub solar_w: Option<f64>,
    /// Mean use, without batteries.
    pub load_w: Option<f64>,
    /// Mean; import positive, export negative.
    pub grid_w: Option<f64>,
    /// All batteries, mean; discharge positive, charge negative.
    pub battery_w: Option<f64>,
    /// All batteries, at the end of the slot.
    pub soc_pct: Option<f64>,
    /// Outside.
    pub temperature_c: Option<f64>,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

impl PastSlot {
    /// A slot of which nothing is known.
    pub fn unknown(start: Timestamp) -> Self {
        Self {
            start,
            end: slot::next(start),
            import_price: None,
            export_price: None,
            solar_w: None,
            load_w: None,
            grid_w: None,
            battery_w: None,
            soc_pct: None,
            temperature_c: None,
            extras: Vec::new(),
        }
    }

    /// A named value.
    pub fn extra(&self, name: &str) -> Option<f64> {
        self.extras.iter().find(|extra| extra.name == name).map(|extra| extra.value)
    }

    /// Enters a named value in watt, if there is one.
    pub fn set_extra_w(&mut self, name: &str, value_w: Option<f64>) {
        self.extras.retain(|extra| extra.name != name);
        if let Some(value) = value_w.filter(|value| value.is_finite()) {
            self.extras.push(Extra { name: name.to_owned(), value, unit: "W".to_owned() });
        }
    }

    /// The use that was not planned: without batteries and tasks. `None` also where nobody knows what tasks used: it
    /// would be taken for a habit.
    pub fn base_load_w(&self) -> Option<f64> {
        let load_w = self.load_w.filter(|_| self.extra(extra::TASKS_UNKNOWN_W).is_none())?;
        Some((load_w - self.extra(extra::TASKS_W).unwrap_or(0.0)).max(0.0))
    }
}

/// Where a column of `ahead` comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// `import-price`, `export-price`, `solar`, `load`, `temperature`, `cloud-cover`.
    pub column: String,
    /// `nordpool`, `csv`, `persistence` …
    pub origin: String,
    /// Nothing is known from here on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub known_until: Option<Timestamp>,
}

/// Something missing, stale, implausible or contradictory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `missing`, `stale`, `implausible`, `unit`, `gap`, `overlap` …
    pub code: String,
    /// The field, such as `batteries.battery.soc-pct`.
    pub subject: String,
    /// One sentence with the entity and the value.
    pub text: String,
    /// What was assumed; empty: the value is absent.
    #[serde(default)]
    pub assumed: String,
}

/// All that a strategy may know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// When it was taken; whole seconds.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// IANA name.
    pub timezone: String,
    /// Local time minus UTC at `now`.
    pub utc_offset_s: i32,
    /// ISO 4217.
    pub currency: String,
    /// The grid connection.
    pub grid: Grid,
    /// What the sun gives now.
    pub solar_power_w: Option<f64>,
    /// What the home uses now, without its batteries.
    pub load_power_w: Option<f64>,
    /// All batteries.
    pub batteries: Vec<Battery>,
    /// All devices.
    pub devices: Vec<Device>,
    /// All tasks.
    pub tasks: Vec<Task>,
    /// From the slot that contains `now`, without gaps.
    pub ahead: Vec<Slot>,
    /// Oldest first.
    pub past: Vec<PastSlot>,
    /// Where `ahead` comes from.
    pub sources: Vec<Source>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Named values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<Extra>,
}

impl Snapshot {
    /// The slot that contains `now`.
    pub fn current(&self) -> Option<&Slot> {
        self.ahead.iter().find(|slot| slot.start <= self.now && self.now < slot.end)
    }

    /// The battery of that id.
    pub fn battery(&self, id: &str) -> Option<&Battery> {
        self.batteries.iter().find(|battery| battery.id == id)
    }

    /// The device of that id.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }
}
