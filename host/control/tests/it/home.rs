//! A home that does as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ::home::{Home, ReadBack, SendError};
use async_trait::async_trait;
use guard::{Approved, Order};
use jiff::Timestamp;
use model::home::{Baseline, Taken};
use model::{BatteryState, Command, HomeState, Link, Reading, TargetId};
use tokio::sync::{Semaphore, mpsc, watch};
use wattwright_control::BatterySetup;

pub const BATTERIES: [&str; 2] = ["cellar", "attic"];

/// An order that came, and whether the link was up.
#[derive(Clone, Debug, PartialEq)]
pub struct Came {
    pub target: TargetId,
    pub order: Order,
    pub while_up: bool,
}

struct Inner {
    up_since: Option<Timestamp>,
    shown: BTreeMap<TargetId, Command>,
    refuse: u32,
    /// The next order cannot be sent at all.
    unable: bool,
    /// The settings cannot be read.
    hidden: bool,
    /// What was given back is shown only later than the tests last.
    late: bool,
    taken: bool,
    /// What each battery shows of itself: state of charge in percent, and power, discharge positive.
    battery: (f64, f64),
}

pub struct FakeHome {
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
    came: mpsc::UnboundedSender<Came>,
    /// An order is acknowledged when there is a permit. There are plenty, unless a test takes them.
    pub acknowledgements: Arc<Semaphore>,
}

impl FakeHome {
    pub fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Came>) {
        let (came, orders) = mpsc::unbounded_channel();
        let inner = Inner {
            up_since: Some(Timestamp::now()),
            shown: BTreeMap::new(),
            refuse: 0,
            unable: false,
            hidden: false,
            late: false,
            taken: false,
            battery: (50.0, 0.0),
        };
        let home = Self {
            inner: Mutex::new(inner),
            changes: watch::Sender::new(0),
            came,
            acknowledgements: Arc::new(Semaphore::new(10_000)),
        };
        (Arc::new(home), orders)
    }

    pub fn setup() -> Vec<BatterySetup> {
        let battery = |id: &&str| BatterySetup {
            id: (*id).into(),
            name: (*id).into(),
            mode: model::Mode::Control,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            wear_cost_per_kwh: 0.0,
            carries_solar: false,
        };
        BATTERIES.iter().map(battery).collect()
    }

    pub fn set_link(&self, up: bool) {
        self.inner.lock().unwrap().up_since = up.then(Timestamp::now);
        self.changes.send_modify(|count| *count += 1);
    }

    /// All batteries are in other hands, or no longer.
    pub fn set_taken(&self, taken: bool) {
        self.inner.lock().unwrap().taken = taken;
        self.changes.send_modify(|count| *count += 1);
    }

    /// All batteries are so full, and give so much.
    pub fn measure(&self, soc_pct: f64, power_w: f64) {
        self.inner.lock().unwrap().battery = (soc_pct, power_w);
        self.changes.send_modify(|count| *count += 1);
    }

    /// A target shows nothing.
    pub fn take_away(&self, target: &str) {
        self.inner.lock().unwrap().shown.remove(target);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Somebody else sets a target.
    pub fn change(&self, target: &str, command: Command) {
        self.inner.lock().unwrap().shown.insert(target.into(), command);
        self.changes.send_modify(|count| *count += 1);
    }

    /// The next order is refused.
    pub fn refuse_next(&self) {
        self.inner.lock().unwrap().refuse = 1;
    }

    /// The settings cannot be read, or can again.
    pub fn hide_settings(&self, hidden: bool) {
        self.inner.lock().unwrap().hidden = hidden;
    }

    /// The next order cannot be sent at all.
    pub fn cannot_take_next(&self) {
        self.inner.lock().unwrap().unable = true;
    }

    /// What is given back is not shown before the test ends.
    pub fn shows_late(&self) {
        self.inner.lock().unwrap().late = true;
    }

    /// What is found at each target before anything is commanded.
    pub fn found() -> Baseline {
        Baseline::of(vec![("select.mode".into(), "before".into())])
    }
}

#[async_trait]
impl Home for FakeHome {
    fn state(&self) -> HomeState {
        let inner = self.inner.lock().unwrap();
        let now = Timestamp::now();
        let link = match inner.up_since {
            Some(since) => Link::Up { since },
            None => Link::Connecting { reason: "the test says so".into() },
        };
        let battery = |id: &&str| BatteryState {
            id: (*id).into(),
            soc_pct: Reading::of(format!("{id}.soc"), inner.battery.0, now),
            power_w: Reading::of(format!("{id}.power"), inner.battery.1, now),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: inner.taken.then_some(Taken::Calibrating),
        };
        HomeState {
            link,
            timezone: Some("Europe/Berlin".into()),
            currency: Some("EUR".into()),
            grid_power_w: Reading::of("meter", 0.0, now),
            solar_power_w: None,
            load_power_w: None,
            temperature_c: None,
            import_cap_w: None,
            phase_current_a: Vec::new(),
            batteries: BATTERIES.iter().map(battery).collect(),
            devices: Vec::new(),
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn send(&self, approved: &Approved) -> Result<(), SendError> {
        let while_up = self.inner.lock().unwrap().up_since.is_some();
        let came = Came { target: approved.target().clone(), order: approved.order().clone(), while_up };
        let _ = self.came.send(came);
        self.acknowledgements.acquire().await.unwrap().forget();
        let mut inner = self.inner.lock().unwrap();
        if inner.refuse > 0 {
            inner.refuse -= 1;
            return Err(SendError::Rejected("the test says so".into()));
        }
        if std::mem::take(&mut inner.unable) {
            return Err(SendError::Unable("the test says so".into()));
        }
        match approved.command() {
            None if inner.late => None,
            Some(command) => inner.shown.insert(approved.target().clone(), command.clone()),
            None => inner.shown.remove(approved.target()),
        };
        Ok(())
    }

    fn read_back(&self, target: &TargetId, command: &Command) -> ReadBack {
        match self.inner.lock().unwrap().shown.get(target) {
            Some(shown) if shown == command => ReadBack::Shows,
            Some(shown) => ReadBack::Differs(shown.to_string()),
            None => ReadBack::Unknown,
        }
    }

    async fn author(&self, _: &TargetId) -> Option<String> {
        Some("the automation “Night charge”".into())
    }

    fn baseline(&self, target: &TargetId) -> Option<Baseline> {
        let inner = self.inner.lock().unwrap();
        let shows = |command: &Command| Baseline::of(vec![("select.mode".into(), command.to_string())]);
        (!inner.hidden).then(|| inner.shown.get(target).map_or_else(Self::found, shows))
    }
}
