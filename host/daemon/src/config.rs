//! From the owner's TOML to checked settings.

mod raw;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use control::{BatterySetup, DeviceSetup, Setup, TaskSetup};
use forecast::{ExportTariff, Tariff};
use guard::{BatteryLimits, DeviceLimits, GridLimits, Limits};
use home::homeassistant::{EntityId, HomeEntities};
use home::simulated::Layout;
use jiff::civil::Time;
use journal::Keep;
use model::snapshot::Abilities;
use model::{CommandKind, Mode, TargetId};
pub use raw::RawPriceSource;
use raw::{Raw, RawBattery, RawDevice, RawTask};

/// The strategy of last resort.
pub const LAST_RESORT: &str = "rule-based";
/// Longer than a slot, so that one missed tick changes nothing, shorter than two.
const LEASE: Duration = Duration::from_secs(20 * 60);
/// Each change of direction switches a relay (Zendure/zenSDK#74).
const DIRECTION_DWELL: Duration = Duration::from_secs(120);
/// What Zendure recommends at the least (Zendure/zenSDK#5).
const BATTERY_WRITE_INTERVAL: Duration = Duration::from_secs(10);
/// Spares the relays of plugs, and what is behind them.
const SWITCH_DWELL: Duration = Duration::from_secs(60);
/// Devices other than batteries take writes quickly.
const DEVICE_WRITE_INTERVAL: Duration = Duration::from_secs(2);
/// How long a device may take, by default.
pub const SETTLE: Duration = Duration::from_secs(20);

/// Why a configuration cannot be used. Every message names the file and the field.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or has keys or values that do not belong there.
    #[error("{}: {message}", .path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// Values that cannot be.
    #[error("{}: {}", .path.display(), .problems.join("\n  "))]
    Values {
        /// Which file.
        path: PathBuf,
        /// One line for each.
        problems: Vec<String>,
    },
}

/// A checked configuration of a home behind Home Assistant.
#[derive(Debug)]
pub struct Config {
    /// The file that it came from.
    pub path: PathBuf,
    /// For the control loop.
    pub setup: Setup,
    /// For the Home Assistant adapter.
    pub entities: HomeEntities,
    /// Where Home Assistant is; `None`: `HA_URL` tells.
    pub url: Option<String>,
    /// Where the token is; `None`: `HA_TOKEN` is the token.
    pub token_file: Option<PathBuf>,
    /// Where prices come from; `None`: nowhere.
    pub prices: Option<RawPriceSource>,
    /// What is made of them.
    pub tariff: Tariff,
    /// Where temperature and clouds ahead come from.
    pub weather: Option<EntityId>,
    /// Where strategies are dropped in.
    pub strategies: PathBuf,
    /// Retention.
    pub keep: Keep,
}

/// Reads and checks a file.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let parse_error = |message: String| ConfigError::Parse { path: path.to_owned(), message };
    let raw: Raw = toml::from_str(text).map_err(|error| parse_error(error.to_string().trim_end().to_owned()))?;
    let mut check = Check::default();
    let config = check.config(path, raw);
    if check.problems.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError::Values { path: path.to_owned(), problems: check.problems })
    }
}

#[derive(Default)]
struct Check {
    problems: Vec<String>,
    ids: Vec<String>,
}

impl Check {
    fn config(&mut self, path: &Path, raw: Raw) -> Config {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        if let Some(zone) = &raw.home.timezone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            self.problem("home.timezone", format!("`{zone}` is no IANA time zone, such as `Europe/Berlin`"));
        }
        let grid = GridLimits {
            import_limit_w: raw.grid.import_limit_w.inspect(|w| self.positive("grid.import_limit_w", *w)),
            feed_in_limit_w: raw
                .grid
                .feed_in_limit_w
                .inspect(|w| self.not_negative("grid.feed_in_limit_w", *w))
                .or(GridLimits::default().feed_in_limit_w),
            meter_stale_after: raw
                .grid
                .stale_after_s
                .map_or(GridLimits::default().meter_stale_after, Duration::from_secs),
            ..GridLimits::default()
        };
        let mut limits = Limits { grid, ..Limits::default() };
        let behind = raw.solar.as_ref().and_then(|s| s.behind.clone());
        let mut batteries = Vec::new();
        for battery in &raw.battery {
            self.id("battery", &battery.id);
            limits.batteries.insert(battery.id.clone(), self.battery(battery));
            batteries.push(BatterySetup {
                id: battery.id.clone(),
                name: battery.name.clone().unwrap_or_else(|| battery.id.clone()),
                mode: battery.mode.unwrap_or(raw.home.mode),
                charge_efficiency: battery.charge_efficiency,
                discharge_efficiency: battery.discharge_efficiency,
                wear_cost_per_kwh: battery.wear_cost_per_kwh,
                carries_solar: behind.as_deref() == Some(&battery.id),
            });
        }
        if let Some(behind) = behind.filter(|id| !raw.battery.iter().any(|b| &b.id == id)) {
            self.problem("solar.behind", format!("`{behind}` is no battery of this file"));
        }
        let mut devices = Vec::new();
        for device in &raw.device {
            self.id("device", &device.id);
            limits.devices.insert(device.id.clone(), self.device(device));
            devices.push(DeviceSetup {
                id: device.id.clone(),
                name: device.name.clone().unwrap_or_else(|| device.id.clone()),
                kind: device.kind.clone(),
                mode: device.mode.unwrap_or(raw.home.mode),
            });
        }
        let tasks = raw.task.iter().map(|task| self.task(task, &raw.device)).collect();
        let export = raw.prices.export.unwrap_or(ExportTariff::Fixed(0.0));
        let tariff = Tariff::simple(raw.prices.surcharge_per_kwh, raw.prices.vat_pct, export);
        let mut prices = raw.prices.import;
        if let Some(RawPriceSource::Csv { file, .. }) = &mut prices {
            *file = folder.join(&file);
        }
        let price_entity: Option<EntityId> = match &prices {
            Some(RawPriceSource::NordpoolSensor { entity }) => Some(entity.clone()),
            _ => None,
        };
        let extra = price_entity.into_iter().chain(raw.weather.as_ref().map(|w| w.entity.clone())).collect();
        let mut order = raw.strategies.order;
        for name in order.iter().chain(raw.strategies.settings.keys()) {
            if !model::is_valid_id(name) {
                self.problem("strategies", format!("`{name}` is no strategy's name: 1 to 40 of a-z, 0-9 and -"));
            }
        }
        if !order.iter().any(|name| name == LAST_RESORT) {
            order.push(LAST_RESORT.into());
        }
        let keep = Keep::default();
        Config {
            setup: Setup {
                name: raw.home.name,
                simulated: false,
                timezone: raw.home.timezone,
                currency: raw.home.currency,
                limits,
                batteries,
                devices,
                tasks,
                order,
                settings: raw.strategies.settings,
                settle: raw.home.settle_s.map_or(SETTLE, Duration::from_secs),
            },
            entities: HomeEntities {
                grid_power: raw.grid.power,
                solar_power: raw.solar.map(|s| s.power),
                load_power: raw.load.map(|l| l.power),
                temperature: raw.temperature.map(|t| t.entity),
                batteries: raw.battery.into_iter().map(|b| (b.id, b.entities)).collect(),
                devices: raw.device.into_iter().map(|d| (d.id, d.entities)).collect(),
                extra,
            },
            url: raw.homeassistant.url,
            token_file: raw.homeassistant.token_file.map(|file| folder.join(file)),
            prices,
            tariff,
            weather: raw.weather.map(|w| w.entity),
            strategies: folder.join(raw.strategies.folder.unwrap_or_else(|| "strategies".into())),
            keep: Keep {
                ticks_days: raw.journal.keep_ticks_days.unwrap_or(keep.ticks_days),
                past_days: raw.journal.keep_past_days.unwrap_or(keep.past_days),
            },
            path: path.to_owned(),
        }
    }

    fn battery(&mut self, battery: &RawBattery) -> BatteryLimits {
        let field = |name: &str| format!("battery `{}`: {name}", battery.id);
        self.positive(&field("capacity_wh"), battery.capacity_wh);
        self.not_negative(&field("max_charge_w"), battery.max_charge_w);
        self.not_negative(&field("max_discharge_w"), battery.max_discharge_w);
        self.within(&field("charge_efficiency"), battery.charge_efficiency, 0.3, 1.0);
        self.within(&field("discharge_efficiency"), battery.discharge_efficiency, 0.3, 1.0);
        self.within(&field("min_soc_pct"), battery.min_soc_pct, 0.0, 100.0);
        self.within(&field("max_soc_pct"), battery.max_soc_pct, 0.0, 100.0);
        self.not_negative(&field("wear_cost_per_kwh"), battery.wear_cost_per_kwh);
        if battery.min_soc_pct >= battery.max_soc_pct {
            let (low, high) = (battery.min_soc_pct, battery.max_soc_pct);
            self.problem(&field("min_soc_pct"), format!("{low} is not below max_soc_pct, {high}"));
        }
        BatteryLimits {
            capacity_wh: battery.capacity_wh,
            min_soc_pct: battery.min_soc_pct,
            max_soc_pct: battery.max_soc_pct,
            max_charge_w: battery.max_charge_w,
            max_discharge_w: battery.max_discharge_w,
            commands: battery.entities.commands(),
            direction_dwell: battery.direction_dwell_s.map_or(DIRECTION_DWELL, Duration::from_secs),
            write_interval: battery.write_interval_s.map_or(BATTERY_WRITE_INTERVAL, Duration::from_secs),
            lease: LEASE,
        }
    }

    fn device(&mut self, device: &RawDevice) -> DeviceLimits {
        if let Some(power_w) = device.power_w {
            self.not_negative(&format!("device `{}`: power_w", device.id), power_w);
        }
        let abilities = device.entities.abilities();
        if !(abilities.switch || abilities.level || abilities.light || abilities.notify) {
            let way_out = "nothing to command; give it one of `switch`, `light`, `level`, `notify`";
            self.problem(&format!("device `{}`: entities", device.id), way_out.into());
        }
        DeviceLimits {
            abilities,
            switch_dwell: device.switch_dwell_s.map_or(SWITCH_DWELL, Duration::from_secs),
            write_interval: device.write_interval_s.map_or(DEVICE_WRITE_INTERVAL, Duration::from_secs),
            power_w: device.power_w,
            level: None,
            lease: LEASE,
        }
    }

    fn task(&mut self, task: &RawTask, devices: &[RawDevice]) -> TaskSetup {
        let field = |name: &str| format!("task `{}`: {name}", task.id);
        if !model::is_valid_id(&task.id) {
            self.problem("task", format!("`{}` is no id: 1 to 40 of a-z, 0-9, - and _", task.id));
        }
        self.positive(&field("energy_wh"), task.energy_wh);
        self.positive(&field("power_w"), task.power_w);
        match devices.iter().find(|d| d.id == task.device) {
            None => self.problem(&field("device"), format!("`{}` is no device of this file", task.device)),
            Some(device) if !device.entities.abilities().switch => {
                self.problem(&field("device"), format!("`{}` has no `switch`", task.device));
            }
            Some(_) => {}
        }
        TaskSetup {
            id: task.id.clone(),
            name: task.name.clone().unwrap_or_else(|| task.id.clone()),
            device: task.device.clone(),
            energy_wh: task.energy_wh,
            power_w: task.power_w,
            earliest: task.every_day.earliest,
            deadline: task.every_day.deadline,
            interruptible: task.interruptible,
        }
    }

    fn id(&mut self, what: &str, id: &str) {
        if !model::is_valid_id(id) {
            self.problem(what, format!("`{id}` is no id: 1 to 40 of a-z, 0-9, - and _"));
        } else if self.ids.iter().any(|known| known == id) {
            self.problem(what, format!("the id `{id}` is used twice; batteries and devices share their ids"));
        }
        self.ids.push(id.to_owned());
    }

    fn problem(&mut self, field: &str, text: String) {
        self.problems.push(format!("{field}: {text}"));
    }

    fn positive(&mut self, field: &str, value: f64) {
        if !(value.is_finite() && value > 0.0) {
            self.problem(field, format!("{value} is not above 0"));
        }
    }

    fn not_negative(&mut self, field: &str, value: f64) {
        if !(value.is_finite() && value >= 0.0) {
            self.problem(field, format!("{value} is below 0"));
        }
    }

    fn within(&mut self, field: &str, value: f64, low: f64, high: f64) {
        if !(low..=high).contains(&value) {
            self.problem(field, format!("{value} is not between {low} and {high}"));
        }
    }
}

/// The setup of the simulated home. Nothing there can come to harm, so commands are sent.
pub fn simulated(layout: &Layout) -> Setup {
    let battery = &layout.battery;
    let parameters = &battery.parameters;
    let mut limits = Limits::default();
    let battery_limits = BatteryLimits {
        capacity_wh: parameters.capacity_wh,
        min_soc_pct: parameters.min_soc_pct,
        max_soc_pct: parameters.max_soc_pct,
        max_charge_w: parameters.max_charge_w,
        max_discharge_w: parameters.max_discharge_w,
        commands: [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance].into(),
        direction_dwell: DIRECTION_DWELL,
        write_interval: BATTERY_WRITE_INTERVAL,
        lease: LEASE,
    };
    limits.batteries.insert(battery.id.clone(), battery_limits);
    let mut device = |id: &TargetId, name: &str, kind: &str, abilities: Abilities, power_w: Option<f64>| {
        let device_limits = DeviceLimits {
            abilities,
            switch_dwell: SWITCH_DWELL,
            write_interval: DEVICE_WRITE_INTERVAL,
            power_w,
            level: None,
            lease: LEASE,
        };
        limits.devices.insert(id.clone(), device_limits);
        DeviceSetup { id: id.clone(), name: name.into(), kind: kind.into(), mode: Mode::Control }
    };
    let switch = Abilities { switch: true, ..Abilities::default() };
    let mut devices: Vec<DeviceSetup> =
        layout.plugs.iter().map(|plug| device(&plug.id, &plug.name, "plug", switch, Some(plug.power_w))).collect();
    let light = Abilities { light: true, ..Abilities::default() };
    devices.push(device(&layout.light.id, &layout.light.name, "light", light, None));
    let tasks = layout.plugs.iter().filter_map(|plug| {
        let programme = plug.programme.as_ref()?;
        Some(TaskSetup {
            id: format!("{}-programme", plug.id),
            name: plug.name.clone(),
            device: plug.id.clone(),
            energy_wh: programme.energy_wh(),
            power_w: programme.energy_wh() / (programme.duration_s() / 3600.0),
            earliest: Time::constant(9, 0, 0, 0),
            deadline: Time::constant(20, 0, 0, 0),
            interruptible: false,
        })
    });
    Setup {
        name: "Simulated home".into(),
        simulated: true,
        timezone: Some(layout.timezone.clone()),
        currency: Some(layout.currency.clone()),
        tasks: tasks.collect(),
        batteries: vec![BatterySetup {
            id: battery.id.clone(),
            name: battery.name.clone(),
            mode: Mode::Control,
            charge_efficiency: parameters.charge_efficiency,
            discharge_efficiency: parameters.discharge_efficiency,
            wear_cost_per_kwh: 0.02,
            carries_solar: false,
        }],
        devices,
        limits,
        order: vec![LAST_RESORT.into()],
        settings: BTreeMap::new(),
        settle: SETTLE,
    }
}

/// Overrides the mode of every target.
pub fn set_mode(setup: &mut Setup, mode: Mode) {
    setup.batteries.iter_mut().for_each(|b| b.mode = mode);
    setup.devices.iter_mut().for_each(|d| d.mode = mode);
}

#[cfg(test)]
mod tests;
