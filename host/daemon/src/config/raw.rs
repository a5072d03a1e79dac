//! The configuration as the owner writes it in TOML. Every table refuses keys that it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use feeds::{RawSolarSource, RawSource, RawWeatherSource};
use forecast::ExportTariff;
use forecast::prices::Exchange;
use forecast::tariff::RawTariff;
use home::homeassistant::{BatteryEntities, DeviceEntities, EntityId, EntityRef};
use jiff::civil::Time;
use model::{Allowance, CommandKind, Grant, Member, Mode};
use serde::Deserialize;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    pub home: RawHome,
    #[serde(default)]
    pub homeassistant: RawHomeAssistant,
    pub grid: RawGrid,
    pub solar: Option<RawSolar>,
    /// What the home uses, where it is measured by itself.
    pub load: Option<RawPower>,
    /// Outside.
    pub temperature: Option<RawTemperature>,
    /// Temperature and clouds ahead.
    #[serde(default)]
    pub weather: RawWeather,
    #[serde(default)]
    pub battery: Vec<RawBattery>,
    #[serde(default)]
    pub device: Vec<RawDevice>,
    #[serde(default)]
    pub task: Vec<RawTask>,
    #[serde(default)]
    pub prices: RawPrices,
    /// What a kWh costs and earns, component by component.
    pub tariff: Option<RawTariff>,
    #[serde(default)]
    pub strategies: RawStrategies,
    #[serde(default)]
    pub journal: RawJournal,
    #[serde(default)]
    pub scores: RawScores,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHome {
    pub name: String,
    /// Default for all targets: `advise`.
    #[serde(default)]
    pub mode: Mode,
    /// IANA name; else Home Assistant's.
    pub timezone: Option<String>,
    /// ISO 4217; else Home Assistant's.
    pub currency: Option<String>,
    /// Degrees, north positive; else Home Assistant's.
    pub latitude: Option<f64>,
    /// Degrees, east positive; else Home Assistant's.
    pub longitude: Option<f64>,
    /// How long a device may take until it shows a command, and then until it follows, seconds.
    pub settle_s: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHomeAssistant {
    /// Else `HA_URL`.
    pub url: Option<String>,
    /// A file with the long-lived access token, relative to this file; else `HA_TOKEN`.
    pub token_file: Option<PathBuf>,
    /// An `input_datetime` that shows that Wattwright is alive; `wattwright setup dead-man` says what for.
    pub heartbeat: Option<EntityId>,
    /// An `input_text` by which several Wattwrights agree on which of them commands the home.
    pub lease: Option<EntityId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawGrid {
    pub power: EntityRef,
    pub import_limit_w: Option<f64>,
    /// 800 W unless something else is set.
    pub feed_in_limit_w: Option<f64>,
    /// Most that may be imported by order from outside; it always wins.
    pub import_cap: Option<EntityRef>,
    /// What counts while `import_cap` cannot be read.
    pub import_cap_unknown_w: Option<f64>,
    pub stale_after_s: Option<u64>,
    /// Current of each phase at the connection, L1 first.
    #[serde(default)]
    pub phase_currents: Vec<EntityRef>,
    /// Most that each of them carries.
    pub phase_limit_a: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSolar {
    pub power: EntityRef,
    /// Id of the battery behind whose inverter the panels are (DC-coupled).
    pub behind: Option<String>,
    /// What the sun will give: the best first; the others fill what it does not know.
    #[serde(default)]
    pub source: Vec<RawSolarSource>,
    /// Panels that look the same way, for sources that have to be told.
    #[serde(default)]
    pub array: Vec<RawArray>,
    /// The most that the inverter gives.
    pub inverter_limit_w: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawArray {
    /// The sum of what stands on the modules.
    pub peak_w: f64,
    /// 0 flat, 90 upright.
    pub tilt_deg: f64,
    /// From south, west positive: -90 is east, 90 is west.
    pub azimuth_deg: f64,
    /// Share that dirt, wires, shade and age take; else the usual one.
    pub losses: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPower {
    pub power: EntityRef,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTemperature {
    pub entity: EntityRef,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawWeather {
    /// The best first; the others fill what it does not know.
    #[serde(default)]
    pub source: Vec<RawWeatherSource>,
    /// How the source was written once.
    pub entity: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBattery {
    pub id: String,
    pub name: Option<String>,
    pub mode: Option<Mode>,
    pub capacity_wh: f64,
    #[serde(default = "ten")]
    pub min_soc_pct: f64,
    #[serde(default = "hundred")]
    pub max_soc_pct: f64,
    pub max_charge_w: f64,
    pub max_discharge_w: f64,
    #[serde(default = "usual_efficiency")]
    pub charge_efficiency: f64,
    #[serde(default = "usual_efficiency")]
    pub discharge_efficiency: f64,
    #[serde(default)]
    pub wear_cost_per_kwh: f64,
    /// Kept for an outage.
    pub outage_reserve_pct: Option<f64>,
    /// The device takes powers in steps of so much.
    pub step_w: Option<f64>,
    /// Its power grows by no more from one set-point to the next.
    pub ramp_w: Option<f64>,
    /// Which phase it is connected to, 1 to 3.
    pub phase: Option<u8>,
    pub direction_dwell_s: Option<u64>,
    pub turns_per_day: Option<u32>,
    pub write_interval_s: Option<u64>,
    pub writes_per_day: Option<u32>,
    /// Kinds of commands that the device stores in flash, such as `hold`.
    pub flash_commands: Option<BTreeSet<CommandKind>>,
    pub flash_writes_per_day: Option<u32>,
    pub entities: BatteryEntities,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDevice {
    pub id: String,
    pub name: Option<String>,
    pub mode: Option<Mode>,
    pub kind: String,
    /// What it draws when it is on.
    pub power_w: Option<f64>,
    /// Which phase it is connected to, 1 to 3.
    pub phase: Option<u8>,
    pub switch_dwell_s: Option<u64>,
    pub turns_per_day: Option<u32>,
    /// Whether it may be turned off while it draws power; what its task says, unless it stands here.
    pub interruptible: Option<bool>,
    /// Whether batteries discharge into it; they do, unless this says no.
    pub from_battery: Option<bool>,
    pub write_interval_s: Option<u64>,
    pub entities: DeviceEntities,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTask {
    pub id: String,
    pub name: Option<String>,
    pub device: String,
    pub energy_wh: f64,
    pub power_w: f64,
    pub every_day: RawWindow,
    #[serde(default)]
    pub interruptible: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawWindow {
    pub earliest: Time,
    pub deadline: Time,
}

/// Where prices come from, and what is made of them where that is no more than this.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPrices {
    /// The best first; the others are asked when it does not know.
    #[serde(default)]
    pub source: Vec<RawSource>,
    /// The same for what is fed in, where that has prices of its own.
    #[serde(default)]
    pub feed_in_source: Vec<RawSource>,
    /// For a source in another currency.
    pub exchange: Option<Exchange>,
    pub surcharge_per_kwh: Option<f64>,
    pub vat_pct: Option<f64>,
    pub export: Option<ExportTariff>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawStrategies {
    /// Relative to this file.
    pub folder: Option<PathBuf>,
    /// In this order; `rule-based` is always the last resort.
    #[serde(default)]
    pub order: Vec<String>,
    /// Asked on the side; recorded and not carried out.
    #[serde(default)]
    pub shadows: Vec<String>,
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// What each may do, where it is not everything.
    #[serde(default)]
    pub grants: BTreeMap<String, Grant>,
    /// What a call of each may use, where it is not the usual.
    #[serde(default)]
    pub allowances: BTreeMap<String, Allowance>,
}

impl RawStrategies {
    /// What the owner says of each strategy.
    pub fn members(&self) -> BTreeMap<String, Member> {
        let names: BTreeSet<&String> =
            self.settings.keys().chain(self.grants.keys()).chain(self.allowances.keys()).collect();
        let member = |name: &String| {
            let usual = Member::default();
            Member {
                settings: self.settings.get(name).cloned().unwrap_or(usual.settings),
                grant: self.grants.get(name).cloned().unwrap_or(usual.grant),
                allowance: self.allowances.get(name).cloned().unwrap_or(usual.allowance),
                pardoned_at: None,
            }
        };
        names.into_iter().map(|name| (name.clone(), member(name))).collect()
    }
}

/// When a shadow is proposed to be promoted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawScores {
    /// Over how many scored days it has to be better than the strategy in charge: 14.
    pub propose_after_days: Option<u32>,
    /// By more than this over these days, in the home's currency: 1.
    pub propose_from: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawJournal {
    pub keep_ticks_days: Option<u32>,
    pub keep_past_days: Option<u32>,
}

fn ten() -> f64 {
    10.0
}

fn hundred() -> f64 {
    100.0
}

/// Each way, with the inverter: a usual figure for small batteries.
fn usual_efficiency() -> f64 {
    0.95
}
