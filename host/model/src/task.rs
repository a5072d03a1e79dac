//! Flexible loads as they are configured: which window is current, how much is done. Pure.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::TargetId;
use crate::snapshot::{Task, TaskState};

/// A flexible load that is to be served every day.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSetup {
    /// Like a [`TargetId`].
    pub id: String,
    /// What the owner calls it.
    pub name: String,
    /// The device that runs it.
    pub device: TargetId,
    /// All of it.
    pub energy_wh: f64,
    /// While it runs.
    pub power_w: f64,
    /// Local time.
    pub earliest: Time,
    /// Local time; at or before `earliest`: on the next day.
    pub deadline: Time,
    /// Whether it may be paused.
    pub interruptible: bool,
}

/// When a task may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Not before.
    pub earliest: Timestamp,
    /// Done by.
    pub deadline: Timestamp,
}

/// The window whose deadline is the next after `now`. Local times that a clock change skips or repeats
/// are taken as `jiff` does by default: after the gap, and the first of two.
pub fn window(task: &TaskSetup, now: Timestamp, zone: &TimeZone) -> Option<Window> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    (-1..=2).filter_map(|day| window_from(task, today.checked_add(day.days()).ok()?, zone)).find(|w| w.deadline > now)
}

fn window_from(task: &TaskSetup, day: Date, zone: &TimeZone) -> Option<Window> {
    let last_day = if task.deadline > task.earliest { day } else { day.tomorrow().ok()? };
    Some(Window {
        earliest: day.to_datetime(task.earliest).to_zoned_datetime(zone.clone()).ok()?.timestamp(),
        deadline: last_day.to_datetime(task.deadline).to_zoned_datetime(zone.clone()).ok()?.timestamp(),
    })
}

/// Below this, what runs the task is in standby. See the guard's `in-use`.
const STANDBY_W: f64 = 5.0;

/// A device that drew nothing for so long is through with its task: dishwashers dry for up to twenty minutes with next
/// to no power, and no washing machine soaks as long.
const QUIET: Duration = Duration::from_secs(30 * 60);

/// Which part of the energy is needed before silence means that the task is done, and not that it never began.
const BEGUN: f64 = 0.1;

/// Progress of a task in its current window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The window.
    pub window: Window,
    /// Energy that the device used in it.
    pub done_wh: f64,
    /// Whether the device was through before it used all of the energy.
    pub is_over: bool,
    #[serde(skip)]
    quiet: Duration,
}

impl Progress {
    /// Nothing done yet.
    pub fn new(window: Window) -> Self {
        Self { window, done_wh: 0.0, is_over: false, quiet: Duration::ZERO }
    }

    /// Counts what the device used since the last look, while it is on. `measured_w`: `None` when nothing measures it;
    /// then it is taken to draw what the task says.
    pub fn advance(&mut self, task: &TaskSetup, measured_w: Option<f64>, elapsed: Duration) {
        let power_w = measured_w.unwrap_or(task.power_w);
        if power_w.is_finite() && power_w > 0.0 {
            self.done_wh += power_w * elapsed.as_secs_f64() / 3600.0;
        }
        let is_quiet = power_w.abs() <= STANDBY_W && self.done_wh >= task.energy_wh * BEGUN;
        self.quiet = if is_quiet { self.quiet + elapsed } else { Duration::ZERO };
        self.is_over |= self.quiet >= QUIET;
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self, task: &TaskSetup) -> bool {
        self.is_over || self.done_wh >= task.energy_wh
    }

    /// The task as a strategy sees it.
    pub fn to_task(&self, task: &TaskSetup, now: Timestamp, device_on: Option<bool>) -> Task {
        let state = if self.is_done(task) {
            TaskState::Done
        } else if now >= self.window.deadline {
            TaskState::Missed
        } else if self.done_wh > 0.0 || (device_on == Some(true) && now >= self.window.earliest) {
            TaskState::Running
        } else {
            TaskState::Waiting
        };
        Task {
            id: task.id.clone(),
            name: task.name.clone(),
            device: task.device.clone(),
            state,
            energy_wh: task.energy_wh,
            done_wh: self.done_wh,
            power_w: task.power_w,
            earliest: self.window.earliest,
            deadline: self.window.deadline,
            interruptible: task.interruptible,
            extras: Vec::new(),
        }
    }
}
