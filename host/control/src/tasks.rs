//! Flexible loads: which window is current, how much is done.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::snapshot::{Task, TaskState};

use crate::setup::TaskSetup;

/// When a task may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Progress of a task in its current window.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The window.
    pub window: Window,
    /// Energy that the device used in it.
    pub done_wh: f64,
}

impl Progress {
    /// Counts what the device used since the last look. `power_w` is the measured power, or what the
    /// task draws when the device is on and measures nothing.
    pub fn advance(&mut self, power_w: f64, elapsed: Duration) {
        if power_w.is_finite() && power_w > 0.0 {
            self.done_wh += power_w * elapsed.as_secs_f64() / 3600.0;
        }
    }

    /// The task as a strategy sees it.
    pub fn to_task(&self, task: &TaskSetup, now: Timestamp, device_on: Option<bool>) -> Task {
        let state = if self.done_wh >= task.energy_wh {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn task(earliest: &str, deadline: &str) -> TaskSetup {
        TaskSetup {
            id: "wash".into(),
            name: "Washing".into(),
            device: "plug-1".into(),
            energy_wh: 800.0,
            power_w: 800.0,
            earliest: earliest.parse().unwrap(),
            deadline: deadline.parse().unwrap(),
            interruptible: false,
        }
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn the_window_is_the_one_that_ends_next() {
        let at = |text: &str| window(&task("09:00", "18:00"), text.parse().unwrap(), &berlin()).unwrap();
        assert_eq!(at("2026-11-24T07:00:00Z").deadline.to_string(), "2026-11-24T17:00:00Z");
        assert_eq!(at("2026-11-24T17:00:00Z").earliest.to_string(), "2026-11-25T08:00:00Z");
    }

    #[test]
    fn a_window_may_pass_midnight_and_a_clock_change() {
        let w = window(&task("22:00", "06:00"), "2026-10-24T23:00:00Z".parse().unwrap(), &berlin()).unwrap();
        assert_eq!(w.earliest.to_string(), "2026-10-24T20:00:00Z");
        assert_eq!(w.deadline.to_string(), "2026-10-25T05:00:00Z");
    }

    #[test]
    fn progress_is_energy_not_time() {
        let setup = task("09:00", "18:00");
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let mut progress = Progress { window: window(&setup, now, &berlin()).unwrap(), done_wh: 0.0 };
        assert_eq!(progress.to_task(&setup, now, Some(false)).state, TaskState::Waiting);
        progress.advance(400.0, Duration::from_secs(3600));
        assert_eq!(progress.to_task(&setup, now, Some(false)).state, TaskState::Running);
        progress.advance(f64::NAN, Duration::from_secs(3600));
        progress.advance(400.0, Duration::from_secs(3600));
        assert_eq!(progress.to_task(&setup, now, Some(true)).state, TaskState::Done);
    }
}
