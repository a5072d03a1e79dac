//! Why a flexible load runs or waits.

use wattwright_strategy::{Instant, Reason, Task};

use super::pick::{Demand, Slots};
use crate::horizon::Horizon;
use wattwright_strategy::text::{Clock, Line};

/// All that a sentence may need.
pub(crate) struct Case<'a> {
    pub task: &'a Task,
    pub horizon: &'a Horizon,
    pub clock: &'a Clock<'a>,
    pub demand: &'a Demand,
    pub slots: &'a Slots,
    /// Seconds of each slot in which it runs.
    pub run_s: &'a [f64],
}

/// A reason of the task's name and a few words.
pub(crate) fn named(code: &str, task: &Task, words: &str) -> Reason {
    Reason::new(code, Line::new().say(&task.name).say(words).end())
}

impl Case<'_> {
    /// It runs and cannot be paused.
    pub fn keeps(&self) -> Reason {
        self.with_facts(named("keep-running", self.task, " keeps running: it cannot be paused"))
    }

    /// It runs now.
    pub fn runs(&self, must: bool) -> Reason {
        let line = Line::new().say(&self.task.name);
        let now = self.horizon.periods.first().zip(self.slots.each.first());
        let reason = match now {
            Some((_, slot)) if slot.sun_w > self.demand.power_w / 2.0 => {
                let line = line.say(" runs on the sun: surplus of ").watt(slot.sun_w).say(" for its ");
                Reason::new("run-on-sun", line.watt(self.demand.power_w).end())
            }
            _ if must => {
                let line = line.say(" runs: it has to be done by ").time(self.clock, self.task.deadline);
                Reason::new("run-in-time", line.end())
            }
            Some((period, _)) if self.horizon.mean_price.is_some() => {
                let line = line.say(" runs: import ").money(period.import_price).say(" ").say(self.clock.currency);
                let line = line.say(" now, ").money(self.horizon.mean_price.unwrap_or_default()).say(" on average");
                Reason::new("run-cheap", line.end())
            }
            _ => Reason::new("run", line.say(" runs; no price is known").end()),
        };
        self.with_facts(reason)
    }

    /// It waits.
    pub fn waits(&self) -> Reason {
        let line = Line::new().say(&self.task.name).say(" waits");
        if self.task.earliest > self.horizon.now {
            let line = line.say(" until ").time(self.clock, self.task.earliest).say(": not to begin before");
            return self.with_facts(Reason::new("wait-for-begin", line.end()));
        }
        let Some(t) = self.start() else {
            let line = line.say(": time enough until ").time(self.clock, self.task.deadline);
            return self.with_facts(Reason::new("wait", line.end()));
        };
        let (then, slot) = (&self.horizon.periods[t], &self.slots.each[t]);
        let line = line.say(" until ").time(self.clock, then.start);
        let reason = if slot.sun_w > self.demand.power_w / 2.0 {
            Reason::new("wait-for-sun", line.say(": surplus sun of ").watt(slot.sun_w).end())
        } else {
            let now = &self.horizon.periods[0];
            let line = line.say(": import ").money(now.import_price).say(" ").say(self.clock.currency).say(" now, ");
            Reason::new("wait-for-cheap", line.money(then.import_price).say(" then").end())
        };
        let unit = Line::new().say(self.clock.currency).say("/kWh").end();
        let reason = reason.fact("cost-then", slot.cost, unit);
        self.with_facts(reason)
    }

    /// When what is done now is expected to end.
    pub fn until(&self, on: bool) -> Option<Instant> {
        let changes = self.run_s.iter().position(|s| (*s > 0.0) != on)?;
        Some(self.horizon.periods[changes].start).filter(|start| *start > self.horizon.now)
    }

    fn start(&self) -> Option<usize> {
        self.run_s.iter().position(|s| *s > 0.0)
    }

    fn with_facts(&self, mut reason: Reason) -> Reason {
        if let Some(now) = self.slots.each.first() {
            let unit = Line::new().say(self.clock.currency).say("/kWh").end();
            reason = reason.fact("cost-now", now.cost, unit).fact("sun-now", now.sun_w, "W");
        }
        reason.fact("energy-left", self.demand.left_wh, "Wh").fact("power", self.demand.power_w, "W")
    }
}
