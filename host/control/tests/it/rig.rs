//! A control loop with all around it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::{Engine, EngineConfig, Library, LibraryConfig, Strategy};
use guard::{BatteryLimits, Limits};
use jiff::Timestamp;
use model::{CommandKind, Live, Measured, Roster, Shadow, Tick};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wattwright_control::{Controller, Data, Known, Owner, Setup};

use crate::guests::Guest;
use crate::home::{BATTERIES, Came, FakeHome};
use crate::record::{Event, FakeRecord};

/// A test that waits longer has failed. Not a matter of speed: nothing here takes a second by itself.
const PATIENCE: Duration = Duration::from_secs(120);

struct NoData(watch::Sender<u64>);

impl Data for NoData {
    fn observe(&self, _: Timestamp, _: &Measured) {}

    fn known(&self, _: Timestamp) -> Known {
        Known::default()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

pub struct Rig {
    pub home: Arc<FakeHome>,
    pub record: Arc<FakeRecord>,
    pub library: Arc<Library>,
    pub roster: watch::Sender<Arc<Roster>>,
    owner: Option<Arc<Owner>>,
    live: Option<watch::Receiver<Arc<Live>>>,
    orders: mpsc::UnboundedReceiver<Came>,
    events: mpsc::UnboundedReceiver<Event>,
    /// What came while something else was waited for.
    aside: Vec<Event>,
    folder: TempDir,
    shutdown: CancellationToken,
    control: Option<JoinHandle<bool>>,
    nudges: u32,
}

/// One strategy for each name, and who is active.
pub fn active(names: &[&str]) -> Roster {
    Roster { active: names.iter().map(|name| (*name).to_owned()).collect(), ..Roster::default() }
}

impl Rig {
    pub async fn start(guests: &[Guest], roster: Roster) -> Self {
        let rig = Self::prepare(guests, roster);
        rig.run()
    }

    /// All but the loop itself.
    pub fn prepare(guests: &[Guest], roster: Roster) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for guest in guests {
            std::fs::write(path(&folder, &guest.name), guest.bytes()).unwrap();
        }
        let engine = Engine::new(EngineConfig::default()).unwrap();
        let config = LibraryConfig { folder: Some(folder.path().to_owned()), ..LibraryConfig::default() };
        let library = Arc::new(Library::open(engine, config).unwrap());
        let (home, orders) = FakeHome::new();
        let (record, events) = FakeRecord::new();
        let (roster, _) = watch::channel(Arc::new(roster));
        Self {
            home,
            record,
            library,
            roster,
            owner: None,
            live: None,
            orders,
            events,
            aside: Vec::new(),
            folder,
            shutdown: CancellationToken::new(),
            control: None,
            nudges: 0,
        }
    }

    /// What an earlier loop recorded is there.
    pub fn remembering(mut self, record: Arc<FakeRecord>) -> Self {
        self.record = record;
        self
    }

    /// The owner's hand on the loop that runs.
    pub fn owner(&self) -> Arc<Owner> {
        self.owner.clone().unwrap()
    }

    pub fn run(mut self) -> Self {
        let data = Arc::new(NoData(watch::Sender::new(0)));
        let (controller, live) = Controller::new(
            setup(),
            self.home.clone(),
            data,
            self.record.clone(),
            self.library.clone(),
            self.roster.subscribe(),
        );
        self.owner = Some(controller.owner());
        self.live = Some(live);
        self.control = Some(tokio::spawn(controller.run(self.shutdown.clone())));
        self
    }
}

impl Rig {
    /// The next tick that is recorded.
    pub async fn tick(&mut self) -> Tick {
        self.tick_with_scene().await.0
    }

    /// The same with what the guard saw.
    pub async fn tick_with_scene(&mut self) -> (Tick, Vec<u8>) {
        self.event(|event| match event {
            Event::Tick(tick, scene) => Ok((*tick, scene)),
            other => Err(other),
        })
        .await
    }

    /// The next tick that the owner's word caused.
    pub async fn tick_by_roster(&mut self) -> Tick {
        loop {
            let tick = self.tick().await;
            if matches!(&tick.cause, model::Cause::Strategy { what } if what.starts_with("the owner changed")) {
                return tick;
            }
        }
    }

    pub async fn shadow(&mut self) -> Shadow {
        self.event(|event| match event {
            Event::Shadow(shadow) => Ok(*shadow),
            other => Err(other),
        })
        .await
    }

    pub async fn note(&mut self) -> String {
        self.event(|event| match event {
            Event::Note(text) => Ok(text),
            other => Err(other),
        })
        .await
    }

    /// The next event of a kind; others are kept for later, in order.
    async fn event<T>(&mut self, mut pick: impl FnMut(Event) -> Result<T, Event>) -> T {
        for index in 0..self.aside.len() {
            let event = self.aside.remove(index);
            match pick(event) {
                Ok(picked) => return picked,
                Err(event) => self.aside.insert(index, event),
            }
        }
        loop {
            let event = within(self.events.recv()).await.unwrap();
            match pick(event) {
                Ok(picked) => return picked,
                Err(event) => self.aside.push(event),
            }
        }
    }

    /// The next order that the home gets.
    pub async fn order(&mut self) -> Came {
        within(self.orders.recv()).await.unwrap()
    }

    /// How many orders came that nobody looked at yet.
    pub fn orders_so_far(&self) -> usize {
        self.orders.len()
    }

    /// The first view of the present that is so.
    pub async fn live(&mut self, is_so: impl FnMut(&Arc<Live>) -> bool) -> Arc<Live> {
        let live = self.live.as_mut().unwrap();
        within(live.wait_for(is_so)).await.unwrap().clone()
    }

    /// Puts another version into the folder and waits until it is the one in use.
    pub async fn reload(&self, guest: &Guest) -> Arc<Strategy> {
        let bytes = guest.bytes();
        let hash = self.library.engine().load(&bytes).unwrap().hash().to_owned();
        std::fs::write(path(&self.folder, &guest.name), bytes).unwrap();
        let mut changes = self.library.changes();
        loop {
            if let Some(strategy) = self.library.current(&guest.name).filter(|strategy| strategy.hash() == hash) {
                return strategy;
            }
            within(changes.changed()).await.unwrap();
        }
    }

    /// Changes what the owner lets strategies do.
    pub fn change(&self, change: impl FnOnce(&mut Roster)) {
        let mut roster = (**self.roster.borrow()).clone();
        change(&mut roster);
        self.roster.send_replace(Arc::new(roster));
    }

    /// Causes a tick, by what concerns nobody.
    pub fn nudge(&mut self) {
        self.nudges += 1;
        let most_w = f64::from(self.nudges);
        self.change(|roster| roster.members.entry("nobody".into()).or_default().grant.max_power_w = Some(most_w));
    }

    /// Ends the loop properly.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(control) = self.control.take() {
            within(control).await.unwrap();
        }
    }
}

async fn within<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, awaited).await.expect("what the test waits for never came")
}

fn path(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(format!("{name}.wasm"))
}

fn setup() -> Setup {
    let every = [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance];
    let battery = BatteryLimits {
        capacity_wh: 1920.0,
        min_soc_pct: 10.0,
        max_soc_pct: 100.0,
        max_charge_w: 1000.0,
        max_discharge_w: 800.0,
        commands: every.into(),
        direction_dwell: Duration::ZERO,
        write_interval: Duration::ZERO,
        lease: Duration::from_secs(1200),
        ..BatteryLimits::default()
    };
    let batteries: BTreeMap<_, _> = BATTERIES.iter().map(|id| ((*id).to_owned(), battery.clone())).collect();
    Setup {
        name: "Test".into(),
        simulated: false,
        timezone: None,
        currency: None,
        limits: Limits { batteries, ..Limits::default() },
        batteries: FakeHome::setup(),
        devices: Vec::new(),
        tasks: Vec::new(),
        settle: Duration::from_secs(20),
    }
}
