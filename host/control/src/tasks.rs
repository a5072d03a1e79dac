//! Flexible loads: which window is current, how much is done, how the last one ended. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::home::DeviceState;
use model::live::TaskEnd;
use model::snapshot::Task;
use serde::{Deserialize, Serialize};

pub use model::task::{Progress, TaskSetup, Window, window};

/// What is remembered of all tasks, also over restarts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tasks {
    current: BTreeMap<String, Progress>,
    ended: BTreeMap<String, TaskEnd>,
}

/// What a look at the tasks found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Those whose window ended since the last look.
    pub ended: Vec<TaskEnd>,
    /// Whether enough changed that it should be kept.
    pub is_worth_keeping: bool,
}

impl Tasks {
    /// Counts what was used in `elapsed`, and turns to the next windows of those that ended.
    pub fn look(
        &mut self,
        setup: &[TaskSetup],
        devices: &[DeviceState],
        now: Timestamp,
        elapsed: Duration,
        zone: &TimeZone,
    ) -> Found {
        let mut found = Found::default();
        for task in setup {
            let Some(window) = window(task, now, zone) else { continue };
            let progress = self.current.entry(task.id.clone()).or_insert_with(|| Progress::new(window));
            if progress.window != window {
                // A window that was moved and is not over is the same task still.
                if progress.window.deadline <= now {
                    let end = TaskEnd {
                        task: task.id.clone(),
                        name: task.name.clone(),
                        deadline: progress.window.deadline,
                        done_wh: progress.done_wh,
                        energy_wh: task.energy_wh,
                        is_done: progress.is_done(task),
                    };
                    self.ended.insert(task.id.clone(), end.clone());
                    found.ended.push(end);
                    *progress = Progress::new(window);
                }
                progress.window = window;
                found.is_worth_keeping = true;
            }
            let device = devices.iter().find(|device| device.id == task.device);
            if device.and_then(|device| device.on) == Some(true) && now >= window.earliest {
                let before = progress.clone();
                let measured_w = device.and_then(|device| device.power_w.as_ref()).and_then(|reading| reading.value);
                progress.advance(task, measured_w, elapsed);
                // Every watt-hour would wear the disk; a hundredth of the task is lost at most.
                let step_wh = (task.energy_wh / 100.0).max(1.0);
                found.is_worth_keeping |= (before.done_wh / step_wh).floor() != (progress.done_wh / step_wh).floor()
                    || before.is_done(task) != progress.is_done(task);
            }
        }
        found
    }

    /// The tasks as strategies see them.
    pub fn list(&self, setup: &[TaskSetup], devices: &[DeviceState], now: Timestamp) -> Vec<Task> {
        let of = |task: &TaskSetup| {
            let on = devices.iter().find(|device| device.id == task.device).and_then(|device| device.on);
            self.current.get(&task.id).map(|progress| progress.to_task(task, now, on))
        };
        setup.iter().filter_map(of).collect()
    }

    /// How the last window of each task ended, in the owner's order.
    pub fn ended(&self, setup: &[TaskSetup]) -> Vec<TaskEnd> {
        setup.iter().filter_map(|task| self.ended.get(&task.id).cloned()).collect()
    }
}

/// How a task ended, for the owner.
pub fn describe(end: &TaskEnd, zone: &TimeZone) -> String {
    let TaskEnd { name, done_wh, energy_wh, .. } = end;
    let by = end.deadline.to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string();
    if end.is_done {
        format!("{name} was done by {by}: it used {done_wh:.0} Wh")
    } else {
        format!("{name} was not done by {by}: it used {done_wh:.0} of {energy_wh:.0} Wh")
    }
}

/// What the owner should know: tasks that were missed in the last day.
pub fn missed(ended: &[TaskEnd], now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let is_recent = |end: &&TaskEnd| !end.is_done && now.duration_since(end.deadline) < SignedDuration::from_hours(24);
    ended.iter().filter(is_recent).map(|end| describe(end, zone)).collect()
}

#[cfg(test)]
mod tests {
    use model::Reading;
    use model::snapshot::{Abilities, TaskState};

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

    fn plug(on: bool, power_w: Option<f64>) -> DeviceState {
        let reading = |value| Reading::of("sensor.plug_power", value, Timestamp::UNIX_EPOCH);
        DeviceState {
            id: "plug-1".into(),
            on: Some(on),
            abilities: Abilities::default(),
            level: None,
            power_w: power_w.map(reading),
            fault: None,
        }
    }

    /// One look each minute from `from` on.
    fn minutes(tasks: &mut Tasks, setup: &TaskSetup, from: &str, count: i64, device: &DeviceState) -> Vec<TaskEnd> {
        let from: Timestamp = from.parse().unwrap();
        let mut ended = Vec::new();
        for minute in 0..count {
            let now = from + minute.minutes();
            let (setup, device) = (std::slice::from_ref(setup), std::slice::from_ref(device));
            ended.extend(tasks.look(setup, device, now, Duration::from_secs(60), &berlin()).ended);
        }
        ended
    }

    fn state(tasks: &Tasks, setup: &TaskSetup, at: &str) -> TaskState {
        tasks.list(std::slice::from_ref(setup), &[], at.parse().unwrap())[0].state
    }

    #[test]
    fn progress_is_energy_not_time() {
        let (setup, mut tasks) = (task("09:00", "18:00"), Tasks::default());
        minutes(&mut tasks, &setup, "2026-11-24T07:00:00Z", 60, &plug(true, Some(400.0)));
        assert_eq!(state(&tasks, &setup, "2026-11-24T08:00:00Z"), TaskState::Waiting, "not before the earliest time");
        minutes(&mut tasks, &setup, "2026-11-24T08:00:00Z", 60, &plug(true, Some(400.0)));
        assert_eq!(state(&tasks, &setup, "2026-11-24T09:00:00Z"), TaskState::Running);
        minutes(&mut tasks, &setup, "2026-11-24T09:00:00Z", 60, &plug(false, Some(400.0)));
        minutes(&mut tasks, &setup, "2026-11-24T10:00:00Z", 10, &plug(true, Some(f64::NAN)));
        assert_eq!(state(&tasks, &setup, "2026-11-24T11:00:00Z"), TaskState::Running);
        minutes(&mut tasks, &setup, "2026-11-24T11:00:00Z", 61, &plug(true, None));
        assert_eq!(state(&tasks, &setup, "2026-11-24T13:00:00Z"), TaskState::Done);
    }

    #[test]
    fn a_machine_that_is_through_early_is_done_and_one_that_never_began_is_not() {
        let (setup, mut tasks) = (task("09:00", "18:00"), Tasks::default());
        minutes(&mut tasks, &setup, "2026-11-24T08:00:00Z", 90, &plug(true, Some(2.0)));
        assert_eq!(state(&tasks, &setup, "2026-11-24T09:30:00Z"), TaskState::Running, "on, and waiting for its user");
        minutes(&mut tasks, &setup, "2026-11-24T09:30:00Z", 60, &plug(true, Some(700.0)));
        minutes(&mut tasks, &setup, "2026-11-24T10:30:00Z", 25, &plug(true, Some(3.0)));
        assert_eq!(state(&tasks, &setup, "2026-11-24T10:55:00Z"), TaskState::Running, "it may be drying");
        minutes(&mut tasks, &setup, "2026-11-24T10:55:00Z", 6, &plug(true, Some(3.0)));
        assert_eq!(state(&tasks, &setup, "2026-11-24T11:01:00Z"), TaskState::Done);
        let ended = minutes(&mut tasks, &setup, "2026-11-24T17:00:00Z", 2, &plug(true, Some(3.0)));
        assert!(
            matches!(&ended[..], [TaskEnd { is_done: true, done_wh, .. }] if (done_wh - 705.0).abs() < 5.0),
            "{ended:?}"
        );
    }

    #[test]
    fn a_window_that_ends_undone_is_missed_once_also_when_nobody_looked() {
        let (setup, mut tasks) = (task("09:00", "18:00"), Tasks::default());
        minutes(&mut tasks, &setup, "2026-11-24T08:00:00Z", 30, &plug(true, Some(800.0)));
        let kept = serde_json::to_string(&tasks).unwrap();
        let mut tasks: Tasks = serde_json::from_str(&kept).unwrap();
        let ended = minutes(&mut tasks, &setup, "2026-11-25T02:00:00Z", 2, &plug(false, Some(0.0)));
        assert!(
            matches!(&ended[..], [TaskEnd { is_done: false, done_wh, .. }] if (done_wh - 400.0).abs() < 0.1),
            "{ended:?}"
        );
        assert_eq!(tasks.ended(std::slice::from_ref(&setup)), ended);
        let told = |at: &str| missed(&ended, at.parse().unwrap(), &berlin());
        assert_eq!(told("2026-11-25T02:02:00Z"), ["Washing was not done by 18:00: it used 400 of 800 Wh"]);
        assert!(told("2026-11-25T17:00:00Z").is_empty());
        assert_eq!(state(&tasks, &setup, "2026-11-25T02:02:00Z"), TaskState::Waiting);
    }

    #[test]
    fn a_window_that_is_moved_keeps_what_was_done() {
        let mut tasks = Tasks::default();
        minutes(&mut tasks, &task("09:00", "18:00"), "2026-11-24T08:00:00Z", 30, &plug(true, Some(800.0)));
        let moved = task("09:00", "20:00");
        assert_eq!(minutes(&mut tasks, &moved, "2026-11-24T08:30:00Z", 1, &plug(false, None)), []);
        assert_eq!(state(&tasks, &moved, "2026-11-24T08:31:00Z"), TaskState::Running);
    }
}
