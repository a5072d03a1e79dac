use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::number;
use model::snapshot::Abilities;
use model::{CommandKind, TargetId};
use serde::{Deserialize, Serialize};

/// The owner's and the law's limits of the grid connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GridLimits {
    /// Most that may be imported, watt; `None`: no limit set.
    #[serde(default, with = "number::option")]
    pub import_limit_w: Option<f64>,
    /// Whether the home shows a limit from outside; `None`: there is none.
    pub external: Option<ExternalLimit>,
    /// Most that may be fed in, watt, both by one inverter and at the meter; 800 W is the German limit
    /// for plug-in solar devices (VDE-AR-N 4105:2026, § 8 EEG 2023). 0: nothing may be fed in.
    #[serde(default, with = "number::option")]
    pub feed_in_limit_w: Option<f64>,
    /// Most that each phase of the connection carries, ampere; `None`: not watched.
    #[serde(default, with = "number::option")]
    pub phase_limit_a: Option<f64>,
    /// The meter's reading is stale when it is older.
    pub meter_stale_after: Duration,
    /// No home of this kind has more, watt; a reading beyond is implausible.
    #[serde(with = "number")]
    pub plausible_w: f64,
}

impl Default for GridLimits {
    fn default() -> Self {
        Self {
            import_limit_w: None,
            external: None,
            feed_in_limit_w: Some(800.0),
            phase_limit_a: None,
            meter_stale_after: Duration::from_secs(60),
            plausible_w: 43_500.0,
        }
    }
}

/// A limit of the import from outside, whose value is in the home's state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalLimit {
    /// What counts while it cannot be read, watt.
    #[serde(with = "number")]
    pub unknown_w: f64,
}

impl Default for ExternalLimit {
    /// 4200 W, which the grid operator must leave to a controllable connection (§ 14a EnWG, BK6-22-300).
    fn default() -> Self {
        Self { unknown_w: 4200.0 }
    }
}

/// Longer than a slot, so that one missed tick changes nothing, shorter than two.
const LEASE: Duration = Duration::from_secs(20 * 60);

/// Limits of a battery, from its device, the owner and the law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatteryLimits {
    /// Watt-hours from 0 to 100 %.
    #[serde(with = "number")]
    pub capacity_wh: f64,
    /// Nothing discharges below.
    #[serde(with = "number")]
    pub min_soc_pct: f64,
    /// Nothing discharges below, since that is kept for an outage; 0: nothing is kept.
    #[serde(with = "number")]
    pub outage_reserve_pct: f64,
    /// Nothing charges above.
    #[serde(with = "number")]
    pub max_soc_pct: f64,
    /// Watt at the bus.
    #[serde(with = "number")]
    pub max_charge_w: f64,
    /// Watt at the bus.
    #[serde(with = "number")]
    pub max_discharge_w: f64,
    /// The device takes powers in steps of so much, watt; `None`: any.
    #[serde(default, with = "number::option")]
    pub step_w: Option<f64>,
    /// Most that its power may grow by from one set-point to the next, watt; `None`: any.
    #[serde(default, with = "number::option")]
    pub ramp_w: Option<f64>,
    /// The phase that it is connected to, 1 to 3; `None`: unknown or several, so that it counts on each.
    pub phase: Option<u8>,
    /// What its entities can do.
    pub commands: BTreeSet<CommandKind>,
    /// Least time between one change of direction (charging, discharging) and the next: each switches a
    /// relay (Zendure/zenSDK#74 advises two minutes).
    pub direction_dwell: Duration,
    /// Most changes of direction within a day; 24 is what the relay is worth.
    pub turns_per_day: u32,
    /// Least time between two writes (Zendure/zenSDK#5 recommends at least ten seconds).
    pub write_interval: Duration,
    /// Most writes within a day; `None`: as many as the interval allows, for a device that keeps commands in
    /// memory.
    pub writes_per_day: Option<u32>,
    /// Commands that the device stores in flash when they are written.
    pub flash_commands: BTreeSet<CommandKind>,
    /// Most writes of those within a day; 300 let the flash last for ten years (Predbat's caution.md).
    pub flash_writes_per_day: u32,
    /// A command ends by itself after this when nothing renews it.
    pub lease: Duration,
}

impl Default for BatteryLimits {
    /// A battery that may do nothing, with the usual times.
    fn default() -> Self {
        Self {
            capacity_wh: 0.0,
            min_soc_pct: 10.0,
            outage_reserve_pct: 0.0,
            max_soc_pct: 100.0,
            max_charge_w: 0.0,
            max_discharge_w: 0.0,
            step_w: None,
            ramp_w: None,
            phase: None,
            commands: BTreeSet::new(),
            direction_dwell: Duration::from_secs(120),
            turns_per_day: 24,
            write_interval: Duration::from_secs(10),
            writes_per_day: None,
            flash_commands: BTreeSet::from([CommandKind::Hold]),
            flash_writes_per_day: 300,
            lease: LEASE,
        }
    }
}

/// From where to where a level may be set, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelRange {
    /// Least.
    #[serde(with = "number")]
    pub min: f64,
    /// Most.
    #[serde(with = "number")]
    pub max: f64,
}

/// Limits of a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceLimits {
    /// What its entities can do.
    pub abilities: Abilities,
    /// Least time between turning on and turning off: spares the relay, and what is behind it.
    pub switch_dwell: Duration,
    /// Most switchings within a day; 24 is what the relay is worth.
    pub turns_per_day: u32,
    /// Whether it may be turned off while it draws power.
    pub interruptible: bool,
    /// Whether batteries discharge into it; not into an electric car, for instance.
    pub from_battery: bool,
    /// Least time between two writes.
    pub write_interval: Duration,
    /// What it draws when it is on, watt, as far as known: counts against the import limit.
    #[serde(default, with = "number::option")]
    pub power_w: Option<f64>,
    /// The phase that it is connected to, 1 to 3; `None`: unknown or several, so that it counts on each.
    pub phase: Option<u8>,
    /// Range of its level, where it has one.
    pub level: Option<LevelRange>,
    /// A command ends by itself after this when nothing renews it.
    pub lease: Duration,
}

impl Default for DeviceLimits {
    /// A device that may do nothing, with the usual times.
    fn default() -> Self {
        Self {
            abilities: Abilities::default(),
            switch_dwell: Duration::from_secs(60),
            turns_per_day: 24,
            interruptible: false,
            from_battery: true,
            write_interval: Duration::from_secs(2),
            power_w: None,
            phase: None,
            level: None,
            lease: LEASE,
        }
    }
}

/// All limits of a home.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The connection.
    pub grid: GridLimits,
    /// By id.
    pub batteries: BTreeMap<TargetId, BatteryLimits>,
    /// By id.
    pub devices: BTreeMap<TargetId, DeviceLimits>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_outlives_one_missed_tick_and_no_two() {
        let slot = Duration::from_secs(model::slot::SLOT_S as u64);
        for lease in [BatteryLimits::default().lease, DeviceLimits::default().lease] {
            assert!(lease > slot && lease < 2 * slot, "{lease:?}");
        }
    }
}
