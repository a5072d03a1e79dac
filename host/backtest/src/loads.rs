//! Flexible loads: what runs when, whoever decides.
//!
//! Every way serves the same energy, so that costs compare: a load that is left alone for so long that it only just
//! ends in time begins by itself, and one that may not be paused goes on once it has begun.

use std::time::Duration;

use forecast::SeriesRow;
use guard::Ledger;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::home::{DeviceState, Reading};
use model::slot::{self, SLOT_S};
use model::snapshot::{Abilities, Device, Task};
use model::task::{self, Progress, TaskSetup};

const HOURS: f64 = SLOT_S as f64 / 3600.0;

/// The loads of a home in the midst of a series.
#[derive(Clone, Debug)]
pub(crate) struct Loads {
    zone: TimeZone,
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    task: TaskSetup,
    progress: Option<Progress>,
    on: bool,
    /// During the last slot, watt.
    power_w: f64,
}

impl Loads {
    pub fn new(tasks: &[TaskSetup], zone: TimeZone) -> Self {
        let run = |task: &TaskSetup| Run { task: task.clone(), progress: None, on: false, power_w: 0.0 };
        Self { zone, runs: tasks.iter().map(run).collect() }
    }

    /// A slot begins: what is through with its window turns to the next, and waits.
    pub fn begin(&mut self, now: Timestamp) {
        for run in &mut self.runs {
            let window = task::window(&run.task, now, &self.zone);
            if run.progress.as_ref().map(|progress| progress.window) != window {
                run.progress = window.map(Progress::new);
                run.on = false;
            }
        }
    }

    /// Switches what hangs on a device.
    pub fn switch(&mut self, device: &str, on: bool) {
        self.runs.iter_mut().filter(|run| run.task.device == device).for_each(|run| run.on = on);
    }

    /// Switches all on: each runs as soon as it may.
    pub fn switch_all_on(&mut self) {
        self.runs.iter_mut().for_each(|run| run.on = true);
    }

    /// Passes a slot; gives what all used, mean over it, watt.
    pub fn pass(&mut self, now: Timestamp) -> f64 {
        self.runs.iter_mut().map(|run| run.pass(now)).sum()
    }

    /// As a strategy sees them.
    pub fn tasks(&self, now: Timestamp) -> Vec<Task> {
        let task = |run: &Run| Some(run.progress.as_ref()?.to_task(&run.task, now, Some(run.on)));
        self.runs.iter().filter_map(task).collect()
    }

    /// What they hang on, as a strategy sees it.
    pub fn devices(&self, ledger: &Ledger) -> Vec<Device> {
        let device = |run: &Run| Device {
            id: run.task.device.clone(),
            name: run.task.device.clone(),
            kind: "plug".into(),
            abilities: Abilities { switch: true, ..Abilities::default() },
            on: Some(run.on),
            level: None,
            power_w: Some(run.power_w),
            in_force: ledger.in_force(&run.task.device),
            extras: Vec::new(),
        };
        self.each_device().map(device).collect()
    }

    /// What they hang on, as the guard sees it.
    pub fn shown(&self, now: Timestamp) -> Vec<DeviceState> {
        let state = |run: &Run| DeviceState {
            id: run.task.device.clone(),
            on: Some(run.on),
            abilities: Abilities { switch: true, ..Abilities::default() },
            level: None,
            power_w: Some(Reading::of("plug", run.power_w, now)),
            fault: None,
        };
        self.each_device().map(state).collect()
    }

    /// The first load of each device.
    fn each_device(&self) -> impl Iterator<Item = &Run> {
        let is_first =
            |at: usize, run: &Run| self.runs[..at].iter().all(|before| before.task.device != run.task.device);
        self.runs.iter().enumerate().filter(move |(at, run)| is_first(*at, run)).map(|(_, run)| run)
    }
}

impl Run {
    fn pass(&mut self, now: Timestamp) -> f64 {
        self.power_w = 0.0;
        let Some(progress) = &mut self.progress else { return 0.0 };
        let left_wh = self.task.energy_wh - progress.done_wh;
        if progress.is_done(&self.task) || now < progress.window.earliest || self.task.power_w <= 0.0 {
            return 0.0;
        }
        let left_slots = (left_wh / self.task.power_w / HOURS).ceil();
        let latest = progress.window.deadline.checked_sub(SignedDuration::from_secs(SLOT_S * left_slots as i64));
        let has_to = latest.is_ok_and(|latest| now >= latest);
        let goes_on = !self.task.interruptible && progress.done_wh > 0.0;
        self.on |= has_to || goes_on;
        if self.on {
            self.power_w = self.task.power_w.min(left_wh / HOURS);
            progress.advance(&self.task, Some(self.power_w), Duration::from_secs(SLOT_S.unsigned_abs()));
        }
        self.power_w
    }
}

/// The series with each load where it costs least by itself: the least marginal cost of its window, with what the sun
/// leaves over first; in one piece when it may not be paused. What a battery would make of it is not reckoned with, so
/// that together they need not be the very least.
pub(crate) fn placed(tasks: &[TaskSetup], rows: &[SeriesRow], zone: &TimeZone) -> Vec<SeriesRow> {
    let mut rows = rows.to_vec();
    for task in tasks.iter().filter(|task| task.power_w > 0.0 && task.energy_wh > 0.0) {
        let mut k = 0;
        while let Some(now) = rows.get(k).map(|row| row.start) {
            let Some(window) = task::window(task, now, zone) else { break };
            let until = rows.partition_point(|row| row.start < window.deadline);
            let from = rows.partition_point(|row| row.start < window.earliest).max(k);
            if rows.last().is_some_and(|last| slot::next(last.start) >= window.deadline) {
                place(task, &mut rows[from..until]);
            }
            k = until.max(k + 1);
        }
    }
    rows
}

fn place(task: &TaskSetup, rows: &mut [SeriesRow]) {
    let mut powers = Vec::new();
    let mut left_wh = task.energy_wh;
    while left_wh > 1e-9 && powers.len() < rows.len() {
        let power_w = task.power_w.min(left_wh / HOURS);
        left_wh -= power_w * HOURS;
        powers.push(power_w);
    }
    let cost = |row: &SeriesRow, power_w: f64| {
        let spare_w = (row.solar_w - row.load_w).clamp(0.0, power_w);
        spare_w * row.export_price + (power_w - spare_w) * row.import_price
    };
    if task.interruptible {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| cost(&rows[*a], task.power_w).total_cmp(&cost(&rows[*b], task.power_w)));
        for (at, power_w) in order.into_iter().zip(&powers) {
            rows[at].load_w += power_w;
        }
        return;
    }
    let all = |begin: usize| powers.iter().zip(&rows[begin..]).map(|(power_w, row)| cost(row, *power_w)).sum::<f64>();
    let begins = 0..=rows.len().saturating_sub(powers.len());
    if let Some(begin) = begins.min_by(|a, b| all(*a).total_cmp(&all(*b))) {
        for (row, power_w) in rows[begin..].iter_mut().zip(&powers) {
            row.load_w += power_w;
        }
    }
}
