//! Flexible loads: which of them are open, and what their devices are told.

use wattwright_strategy::text::{Clock, Line};
use wattwright_strategy::{
    Abilities, Action, Command, Device, Expectation, Instant, Reason, Snapshot, Task, TaskState,
};

use crate::cell::checked;
use crate::horizon::Horizon;
use crate::job::Job;

/// It is done this much before its deadline where there is time: ticks come by the quarter of an hour.
const IN_TIME_S: u32 = 900;
/// What draws more than this is at work, and not only ready, watt.
const STANDBY_W: f64 = 5.0;
/// What a device does goes on when nothing gains more than this share of the mean price on a slot's energy.
const STICKY_SHARE: f64 = 0.02;

/// A device with the task that it is on.
pub(crate) struct Work<'a> {
    pub task: &'a Task,
    device: &'a Device,
    pub job: Job,
    /// It runs and cannot be paused: then its power is never cut, whoever began it and when.
    pub begun: bool,
    power_kw: f64,
    /// Whether it has to run now to be done in time, or as soon as it still can.
    must: bool,
}

/// All that is still to be done, the nearest deadline first. A device does one task after the other.
pub(crate) fn open<'a>(snapshot: &'a Snapshot, horizon: &Horizon) -> Vec<Work<'a>> {
    let mut tasks: Vec<&Task> = snapshot.tasks.iter().collect();
    tasks.sort_by(|a, b| (a.deadline, &a.id).cmp(&(b.deadline, &b.id)));
    let mut open: Vec<Work<'_>> = Vec::new();
    for task in tasks {
        let device = snapshot.device(&task.device).filter(|it| it.abilities.contains(Abilities::SWITCH));
        let Some(device) = device.filter(|it| open.iter().all(|work| work.device.id != it.id)) else { continue };
        let begun = has_begun(task, device);
        // What cannot be paused is not cut off by its deadline.
        if matches!(task.state, TaskState::Waiting | TaskState::Running) || (task.state == TaskState::Missed && begun) {
            open.push(Work::of(task, device, begun, horizon, snapshot.now));
        }
    }
    open
}

fn has_begun(task: &Task, device: &Device) -> bool {
    let told = matches!(device.in_force.as_ref().map(|it| &it.command), Some(Command::TurnOn));
    let draws = device.power_w.is_some_and(|power_w| power_w > STANDBY_W);
    !task.interruptible && (task.state == TaskState::Running || draws || (told && device.on != Some(false)))
}

impl<'a> Work<'a> {
    fn of(task: &'a Task, device: &'a Device, begun: bool, horizon: &Horizon, now: Instant) -> Self {
        let power_kw = checked(task.power_w / 1000.0, 1e-3, 1e4);
        // A device that is still on when all seems done goes on for this slot.
        let least_kwh = if begun { power_kw / 3600.0 } else { 0.0 };
        let need_kwh = checked((task.energy_wh - task.done_wh) / 1000.0, least_kwh, 1e5);
        let usual = horizon.mean_price.unwrap_or(1.0);
        let until = |margin_s: u32| {
            let deadline = if begun { Instant::MAX } else { task.deadline.saturating_sub(margin_s) };
            let earliest = if begun { now } else { task.earliest.max(now) };
            let kwh = |from: Instant, until: Instant| {
                power_kw * f64::from(until.min(deadline).saturating_sub(from.max(earliest))) / 3600.0
            };
            let most_kwh: Vec<f64> =
                horizon.periods.iter().map(|period| kwh(period.start.max(now), period.end)).collect();
            let end = horizon.periods.last().map_or(now, |period| period.end);
            let beyond_kwh = kwh(end, deadline);
            Job { most_kwh, need_kwh, is_block: !task.interruptible, beyond_kwh, beyond_price: usual, first_cost: 0.0 }
        };
        let time_kwh = |job: &Job| job.most_kwh.iter().sum::<f64>() + job.beyond_kwh;
        let mut job = until(IN_TIME_S);
        let is_tight = time_kwh(&job) < need_kwh;
        if is_tight {
            job = until(0);
        }
        // A block that begins in the horizon ends there: what is beyond is for one that begins there as well.
        if job.is_block && job.beyond_kwh < need_kwh {
            job.beyond_kwh = if begun { need_kwh } else { 0.0 };
        }
        let slot_kwh = job.most_kwh.first().copied().unwrap_or_default();
        let sticky = STICKY_SHARE * usual.abs() * slot_kwh;
        job.first_cost = match device.in_force.as_ref().map(|it| &it.command) {
            Some(Command::TurnOn) => -sticky,
            Some(Command::TurnOff) => sticky,
            _ => 0.0,
        };
        let may_now = job.most_kwh.first().map_or(task.earliest <= now && task.deadline > now, |kwh| *kwh > 0.0);
        Self { task, device, job, begun, power_kw, must: !begun && is_tight && may_now && need_kwh > 0.0 }
    }

    /// Its use when it runs from now on until it is done.
    pub fn at_once(&self) -> Vec<f64> {
        self.job.run(0..self.job.most_kwh.len())
    }

    /// Whether there is nothing to choose.
    pub fn is_set(&self) -> bool {
        self.begun || self.must
    }

    /// With what it uses in each slot, kWh, and what a full slot costs.
    pub fn run(&'a self, run: Vec<f64>, costs: &[f64], horizon: &Horizon, clock: &Clock<'_>) -> Run<'a> {
        let on = self.is_set() || run.first().is_some_and(|kwh| *kwh > 0.0);
        let rate = |t: usize| costs.get(t).map(|cost| cost / self.job.most_kwh[t]).filter(|rate| rate.is_finite());
        let changes = run.iter().position(|kwh| (*kwh > 0.0) != on);
        let until = changes.map(|t| horizon.periods[t].start).filter(|start| *start > clock.now);
        let reason = if on { self.runs(&rate, clock) } else { self.waits(&run, &rate, horizon, clock) };
        let unit = || Line::new().say(clock.currency).say("/kWh").end();
        let mut reason = reason.fact("energy-left", self.job.need_kwh * 1000.0, "Wh");
        reason = reason.fact("power", self.power_kw * 1000.0, "W");
        if let Some(now) = rate(0) {
            reason = reason.fact("cost-now", now, unit());
        }
        let slack_kwh = self.job.slack_kwh(&run);
        if slack_kwh > 0.0 {
            reason = reason.fact("unfinished", slack_kwh * 1000.0, "Wh");
        }
        let command = if on { Command::TurnOn } else { Command::TurnOff };
        Run {
            action: Action { target: self.device.id.clone(), command, reason, until },
            kwh: run,
            slack_kwh,
            work: self,
        }
    }

    fn named(&self, code: &str, words: &str) -> Reason {
        Reason::new(code, Line::new().say(&self.task.name).say(words).end())
    }

    fn runs(&self, rate: &dyn Fn(usize) -> Option<f64>, clock: &Clock<'_>) -> Reason {
        if self.begun {
            return self.named("keep-running", " keeps running: it cannot be paused");
        }
        let line = Line::new().say(&self.task.name);
        if self.must {
            let line = line.say(" runs: it has to be done by ").time(clock, self.task.deadline);
            return Reason::new("run-in-time", line.end());
        }
        let others: Vec<f64> = (1..self.job.most_kwh.len()).filter_map(rate).collect();
        match rate(0) {
            Some(now) if !others.is_empty() => {
                let mean = others.iter().sum::<f64>() / others.len() as f64;
                let line = line.say(" runs: a kWh costs ").money(now).say(" ").say(clock.currency).say(" now and ");
                let line = line.money(mean).say(" on average until ").time(clock, self.task.deadline);
                Reason::new("run-cheap", line.end())
            }
            _ => self.named("run", " runs: there is no better time left"),
        }
    }

    fn waits(&self, run: &[f64], rate: &dyn Fn(usize) -> Option<f64>, horizon: &Horizon, clock: &Clock<'_>) -> Reason {
        let line = Line::new().say(&self.task.name).say(" waits");
        if self.task.earliest > clock.now {
            let line = line.say(" until ").time(clock, self.task.earliest).say(": not to begin before");
            return Reason::new("wait-for-begin", line.end());
        }
        let then = run.iter().position(|kwh| *kwh > 0.0);
        let Some((t, now, cost)) = then.and_then(|t| Some((t, rate(0)?, rate(t)?))) else {
            let line = line.say(": time enough until ").time(clock, self.task.deadline);
            return Reason::new("wait", line.end());
        };
        let line = line.say(" until ").time(clock, horizon.periods[t].start).say(": a kWh costs ").money(now);
        let line = line.say(" ").say(clock.currency).say(" now, ").money(cost).say(" then");
        let unit = Line::new().say(clock.currency).say("/kWh").end();
        Reason::new("wait-for-cheap", line.end()).fact("cost-then", cost, unit)
    }
}

/// What a device is told, and when it runs.
pub(crate) struct Run<'a> {
    pub action: Action,
    /// In each slot.
    pub kwh: Vec<f64>,
    /// What finds no time before the deadline.
    pub slack_kwh: f64,
    work: &'a Work<'a>,
}

impl Run<'_> {
    /// What is expected of a slot of so many hours.
    pub fn expectation(&self, t: usize, hours: f64) -> Expectation {
        let kwh = self.kwh.get(t).copied().unwrap_or_default();
        let on = kwh > 0.0;
        Expectation {
            target: self.action.target.clone(),
            command: if on { Command::TurnOn } else { Command::TurnOff },
            power_w: Some(kwh / hours * 1000.0),
            soc_pct: None,
            reason: if on { self.work.named("run", " runs") } else { self.work.named("wait", " waits") },
        }
    }
}
