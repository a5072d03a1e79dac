//! The home as our program sees it through faults. What it truly does stays that of the simulated home.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use guard::{Approved, Guard, Limits, Order};
use home::simulated::SimulatedHome;
use home::{Home, ReadBack, SendError};
use jiff::{SignedDuration, Timestamp};
use model::home::{Baseline, Fault, Taken};
use model::{Command, HomeState, Link, Reading, TargetId};
use tokio::sync::watch;

use crate::clock::SimulatedClock;

pub const BATTERY: &str = "battery";

/// How a sensor fails.
#[derive(Clone, Debug, PartialEq)]
pub enum Sensor {
    /// It does not.
    Honest,
    /// It shows this value as if it was measured now.
    Stuck(f64),
    /// It is off by so much.
    Off(f64),
    /// It has shown no sign of life since.
    Silent(Reading),
    /// Its device does not answer.
    Absent,
}

impl Sensor {
    fn seen(&self, true_one: Reading) -> Reading {
        match self {
            Self::Honest => true_one,
            Self::Stuck(value) => Reading { value: Some(*value), ..true_one },
            Self::Off(by) => Reading { value: true_one.value.map(|value| value + by), ..true_one },
            Self::Silent(last) => last.clone(),
            Self::Absent => Reading::faulty(true_one.entity, Fault::Unavailable { state: "unavailable".into() }),
        }
    }
}

/// What is wrong now.
#[derive(Clone, Debug)]
pub struct Wrongs {
    /// Since when the link is up; `None`: it is down.
    pub up_since: Option<Timestamp>,
    /// After Home Assistant was restarted: nothing was seen before this.
    pub quiet_until: Option<Timestamp>,
    pub soc: Sensor,
    pub meter: Sensor,
    pub power: Sensor,
    pub taken: Option<Taken>,
    /// Orders are refused.
    pub refuses: bool,
    /// Orders are acknowledged, and nothing happens.
    pub ignores: bool,
}

/// An order that the home took.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Duration,
    pub target: TargetId,
    pub order: Order,
    /// What the target drew or gave just before, watt.
    pub power_w: f64,
}

/// Who set a target last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setter {
    /// Our program, by a command that the guard approved.
    Us,
    /// Our program, by giving back what it found; somebody else; nobody yet.
    Others,
}

struct Inner {
    wrongs: Wrongs,
    sent: Vec<Sent>,
    setters: BTreeMap<TargetId, Setter>,
    /// What was seen last, for while the link is down.
    last: Option<HomeState>,
}

/// The simulated home behind faults.
pub struct Place {
    pub true_home: SimulatedHome,
    clock: Arc<SimulatedClock>,
    inner: Mutex<Inner>,
}

impl Place {
    pub fn new(true_home: SimulatedHome, clock: Arc<SimulatedClock>) -> Self {
        let wrongs = Wrongs {
            up_since: Some(clock.truth()),
            quiet_until: None,
            soc: Sensor::Honest,
            meter: Sensor::Honest,
            power: Sensor::Honest,
            taken: None,
            refuses: false,
            ignores: false,
        };
        let inner = Inner { wrongs, sent: Vec::new(), setters: BTreeMap::new(), last: None };
        Self { true_home, clock, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes something go wrong, or right again.
    pub fn change(&self, change: impl FnOnce(&mut Wrongs)) {
        change(&mut self.inner().wrongs);
    }

    pub fn wrongs(&self) -> Wrongs {
        self.inner().wrongs.clone()
    }

    /// Orders since the last time.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.inner().sent)
    }

    pub fn setter(&self, target: &str) -> Setter {
        self.inner().setters.get(target).copied().unwrap_or(Setter::Others)
    }

    /// Somebody else sets something.
    pub async fn set_by_others(&self, target: &str, command: &Command) -> Result<(), SendError> {
        let setting = serde_json::to_string(command).map_err(|error| SendError::Rejected(error.to_string()))?;
        let settings = Baseline::of(vec![(format!("simulated.{target}"), setting)]);
        self.true_home.send(&Guard::new(Limits::default()).release(target, settings)).await?;
        self.inner().setters.insert(target.into(), Setter::Others);
        Ok(())
    }

    fn power_w(&self, target: &str) -> f64 {
        let state = self.true_home.state();
        let battery = state.batteries.iter().find(|battery| battery.id == target).map(|battery| &battery.power_w);
        let device = || state.devices.iter().find(|device| device.id == target)?.power_w.as_ref();
        battery.or_else(device).and_then(|reading| reading.value).unwrap_or(0.0)
    }
}

#[async_trait]
impl Home for Place {
    fn state(&self) -> HomeState {
        let mut inner = self.inner();
        let wrongs = inner.wrongs.clone();
        let Some(since) = wrongs.up_since else {
            let mut state = inner.last.clone().unwrap_or_else(|| self.true_home.state());
            state.link = Link::Connecting { reason: "chaos".into() };
            return state;
        };
        let mut state = self.true_home.state();
        state.link = Link::Up { since };
        state.grid_power_w = wrongs.meter.seen(state.grid_power_w);
        for battery in &mut state.batteries {
            battery.soc_pct = wrongs.soc.seen(battery.soc_pct.clone());
            battery.power_w = wrongs.power.seen(battery.power_w.clone());
            battery.taken.clone_from(&wrongs.taken);
        }
        if wrongs.quiet_until.is_some_and(|until| self.clock.truth() < until) {
            // Restored values of before are nothing that was seen.
            let unseen = |reading: &mut Reading| *reading = Reading::faulty(reading.entity.clone(), Fault::NotYet);
            unseen(&mut state.grid_power_w);
            state.solar_power_w.iter_mut().chain(&mut state.load_power_w).for_each(unseen);
            for battery in &mut state.batteries {
                unseen(&mut battery.soc_pct);
                unseen(&mut battery.power_w);
            }
            for device in &mut state.devices {
                device.on = None;
                device.fault = Some(Fault::NotYet);
                device.power_w.iter_mut().for_each(unseen);
            }
        }
        inner.last = Some(state.clone());
        state
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.true_home.changes()
    }

    async fn send(&self, approved: &Approved) -> Result<(), SendError> {
        let wrongs = self.wrongs();
        if wrongs.up_since.is_none() {
            return Err(SendError::LinkDown);
        }
        if wrongs.refuses {
            return Err(SendError::Rejected("chaos".into()));
        }
        let target = approved.target().clone();
        let power_w = self.power_w(&target);
        if !wrongs.ignores {
            self.true_home.send(approved).await?;
        }
        let mut inner = self.inner();
        let setter = match approved.order() {
            Order::Command(_) => Setter::Us,
            Order::Release(_) | Order::Rest(_) => Setter::Others,
        };
        if !wrongs.ignores {
            inner.setters.insert(target.clone(), setter);
        }
        inner.sent.push(Sent { at: self.clock.passed(), target, order: approved.order().clone(), power_w });
        Ok(())
    }

    fn read_back(&self, target: &TargetId, command: &Command) -> ReadBack {
        let wrongs = self.wrongs();
        let is_quiet = wrongs.quiet_until.is_some_and(|until| self.clock.truth() < until);
        if wrongs.up_since.is_none() || is_quiet {
            return ReadBack::Unknown;
        }
        self.true_home.read_back(target, command)
    }

    fn baseline(&self, target: &TargetId) -> Option<Baseline> {
        self.wrongs().up_since.and_then(|_| self.true_home.baseline(target))
    }
}

/// So long after something ended, what it left behind is over.
pub fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(moment)
}
