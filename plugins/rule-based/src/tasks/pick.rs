//! Which slots a task takes.

use wattwright_strategy::{Command, Device, Instant, Task};

use crate::horizon::{Horizon, Period};

/// A command in force stays when nothing gains more than this share of the mean price.
const STICKY_SHARE: f64 = 0.02;
/// It starts this much before it must: ticks come by the quarter of an hour.
const IN_TIME_S: f64 = 900.0;

/// What a task still needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Demand {
    /// While it runs.
    pub power_w: f64,
    pub left_wh: f64,
    /// How long that takes.
    pub need_s: f64,
}

impl Demand {
    /// Of a task; a power or energy that is none counts as the least that is.
    pub fn of(task: &Task) -> Self {
        let positive = |value: f64, least: f64| if value.is_finite() { value.clamp(least, 1e9) } else { least };
        let power_w = positive(task.power_w, 1.0);
        let left_wh = positive(task.energy_wh - task.done_wh, 0.0);
        Self { power_w, left_wh, need_s: left_wh / power_w * 3600.0 }
    }
}

/// One slot as the task sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usable {
    /// Seconds of it between the earliest time and the deadline.
    pub seconds: f64,
    /// Currency per kWh of the task, the sun's share at what feeding it in would earn.
    pub cost: f64,
    /// How much of the task's power the sun covers, watt.
    pub sun_w: f64,
}

/// All slots of the horizon, in its order, and what lies beyond.
pub(crate) struct Slots {
    pub each: Vec<Usable>,
    /// Seconds between the horizon's end and the deadline.
    beyond_s: f64,
    /// What a kWh is expected to cost there.
    beyond_cost: f64,
    now: Instant,
    deadline: Instant,
}

impl Slots {
    /// Looks at a task's slots.
    pub fn of(horizon: &Horizon, task: &Task, demand: &Demand, device: &Device) -> Self {
        let usual = horizon.mean_price.unwrap_or(1.0);
        let sticky = match device.in_force.as_ref().map(|it| &it.command) {
            Some(Command::TurnOn) => -STICKY_SHARE * usual.abs(),
            Some(Command::TurnOff) => STICKY_SHARE * usual.abs(),
            _ => 0.0,
        };
        let usable = |(t, period): (usize, &Period)| {
            let from = period.start.max(horizon.now).max(task.earliest);
            let seconds = f64::from(period.end.min(task.deadline).saturating_sub(from));
            let sun_w = (-period.net_w()).clamp(0.0, demand.power_w);
            let cost = (sun_w * period.export_price + (demand.power_w - sun_w) * period.import_price) / demand.power_w;
            Usable { seconds, cost: if t == 0 { cost + sticky } else { cost }, sun_w }
        };
        let end = horizon.periods.last().map_or(horizon.now, |period| period.end).max(task.earliest);
        Self {
            each: horizon.periods.iter().enumerate().map(usable).collect(),
            beyond_s: f64::from(task.deadline.saturating_sub(end)),
            beyond_cost: usual,
            now: horizon.now.max(task.earliest),
            deadline: task.deadline,
        }
    }

    /// Seconds of each slot when it runs from now until it is done, whatever the deadline.
    pub fn at_once(&self, demand: &Demand) -> Vec<f64> {
        // A device that is still on when all seems done goes on for this slot.
        let mut left_s = demand.need_s.max(1.0);
        let begun = self.each.iter().map(|slot| {
            let seconds = slot.seconds.max(0.0).min(left_s);
            left_s -= seconds;
            seconds
        });
        begun.collect()
    }

    /// Seconds of each slot when it may be paused: the cheapest first, of equal ones the earliest.
    pub fn cheapest(&self, demand: &Demand) -> Vec<f64> {
        let mut order: Vec<usize> = (0..self.each.len()).filter(|t| self.each[*t].seconds > 0.0).collect();
        order.sort_by(|a, b| self.each[*a].cost.total_cmp(&self.each[*b].cost).then(a.cmp(b)));
        let mut run_s = vec![0.0; self.each.len()];
        let mut left_s = demand.need_s;
        // What lies beyond the horizon is one more slot, at the usual price, that nothing is noted for.
        let mut beyond_s = (self.beyond_s - IN_TIME_S).max(0.0);
        for t in order {
            if self.each[t].cost > self.beyond_cost {
                left_s -= std::mem::take(&mut beyond_s);
            }
            if left_s <= 0.0 {
                break;
            }
            run_s[t] = self.each[t].seconds.min(left_s);
            left_s -= run_s[t];
        }
        run_s
    }

    /// Seconds of each slot when it must run in one block: where that is cheapest, of equal ones the earliest.
    pub fn block(&self, demand: &Demand) -> Vec<f64> {
        let mut run_s = vec![0.0; self.each.len()];
        let mut best: Option<(f64, usize)> = None;
        for start in 0..self.each.len() {
            if let Some(cost) = self.block_cost(start, demand.need_s)
                && best.is_none_or(|(least, _)| cost < least - 1e-9)
            {
                best = Some((cost, start));
            }
        }
        let fits_beyond = self.beyond_s >= demand.need_s + IN_TIME_S;
        let Some((cost, start)) = best else { return run_s };
        if fits_beyond && cost > self.beyond_cost * demand.need_s {
            return run_s;
        }
        let mut left_s = demand.need_s;
        for (run_s, slot) in run_s.iter_mut().zip(&self.each).skip(start) {
            *run_s = slot.seconds.min(left_s).max(0.0);
            left_s -= *run_s;
        }
        run_s
    }

    /// Cost of a block that begins with a slot, in price times seconds; `None`: it does not fit there.
    fn block_cost(&self, start: usize, need_s: f64) -> Option<f64> {
        let (mut left_s, mut cost) = (need_s, 0.0);
        for slot in &self.each[start..] {
            // A block's slots touch, so one that cannot be used ends it.
            if slot.seconds <= 0.0 {
                return None;
            }
            let seconds = slot.seconds.min(left_s);
            cost += slot.cost * seconds;
            left_s -= seconds;
            if left_s <= 0.0 {
                return Some(cost);
            }
        }
        None
    }

    /// Whether it has to run now to be done in time, or as soon as it still can.
    pub fn must_run_now(&self, demand: &Demand) -> bool {
        let may_now = self.each.first().map_or(self.beyond_s > 0.0, |slot| slot.seconds > 0.0);
        let left_s = f64::from(self.deadline.saturating_sub(self.now));
        may_now && demand.need_s > 0.0 && left_s < demand.need_s + IN_TIME_S
    }
}
