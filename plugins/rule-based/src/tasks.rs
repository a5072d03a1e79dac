//! Flexible loads: on surplus sun, else in the cheapest slots before their deadline.

mod pick;
mod why;

use wattwright_strategy::{Abilities, Action, Command, Device, Reason, Snapshot, Task, TaskState};

use crate::horizon::Horizon;
use pick::{Demand, Slots};
use wattwright_strategy::text::Clock;

/// A device with the task that it is on.
pub(crate) struct Run {
    /// What is done now.
    pub action: Action,
    /// Mean use in each slot, watt.
    pub power_w: Vec<f64>,
    /// What the expectations of slots say when it runs and when it waits.
    pub running: Reason,
    /// See `running`.
    pub waiting: Reason,
}

/// Plans all tasks, the nearest deadline first, and adds their use to the horizon. A device does one task
/// after the other.
pub(crate) fn plan(snapshot: &Snapshot, horizon: &mut Horizon, clock: &Clock<'_>) -> Vec<Run> {
    let mut open: Vec<&Task> = snapshot.tasks.iter().filter(|task| is_open(task, snapshot)).collect();
    open.sort_by(|a, b| (a.deadline, &a.id).cmp(&(b.deadline, &b.id)));
    let mut runs: Vec<Run> = Vec::new();
    for task in open {
        let Some(device) = snapshot.device(&task.device).filter(|it| it.abilities.contains(Abilities::SWITCH)) else {
            continue;
        };
        if runs.iter().any(|run| run.action.target == device.id) {
            continue;
        }
        let run = one(task, device, horizon, clock);
        for (period, power_w) in horizon.periods.iter_mut().zip(&run.power_w) {
            period.load_w += power_w;
        }
        runs.push(run);
    }
    runs
}

/// Whether something is still to be done. What cannot be paused is not cut off by its deadline.
fn is_open(task: &Task, snapshot: &Snapshot) -> bool {
    match task.state {
        TaskState::Waiting | TaskState::Running => true,
        TaskState::Done => false,
        TaskState::Missed => snapshot.device(&task.device).is_some_and(|device| has_begun(task, device)),
    }
}

/// What draws more than this is at work, and not only ready, watt.
const STANDBY_W: f64 = 5.0;

/// Whether it runs and cannot be paused: then its power is never cut, whoever began it and when.
fn has_begun(task: &Task, device: &Device) -> bool {
    let told = matches!(device.in_force.as_ref().map(|it| &it.command), Some(Command::TurnOn));
    let draws = device.power_w.is_some_and(|power_w| power_w > STANDBY_W);
    !task.interruptible && (task.state == TaskState::Running || draws || (told && device.on != Some(false)))
}

fn one(task: &Task, device: &Device, horizon: &Horizon, clock: &Clock<'_>) -> Run {
    let demand = Demand::of(task);
    let slots = Slots::of(horizon, task, &demand, device);
    let begun = has_begun(task, device);
    let run_s = if begun {
        slots.at_once(&demand)
    } else if task.interruptible {
        slots.cheapest(&demand)
    } else {
        slots.block(&demand)
    };
    let must = !begun && slots.must_run_now(&demand);
    let on = begun || must || run_s.first().is_some_and(|s| *s > 0.0);
    let power_w =
        horizon.periods.iter().zip(&run_s).map(|(period, s)| demand.power_w * s / 3600.0 / period.hours).collect();
    let case = why::Case { task, horizon, clock, demand: &demand, slots: &slots, run_s: &run_s };
    let reason = if begun {
        case.keeps()
    } else if on {
        case.runs(must)
    } else {
        case.waits()
    };
    let until = case.until(on);
    Run {
        action: Action {
            target: device.id.clone(),
            command: if on { Command::TurnOn } else { Command::TurnOff },
            reason,
            until,
        },
        power_w,
        running: why::named("run", task, " runs"),
        waiting: why::named("wait", task, " waits"),
    }
}
