//! From the owner's TOML to checked settings.

mod raw;
mod sky;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use control::{BatterySetup, DeviceSetup, Setup, TaskSetup};
use feeds::RawSource;
use forecast::prices::Exchange;
use forecast::tariff::RawTariff;
use forecast::{ExportTariff, Tariff};
use guard::{BatteryLimits, DeviceLimits, ExternalLimit, GridLimits, Limits};
use home::homeassistant::{EntityId, HomeEntities};
use home::simulated::Layout;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use journal::Keep;
use model::score::PromotionRule;
use model::snapshot::Abilities;
use model::{CommandKind, Member, Mode, Roster, TargetId};
use raw::{Raw, RawBattery, RawDevice, RawPrices, RawTask};
pub use sky::SkySources;

/// The strategy of last resort.
pub const LAST_RESORT: &str = "rule-based";
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
    /// Which strategies decide, with what settings.
    pub roster: Roster,
    /// For the Home Assistant adapter.
    pub entities: HomeEntities,
    /// What shows Home Assistant that the program is alive.
    pub heartbeat: Option<EntityId>,
    /// By which several Wattwrights agree on which of them commands the home.
    pub lease: Option<EntityId>,
    /// Where Home Assistant is; `None`: `HA_URL` tells.
    pub url: Option<String>,
    /// Where the token is; `None`: `HA_TOKEN` is the token.
    pub token_file: Option<PathBuf>,
    /// Where prices come from.
    pub prices: PriceSources,
    /// What is made of them.
    pub tariff: Tariff,
    /// Where weather and sun ahead come from.
    pub sky: SkySources,
    /// Where strategies are dropped in.
    pub strategies: PathBuf,
    /// Retention.
    pub keep: Keep,
    /// When a shadow is proposed.
    pub promotion: PromotionRule,
}

/// Where prices come from, the best first.
#[derive(Clone, Debug, Default)]
pub struct PriceSources {
    /// Of what is drawn from the grid.
    pub import: Vec<feeds::Source>,
    /// Of what is fed in, where that has prices of its own.
    pub feed_in: Vec<feeds::Source>,
    /// For a source in another currency.
    pub exchange: Option<Exchange>,
    /// The home's currency, where it is configured.
    pub currency: Option<String>,
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
            external: raw.grid.import_cap.as_ref().map(|_| {
                let usual = ExternalLimit::default();
                let unknown_w =
                    raw.grid.import_cap_unknown_w.inspect(|w| self.not_negative("grid.import_cap_unknown_w", *w));
                ExternalLimit { unknown_w: unknown_w.unwrap_or(usual.unknown_w) }
            }),
            meter_stale_after: raw
                .grid
                .stale_after_s
                .map_or(GridLimits::default().meter_stale_after, Duration::from_secs),
            phase_limit_a: raw.grid.phase_limit_a.inspect(|a| self.positive("grid.phase_limit_a", *a)),
            ..GridLimits::default()
        };
        if grid.phase_limit_a.is_some() && raw.grid.phase_currents.is_empty() {
            let way_out = "needs `phase_currents`, the entities that show the current of each phase";
            self.problem("grid.phase_limit_a", way_out.into());
        }
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
            limits.devices.insert(device.id.clone(), self.device(device, &raw.task));
            devices.push(DeviceSetup {
                id: device.id.clone(),
                name: device.name.clone().unwrap_or_else(|| device.id.clone()),
                kind: device.kind.clone(),
                mode: device.mode.unwrap_or(raw.home.mode),
            });
        }
        let tasks = raw.task.iter().map(|task| self.task(task, &raw.device)).collect();
        let tariff = self.tariff(&raw);
        let prices = self.prices(raw.prices, raw.home.currency.clone(), &folder);
        let prices_of = prices.import.iter().chain(&prices.feed_in).flat_map(feeds::Source::entities);
        let mut extra = self.entities("prices.source", prices_of);
        let site = self.site(&raw.home, raw.solar.as_ref());
        let (solar_power, solar_sources) = raw.solar.map_or((None, Vec::new()), |s| (Some(s.power), s.source));
        let sky = self.sky(raw.weather, solar_sources, site, &folder);
        extra.extend(self.entities("weather.source", sky.weather.iter().flat_map(feeds::WeatherSource::entities)));
        extra.extend(self.entities("solar.source", sky.solar.iter().flat_map(feeds::SolarSource::entities)));
        extra.extend(raw.homeassistant.lease.clone());
        let members = raw.strategies.members();
        let roster = self.roster(raw.strategies.order, raw.strategies.shadows, members);
        let keep = Keep::default();
        let usual = PromotionRule::default();
        let promotion = PromotionRule {
            days: raw.scores.propose_after_days.unwrap_or(usual.days),
            least_gain: raw.scores.propose_from.unwrap_or(usual.least_gain),
        };
        if !(1..=90).contains(&promotion.days) {
            self.problem("scores.propose_after_days", format!("{} days; expected 1 to 90", promotion.days));
        }
        self.not_negative("scores.propose_from", promotion.least_gain);
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
                settle: raw.home.settle_s.map_or(SETTLE, Duration::from_secs),
            },
            roster,
            entities: HomeEntities {
                grid_power: raw.grid.power,
                solar_power,
                load_power: raw.load.map(|l| l.power),
                temperature: raw.temperature.map(|t| t.entity),
                import_cap: raw.grid.import_cap,
                phase_currents: raw.grid.phase_currents,
                batteries: raw.battery.into_iter().map(|b| (b.id, b.entities)).collect(),
                devices: raw.device.into_iter().map(|d| (d.id, d.entities)).collect(),
                extra,
            },
            heartbeat: self.helper("homeassistant.heartbeat", "input_datetime", raw.homeassistant.heartbeat),
            lease: self.helper("homeassistant.lease", "input_text", raw.homeassistant.lease),
            url: raw.homeassistant.url,
            token_file: raw.homeassistant.token_file.map(|file| folder.join(file)),
            prices,
            tariff,
            sky,
            strategies: folder.join(raw.strategies.folder.unwrap_or_else(|| "strategies".into())),
            keep: Keep {
                ticks_days: raw.journal.keep_ticks_days.unwrap_or(keep.ticks_days),
                past_days: raw.journal.keep_past_days.unwrap_or(keep.past_days),
            },
            promotion,
            path: path.to_owned(),
        }
    }

    /// The tariff as it is written out, or the short form among the prices.
    fn tariff(&mut self, raw: &Raw) -> Tariff {
        let RawPrices { surcharge_per_kwh, vat_pct, export, .. } = &raw.prices;
        let Some(written) = &raw.tariff else {
            let export = export.unwrap_or(ExportTariff::Fixed(0.0));
            return Tariff::simple(surcharge_per_kwh.unwrap_or(0.0), vat_pct.unwrap_or(0.0), export);
        };
        if surcharge_per_kwh.is_some() || vat_pct.is_some() || export.is_some() {
            let text = "it says all that a kWh costs and earns; take `surcharge_per_kwh`, `vat_pct` and `export` out of \
                        [prices], or [tariff] out of the file";
            self.problem("tariff", text.into());
        }
        let zone = raw.home.timezone.as_deref().or(written.timezone.as_deref());
        let Some(zone) = zone.map(TimeZone::get) else {
            self.problem("home.timezone", "a tariff's times are local ones; say where, such as `Europe/Berlin`".into());
            return Tariff::default();
        };
        // A zone that does not exist is a problem of its own.
        self.checked_tariff(written, &zone.unwrap_or(TimeZone::UTC))
    }

    fn checked_tariff(&mut self, written: &RawTariff, zone: &TimeZone) -> Tariff {
        Tariff::new(written, zone).unwrap_or_else(|error| {
            error.problems.into_iter().for_each(|problem| self.problem("tariff", problem));
            Tariff::default()
        })
    }

    fn prices(&mut self, raw: RawPrices, currency: Option<String>, folder: &Path) -> PriceSources {
        let mut checked = |name: &str, sources: Vec<RawSource>| {
            let mut good = Vec::new();
            for (index, source) in sources.into_iter().enumerate() {
                match source.check(folder) {
                    Ok(source) => good.push(source),
                    Err(error) => self.problem(&format!("prices.{name}, number {}", index + 1), error.to_string()),
                }
            }
            good
        };
        PriceSources {
            import: checked("source", raw.source),
            feed_in: checked("feed_in_source", raw.feed_in_source),
            exchange: raw.exchange,
            currency,
        }
    }

    fn entities<'a>(&mut self, field: &str, names: impl Iterator<Item = &'a str>) -> Vec<EntityId> {
        let mut good = Vec::new();
        for name in names {
            match EntityId::try_from(name) {
                Ok(entity) => good.push(entity),
                Err(error) => self.problem(field, error.to_string()),
            }
        }
        good
    }

    fn roster(&mut self, mut active: Vec<String>, shadows: Vec<String>, members: BTreeMap<String, Member>) -> Roster {
        let names: BTreeSet<&String> = active.iter().chain(&shadows).chain(members.keys()).collect();
        for name in names {
            if !model::is_valid_id(name) {
                self.problem("strategies", format!("`{name}` is no strategy's name: 1 to 40 of a-z, 0-9 and -"));
            }
        }
        if let Some(both) = shadows.iter().find(|name| active.contains(name) || *name == LAST_RESORT) {
            self.problem("strategies.shadows", format!("`{both}` is active; a strategy is one or the other"));
        }
        for (name, member) in &members {
            let field = format!("strategies.grants.{name}.max_power_w");
            member.grant.max_power_w.into_iter().for_each(|power_w| self.not_negative(&field, power_w));
        }
        if !active.iter().any(|name| name == LAST_RESORT) {
            active.push(LAST_RESORT.into());
        }
        Roster { active, shadows, members }
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
        if let Some(reserve_pct) = battery.outage_reserve_pct {
            self.within(&field("outage_reserve_pct"), reserve_pct, 0.0, 100.0);
        }
        if let Some(step_w) = battery.step_w {
            self.positive(&field("step_w"), step_w);
        }
        if let Some(ramp_w) = battery.ramp_w {
            self.positive(&field("ramp_w"), ramp_w);
        }
        self.phase(&field("phase"), battery.phase);
        if battery.min_soc_pct >= battery.max_soc_pct {
            let (low, high) = (battery.min_soc_pct, battery.max_soc_pct);
            self.problem(&field("min_soc_pct"), format!("{low} is not below max_soc_pct, {high}"));
        }
        let usual = BatteryLimits::default();
        BatteryLimits {
            capacity_wh: battery.capacity_wh,
            min_soc_pct: battery.min_soc_pct,
            max_soc_pct: battery.max_soc_pct,
            max_charge_w: battery.max_charge_w,
            max_discharge_w: battery.max_discharge_w,
            commands: battery.entities.commands(),
            outage_reserve_pct: battery.outage_reserve_pct.unwrap_or(usual.outage_reserve_pct),
            step_w: battery.step_w,
            ramp_w: battery.ramp_w,
            phase: battery.phase,
            direction_dwell: battery.direction_dwell_s.map_or(usual.direction_dwell, Duration::from_secs),
            turns_per_day: battery.turns_per_day.unwrap_or(usual.turns_per_day),
            write_interval: battery.write_interval_s.map_or(usual.write_interval, Duration::from_secs),
            writes_per_day: battery.writes_per_day,
            flash_commands: battery.flash_commands.clone().unwrap_or(usual.flash_commands),
            flash_writes_per_day: battery.flash_writes_per_day.unwrap_or(usual.flash_writes_per_day),
            lease: usual.lease,
        }
    }

    fn helper(&mut self, field: &str, domain: &str, helper: Option<EntityId>) -> Option<EntityId> {
        if let Some(entity) = helper.as_ref().filter(|entity| entity.domain() != domain) {
            let text = format!("`{entity}` is a `{}`; it takes an `{domain}`", entity.domain());
            self.problem(field, text);
        }
        helper
    }

    fn phase(&mut self, field: &str, phase: Option<u8>) {
        if let Some(phase) = phase.filter(|phase| !(1..=3).contains(phase)) {
            self.problem(field, format!("{phase} is no phase: 1, 2 or 3, or left out where it is not known"));
        }
    }

    fn device(&mut self, device: &RawDevice, tasks: &[RawTask]) -> DeviceLimits {
        if let Some(power_w) = device.power_w {
            self.not_negative(&format!("device `{}`: power_w", device.id), power_w);
        }
        self.phase(&format!("device `{}`: phase", device.id), device.phase);
        let abilities = device.entities.abilities();
        let is_apart = device.from_battery == Some(false);
        if is_apart && device.entities.power.is_none() {
            let way_out = "nobody knows when it is at work; give it `power`";
            self.problem(&format!("device `{}`: from_battery", device.id), way_out.into());
        }
        if !(is_apart || abilities.switch || abilities.level || abilities.light || abilities.notify) {
            let way_out = "nothing to command; give it one of `switch`, `light`, `level`, `notify`";
            self.problem(&format!("device `{}`: entities", device.id), way_out.into());
        }
        let usual = DeviceLimits::default();
        DeviceLimits {
            abilities,
            switch_dwell: device.switch_dwell_s.map_or(usual.switch_dwell, Duration::from_secs),
            turns_per_day: device.turns_per_day.unwrap_or(usual.turns_per_day),
            interruptible: device.interruptible.unwrap_or_else(|| {
                let own: Vec<bool> =
                    tasks.iter().filter(|task| task.device == device.id).map(|task| task.interruptible).collect();
                is_interruptible(&device.kind, &own)
            }),
            from_battery: !is_apart,
            write_interval: device.write_interval_s.map_or(usual.write_interval, Duration::from_secs),
            power_w: device.power_w,
            phase: device.phase,
            ..usual
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

/// Whether a device may be turned off while it draws power, by its kind and its tasks: nobody knows what is
/// behind a plug.
fn is_interruptible(kind: &str, tasks: &[bool]) -> bool {
    if tasks.is_empty() { kind != "plug" } else { tasks.iter().all(|interruptible| *interruptible) }
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
        ..BatteryLimits::default()
    };
    limits.batteries.insert(battery.id.clone(), battery_limits);
    let mut device = |id: &TargetId, name: &str, kind: &str, abilities: Abilities, power_w: Option<f64>| {
        let interruptible = is_interruptible(kind, &[]);
        let device_limits = DeviceLimits { abilities, power_w, interruptible, ..DeviceLimits::default() };
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
