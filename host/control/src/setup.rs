//! What the owner configured, checked.

use std::time::Duration;

use guard::Limits;
use model::task::TaskSetup;
use model::{Mode, TargetId};

/// A battery as the strategy sees it. Its limits stand in [`Limits`].
#[derive(Clone, Debug, PartialEq)]
pub struct BatterySetup {
    /// See [`TargetId`].
    pub id: TargetId,
    /// What the owner calls it.
    pub name: String,
    /// Whether commands are sent.
    pub mode: Mode,
    /// Stored energy gained per energy taken from the bus.
    pub charge_efficiency: f64,
    /// Energy given to the bus per stored energy lost.
    pub discharge_efficiency: f64,
    /// Currency per kWh discharged.
    pub wear_cost_per_kwh: f64,
    /// Whether the measured solar power comes in behind this battery's inverter (DC-coupled): the
    /// inverter's power at the bus then contains it.
    pub carries_solar: bool,
}

/// A device as the strategy sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSetup {
    /// See [`TargetId`].
    pub id: TargetId,
    /// What the owner calls it.
    pub name: String,
    /// `plug`, `light`, `notify` …
    pub kind: String,
    /// Whether commands are sent.
    pub mode: Mode,
}

/// Everything about a home that does not change while the daemon runs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What the owner calls the home.
    pub name: String,
    /// Whether it is the simulated home.
    pub simulated: bool,
    /// Where the home does not tell it.
    pub timezone: Option<String>,
    /// Where the home does not tell it.
    pub currency: Option<String>,
    /// The guard's.
    pub limits: Limits,
    /// In the owner's order.
    pub batteries: Vec<BatterySetup>,
    /// In the owner's order.
    pub devices: Vec<DeviceSetup>,
    /// In the owner's order.
    pub tasks: Vec<TaskSetup>,
    /// How long a command may take until the device shows it, and then until its power follows.
    pub settle: Duration,
}

impl Setup {
    /// Mode of a target; unknown ones are never commanded.
    pub fn mode(&self, target: &str) -> Mode {
        let battery = self.batteries.iter().find(|b| b.id == target).map(|b| b.mode);
        battery.or_else(|| self.devices.iter().find(|d| d.id == target).map(|d| d.mode)).unwrap_or_default()
    }
}
