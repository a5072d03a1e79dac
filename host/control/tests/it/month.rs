//! A simulated month at full speed, recorded in a journal: the parts that the control loop is made of, put
//! together without its clock. Also what `benches/replay.rs` runs.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use balance::{Follower, Meter};
use control::ask::Question;
use control::claims;
use control::drive::{self, Due, Follow, Next};
use control::replay::{Replayed, replay};
use control::snapshot::{self, Seen};
use control::tasks::{self, Progress};
use control::tick::Decided;
use control::{BatterySetup, DeviceSetup, Kept, Known, Setup, TaskSetup};
use engine::{Engine, EngineConfig, Strategy};
use forecast::{Series, SeriesRow};
use guard::{BatteryLimits, DeviceLimits, Guard, Ledger, Limits, Scene, SceneRecord, Watch};
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::home::HomeState;
use model::snapshot::{Abilities, InForce, PastSlot, Slot};
use model::{
    BatteryState, Cause, Command, CommandKind, DeviceState, Grant, Link, Mode, Reading, StrategyRef, TargetId, Terms,
    Tick,
};
use simulator::{Battery, BatteryParameters, Drive, Home, Inputs, Step};
use wattwright_control as control;

use crate::strategies::{balances, declines};

const BATTERY: &str = "battery";
const PLUG: &str = "washer";
const DATA: &[u8] = include_bytes!("../../../../examples/data/home-a.csv.gz");
/// So many ticks are a month …
pub const MONTH: usize = 10_000;
/// … with so many steps from one to the next …
const STEPS: usize = 13;
/// … of so many seconds.
const STEP_S: u32 = 20;
const SLOTS: usize = 192;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Every version of every strategy of the month, by hash: what a vault keeps.
pub type Versions = BTreeMap<String, Arc<Strategy>>;

/// What came of a recorded month.
pub struct Recorded {
    pub versions: Versions,
    pub ids: Vec<i64>,
    /// How long writing each tick into the journal took.
    pub writing: Vec<Duration>,
}

/// The same component with another hash: an empty custom section more.
fn versions_of(engine: &Engine, count: usize) -> Result<Vec<Arc<Strategy>>> {
    let bytes = rule_based()?;
    (0..count)
        .map(|more| {
            let mut bytes = bytes.clone();
            (0..more).for_each(|_| bytes.extend_from_slice(&[0, 4, 3, b'n', b'e', b'w']));
            Ok(Arc::new(engine.load(&bytes)?))
        })
        .collect()
}

/// The shipped strategy.
pub fn rule_based() -> Result<Vec<u8>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));
    let bytes = std::fs::read(&path);
    Ok(bytes.map_err(|error| format!("{}: {error}; `cargo xtask build` makes it", path.display()))?)
}

struct World {
    setup: Setup,
    rows: Vec<SeriesRow>,
    home: Home,
    step: Step,
    plug_on: bool,
    now: Timestamp,
    uptime: Duration,
    guard: Guard,
    ledger: Ledger,
    watch: Watch,
    in_force: BTreeMap<TargetId, (InForce, Option<String>)>,
    written: Option<Command>,
    follower: Follower,
    progress: Option<Progress>,
}

/// Records `ticks` ticks of a month in which the strategy is replaced twice.
pub fn record(journal: &Journal, ticks: usize) -> Result<Recorded> {
    let engine = Engine::new(EngineConfig::default())?;
    let mine = versions_of(&engine, 3)?;
    let wont = Arc::new(engine.load(&declines("wont", "never").bytes())?);
    let second = Arc::new(engine.load(&balances("second", &[BATTERY]).bytes())?);
    let mut versions = Versions::new();
    for strategy in mine.iter().chain([&wont, &second]) {
        versions.insert(strategy.hash().to_owned(), strategy.clone());
    }
    let mut world = World::new()?;
    let mut memories: BTreeMap<String, Kept> = BTreeMap::new();
    let (mut ids, mut writing) = (Vec::with_capacity(ticks), Vec::with_capacity(ticks));
    for number in 0..ticks {
        world.live();
        let now_active = &mine[number * mine.len() / ticks];
        let weaker = Grant { max_power_w: Some(600.0), ..Grant::default() };
        let weaker = Terms { grant: weaker, ..Terms::default() };
        let active = [(&wont, Terms::default()), (now_active, weaker), (&second, Terms::default())];
        let tick = world.tick(&active, &memories)?;
        for (strategy, memory) in tick.kept {
            memories.insert(strategy.name, Kept { hash: strategy.hash, memory });
        }
        let begun = Instant::now();
        ids.push(journal.record(&tick.tick, Some(&tick.scene))?);
        writing.push(begun.elapsed());
    }
    Ok(Recorded { versions, ids, writing })
}

/// Replays all of it, and gives what is not the same.
pub fn replay_all(journal: &Journal, recorded: &Recorded) -> Result<Vec<Replayed>> {
    let find = |version: &StrategyRef| {
        recorded.versions.get(&version.hash).cloned().ok_or_else(|| "nobody kept it".to_owned())
    };
    let mut different = Vec::new();
    for id in &recorded.ids {
        let tick = journal.tick(*id)?.ok_or("a tick is missing")?;
        let replayed = replay(&tick, journal.scene(*id)?.as_deref(), &find)?;
        if !replayed.is_same() {
            different.push(replayed);
        }
    }
    Ok(different)
}

struct Made {
    tick: Tick,
    scene: Vec<u8>,
    kept: Vec<(StrategyRef, Vec<u8>)>,
}

impl World {
    fn new() -> Result<Self> {
        let rows = Series::parse("home-a.csv.gz", DATA)?.rows().to_vec();
        let parameters = BatteryParameters::default();
        let setup = setup(&parameters);
        let mut home = Home::new(Battery::new(parameters, 50.0)?, None);
        home.command(Drive::FOLLOW);
        Ok(Self {
            // Two days in, so that there is a past.
            now: rows[SLOTS].start,
            step: home.step(Inputs::default(), 1.0),
            rows,
            home,
            plug_on: false,
            uptime: Duration::from_secs(3600),
            guard: Guard::new(setup.limits.clone()),
            setup,
            ledger: Ledger::default(),
            watch: Watch::default(),
            in_force: BTreeMap::new(),
            written: None,
            follower: Follower::default(),
            progress: None,
        })
    }

    fn row(&self) -> usize {
        let since_s = self.now.as_second() - self.rows[0].start.as_second();
        (since_s / model::slot::SLOT_S) as usize
    }

    /// Until the next tick.
    fn live(&mut self) {
        for _ in 0..STEPS {
            let row = self.rows[self.row()];
            let plugs_w = if self.plug_on { 800.0 } else { 0.0 };
            let inputs = Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w };
            self.step = self.home.step(inputs, f64::from(STEP_S));
            self.now += SignedDuration::from_secs(STEP_S.into());
            self.uptime += Duration::from_secs(STEP_S.into());
            let state = self.state();
            self.watch.observe(&state, &self.setup.limits, self.uptime, self.now);
            self.advance_task(plugs_w);
            self.drive(&state);
        }
    }

    fn advance_task(&mut self, plugs_w: f64) {
        let Some(window) = tasks::window(&self.setup.tasks[0], self.now, &jiff::tz::TimeZone::UTC) else { return };
        if self.progress.as_ref().is_none_or(|progress| progress.window != window) {
            self.progress = Some(Progress::new(window));
        }
        if let Some(progress) = self.progress.as_mut().filter(|_| self.plug_on) {
            progress.advance(&self.setup.tasks[0], Some(plugs_w), Duration::from_secs(STEP_S.into()));
        }
    }

    fn drive(&mut self, state: &HomeState) {
        let Some((in_force, by)) = self.in_force.get(BATTERY) else { return };
        let limits = &self.guard.limits().batteries[BATTERY];
        let battery = balance::Battery {
            id: BATTERY,
            power_w: self.step.battery_w,
            max_charge_w: limits.max_charge_w,
            max_discharge_w: limits.max_discharge_w,
        };
        let meter = Some(Meter { power_w: self.step.grid_w, at: self.now });
        let seen = balance::Seen { now: self.uptime, meter, batteries: &[battery], is_followed: false };
        let follow = Follow::of(&self.follower.follow(&seen), BATTERY);
        let due = Due {
            measured_w: Some(self.step.battery_w),
            battery: BATTERY,
            in_force: &in_force.command,
            by: by.as_deref(),
            grant: &Grant::default(),
            written: self.written.as_ref(),
            follow,
            paused: false,
        };
        let scene = Scene { home: state, now: self.now, uptime: self.uptime, ledger: &self.ledger, watch: &self.watch };
        if let Next::Write(approved, _) = drive::next(&self.guard, &due, &scene) {
            self.ledger.record(&approved, self.now, self.uptime);
            if let Some(command) = approved.command() {
                self.written = Some(command.clone());
                let power_w = drive::to_power(command);
                self.follower.wrote(BATTERY, power_w, Some(self.step.battery_w), self.uptime);
                self.home.command(Drive::of(command).unwrap_or(Drive::Hold));
            }
        }
    }

    fn tick(&mut self, active: &[(&Arc<Strategy>, Terms)], memories: &BTreeMap<String, Kept>) -> Result<Made> {
        let state = self.state();
        let in_force = self.in_force.iter().map(|(id, (in_force, _))| (id.clone(), in_force.clone())).collect();
        let task = self.progress.as_ref().map(|p| p.to_task(&self.setup.tasks[0], self.now, Some(self.plug_on)));
        let snapshot = snapshot::build(Seen {
            setup: &self.setup,
            state: &state,
            watch: &self.watch,
            now: self.now,
            known: self.known(),
            in_force: &in_force,
            tasks: task.into_iter().collect(),
        });
        let mut decided = Decided::new(Arc::new(snapshot));
        for (strategy, terms) in active {
            let settings = strategy.complete_settings(&serde_json::json!({})).map_err(|p| format!("{p:?}"))?;
            let kept = memories.get(&strategy.description().name).cloned();
            let question = Question::new((*strategy).clone(), terms.clone(), settings, kept);
            let said = question.put(&decided.snapshot);
            decided.enter(terms.clone(), said);
        }

        let scene =
            Scene { home: &state, now: self.now, uptime: self.uptime, ledger: &self.ledger, watch: &self.watch };
        let scene = SceneRecord::of(&self.guard, &scene);
        let voices = decided.voices();
        let (proposals, superseded) = claims::claim(&voices);
        let ruled = claims::judge(&proposals, &scene);
        let tick = decided.to_tick(self.now, Cause::Slot, superseded, &ruled);
        let kept = decided
            .answers
            .iter()
            .filter_map(|answered| Some((answered.strategy.clone(), answered.memory_to_keep()?.to_vec())));
        let kept = kept.collect();
        for ruled in &ruled {
            let Some(approved) = &ruled.judged.approved else { continue };
            let Some(command) = approved.command() else { continue };
            self.ledger.stand(approved, self.now, self.uptime);
            match command {
                Command::TurnOn | Command::TurnOff => {
                    self.plug_on = *command == Command::TurnOn;
                    self.ledger.record(approved, self.now, self.uptime);
                }
                _ => {}
            }
            let since = self.ledger.in_force(approved.target()).map_or(self.now, |in_force| in_force.since);
            let in_force = InForce { command: command.clone(), since, until: None };
            self.in_force.insert(approved.target().clone(), (in_force, ruled.judged.verdict.by.clone()));
        }
        Ok(Made { tick, scene: serde_json::to_vec(&scene)?, kept })
    }

    fn known(&self) -> Known {
        let at = self.row();
        let ahead = self.rows[at..at + SLOTS].iter().map(|row| Slot {
            import_price: Some(row.import_price),
            export_price: Some(row.export_price),
            solar_w: Some(row.solar_w),
            load_w: Some(row.load_w),
            temperature_c: Some(row.temperature_c),
            ..Slot::unknown(row.start)
        });
        let past = self.rows[at - SLOTS..at].iter().map(|row| PastSlot {
            start: row.start,
            end: model::slot::next(row.start),
            import_price: Some(row.import_price),
            export_price: Some(row.export_price),
            solar_w: Some(row.solar_w),
            load_w: Some(row.load_w),
            grid_w: Some(row.load_w - row.solar_w),
            battery_w: None,
            soc_pct: None,
            temperature_c: Some(row.temperature_c),
            extras: Vec::new(),
        });
        Known { ahead: ahead.collect(), past: past.collect(), ..Known::default() }
    }

    fn state(&self) -> HomeState {
        let reading = |name: &str, value: f64| Reading::of(name, value, self.now);
        HomeState {
            link: Link::Up { since: self.rows[0].start },
            timezone: Some("UTC".into()),
            currency: Some("EUR".into()),
            grid_power_w: reading("meter", self.step.grid_w),
            solar_power_w: Some(reading("solar", self.step.solar_w)),
            load_power_w: Some(reading("load", self.step.load_w)),
            temperature_c: None,
            import_cap_w: None,
            phase_current_a: Vec::new(),
            batteries: vec![BatteryState {
                id: BATTERY.into(),
                soc_pct: reading("soc", self.step.soc_pct.round()),
                power_w: reading("power", self.step.battery_w),
                device_max_charge_w: None,
                device_max_discharge_w: None,
                taken: None,
            }],
            devices: vec![DeviceState {
                id: PLUG.into(),
                on: Some(self.plug_on),
                abilities: Abilities { switch: true, ..Abilities::default() },
                level: None,
                power_w: None,
                fault: None,
            }],
        }
    }
}

fn setup(parameters: &BatteryParameters) -> Setup {
    let every = [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance];
    let battery = BatteryLimits {
        capacity_wh: parameters.capacity_wh,
        min_soc_pct: 10.0,
        max_soc_pct: 100.0,
        max_charge_w: 1000.0,
        max_discharge_w: 800.0,
        commands: every.into(),
        direction_dwell: Duration::from_secs(120),
        write_interval: Duration::from_secs(10),
        lease: Duration::from_secs(1200),
        ..BatteryLimits::default()
    };
    let plug = DeviceLimits {
        abilities: Abilities { switch: true, ..Abilities::default() },
        switch_dwell: Duration::from_secs(60),
        write_interval: Duration::from_secs(2),
        power_w: Some(800.0),
        level: None,
        lease: Duration::from_secs(1200),
        ..DeviceLimits::default()
    };
    Setup {
        name: "A month".into(),
        simulated: true,
        timezone: Some("UTC".into()),
        currency: Some("EUR".into()),
        limits: Limits {
            batteries: [(BATTERY.to_owned(), battery)].into(),
            devices: [(PLUG.to_owned(), plug)].into(),
            ..Limits::default()
        },
        batteries: vec![BatterySetup {
            id: BATTERY.into(),
            name: "Battery".into(),
            mode: Mode::Control,
            charge_efficiency: parameters.charge_efficiency,
            discharge_efficiency: parameters.discharge_efficiency,
            wear_cost_per_kwh: 0.02,
            carries_solar: false,
        }],
        devices: vec![DeviceSetup {
            id: PLUG.into(),
            name: "Washing machine".into(),
            kind: "plug".into(),
            mode: Mode::Control,
        }],
        tasks: vec![TaskSetup {
            id: "wash".into(),
            name: "Washing".into(),
            device: PLUG.into(),
            energy_wh: 800.0,
            power_w: 800.0,
            earliest: jiff::civil::time(8, 0, 0, 0),
            deadline: jiff::civil::time(20, 0, 0, 0),
            interruptible: true,
        }],
        settle: Duration::from_secs(20),
    }
}
