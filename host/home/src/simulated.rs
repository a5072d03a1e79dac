//! A home without hardware: a SolarFlow 800-like battery, solar panels, three plugs and a light, on a
//! year of real data, by the clock on the wall.
//!
//! ```text
//! Year (data, by the calendar) ─> World (physics, each second) ─> HomeState
//!                       Approved ─> settings ─ latency, ramp ─┘
//! ```
//!
//! The physics is that of the `simulator` crate; here is only what makes a [`Home`] of it: the calendar,
//! the names, the settings as a device shows them, and the second hand.

mod layout;
mod past;
mod programme;
mod settings;
mod world;
mod year;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use forecast::{PriceSlot, Series, SeriesError, SeriesRow};
use guard::Approved;
use jiff::Timestamp;
use model::home::Baseline;
use model::snapshot::PastSlot;
use model::{Command, HomeState, TargetId};
use simulator::ParameterError;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

pub use layout::{BatteryLayout, Layout, LightLayout, PlugLayout};
pub use programme::Programme;

use crate::{Home, ReadBack, SendError};
use world::World;
use year::Year;

/// How often the physics steps.
const STEP: Duration = Duration::from_secs(1);

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The year of data that the home lives by, as it was measured.
///
/// # Errors
/// Never in practice: the data is part of the program.
pub fn year_of_data() -> Result<Series, SeriesError> {
    year::series()
}

/// How the home begins.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedConfig {
    /// State of charge now, percent; `None`: what weeks of self-consumption left.
    pub present_soc_pct: Option<f64>,
    /// How fast the battery fills and empties, 1: as a real one. Powers, ramp and latency are not
    /// affected.
    pub speed: f64,
    /// Of the noise inside the slots.
    pub seed: u64,
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        Self { present_soc_pct: None, speed: 1.0, seed: 1 }
    }
}

/// Why there is no simulated home.
#[derive(Debug, thiserror::Error)]
pub enum SimulatedError {
    /// The embedded data cannot be read.
    #[error("the embedded year of data cannot be read")]
    Data(#[from] SeriesError),
    /// The embedded data is too short.
    #[error("the embedded data has {slots} slots, expected a week or more")]
    Short {
        /// How many it has.
        slots: usize,
    },
    /// The battery cannot be.
    #[error(transparent)]
    Battery(#[from] ParameterError),
    /// The speed cannot be.
    #[error("speed is {0}, expected more than 0, such as 1")]
    Speed(f64),
    /// The time zone's rule cannot be read, or the time is out of the calendar's range.
    #[error("the calendar failed")]
    Calendar(#[from] jiff::Error),
}

struct Shared {
    year: Year,
    world: Mutex<World>,
    changes: watch::Sender<u64>,
    clock: Clock,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self) {
        let now = (self.clock)();
        self.world().advance(&self.year, now);
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The simulated home. Lives until it is dropped.
pub struct SimulatedHome {
    shared: Arc<Shared>,
    past: Vec<PastSlot>,
    second_hand: Option<AbortHandle>,
}

impl SimulatedHome {
    /// Starts a home by the real clock; its past four weeks are there at once. Must be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// The configuration is out of range.
    pub fn start(config: SimulatedConfig) -> Result<Self, SimulatedError> {
        Self::start_with(config, Arc::new(Timestamp::now))
    }

    /// The same by another clock.
    ///
    /// # Errors
    /// The configuration is out of range.
    pub fn start_with(config: SimulatedConfig, clock: Clock) -> Result<Self, SimulatedError> {
        let mut home = Self::standing_still(config, clock)?;
        let stepping = Arc::clone(&home.shared);
        let second_hand = tokio::spawn(async move {
            let mut interval = tokio::time::interval(STEP);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                stepping.step();
            }
        });
        home.second_hand = Some(second_hand.abort_handle());
        Ok(home)
    }

    /// The same without a second hand: it lives when it is told to, by [`SimulatedHome::step`], and needs no
    /// runtime. For a simulation that is faster than the time.
    ///
    /// # Errors
    /// The configuration is out of range.
    pub fn standing_still(config: SimulatedConfig, clock: Clock) -> Result<Self, SimulatedError> {
        if !(config.speed.is_finite() && config.speed > 0.0) {
            return Err(SimulatedError::Speed(config.speed));
        }
        let year = Year::embedded(config.seed)?;
        let now = clock();
        let lived = past::lived(&year, now)?;
        let soc_pct = config.present_soc_pct.unwrap_or(lived.soc_pct);
        let world = World::new(&year, now, soc_pct, config.speed)?;
        let shared = Arc::new(Shared { year, world: Mutex::new(world), changes: watch::Sender::new(0), clock });
        Ok(Self { shared, past: lived.slots, second_hand: None })
    }

    /// Lives until the clock's time.
    pub fn step(&self) {
        self.shared.step();
    }

    /// What is in it. The same for every simulated home.
    pub fn layout(&self) -> Layout {
        Layout::default()
    }

    /// What was measured in the four weeks before it was started, oldest first.
    pub fn past_slots(&self) -> Vec<PastSlot> {
        self.past.clone()
    }

    /// Day-ahead prices as they are published at `now`: of today, and from 13:00 local time on of
    /// tomorrow. First what a kWh from the grid costs, all included, then what one to the grid earns.
    pub fn prices(&self, now: Timestamp) -> (Vec<PriceSlot>, Vec<PriceSlot>) {
        self.shared.year.prices(now)
    }

    /// The truth of the slot that contains `at`, past or to come: means and prices, without the noise
    /// inside slots and without plugs.
    pub fn truth(&self, at: Timestamp) -> SeriesRow {
        self.shared.year.row(at)
    }
}

impl Drop for SimulatedHome {
    fn drop(&mut self) {
        if let Some(second_hand) = &self.second_hand {
            second_hand.abort();
        }
    }
}

#[async_trait]
impl Home for SimulatedHome {
    fn state(&self) -> HomeState {
        self.shared.world().state()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    async fn send(&self, approved: &Approved) -> Result<(), SendError> {
        self.shared.world().apply(approved.target(), approved.order())?;
        self.shared.changed();
        Ok(())
    }

    fn read_back(&self, target: &TargetId, command: &Command) -> ReadBack {
        self.shared.world().read_back(target, command)
    }

    fn baseline(&self, target: &TargetId) -> Option<Baseline> {
        self.shared.world().baseline(target)
    }
}

#[cfg(test)]
mod tests;
