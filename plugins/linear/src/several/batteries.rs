//! Steps of a search that leave the tasks as they are.

use super::costs::ANSWER;
use super::{ENOUGH, ROUNDS, Search};
use crate::curve::Curve;
use crate::market::Slot;
use crate::relaxed::relaxed;
use crate::stepped::{Levels, powers_kw};
use crate::worth::{Step, Worth, walk_over};

impl Search<'_> {
    /// One battery, exactly, against what the others do; or, when they `answer`, against what they would do.
    pub(super) fn turn(&mut self, b: usize, answer: bool) {
        let (store, slots) = (&self.stores[b], self.slots);
        let costs: Vec<Curve> = (0..slots.len()).map(|t| self.slot_cost(b, t, 0.0, answer)).collect();
        let worth = Worth::over(store, slots, &costs, self.left_per_kwh[b]);
        self.effort += worth.effort() + if answer { ANSWER * slots.len() } else { 0 };
        self.now.plans[b] = walk_over(store, slots, &costs, &worth);
        if !answer {
            let each = self.now.plans[b].iter().enumerate().map(|(t, step)| {
                let (below, above) = worth.after(t).slopes(step.end_kwh);
                let (below, above) = (below.or(above).unwrap_or(0.0), above.or(below).unwrap_or(0.0));
                -(below + above) / 2.0
            });
            self.now.worth[b] = each.collect();
        }
    }

    /// Each battery in turn until nothing is gained any more.
    pub(super) fn turns(&mut self, rounds: usize) {
        self.cost = f64::INFINITY;
        for _ in 0..rounds {
            (0..self.stores.len()).for_each(|b| self.turn(b, false));
            let now = self.total();
            let gain = self.cost - now;
            self.cost = now;
            if self.stores.len() < 2 || gain < ENOUGH || self.is_tired() {
                break;
            }
        }
    }

    /// All batteries at once.
    pub(super) fn better_batteries(&mut self) {
        if self.stores.len() > 1 {
            self.better_steps(false);
            self.programs();
            self.answers();
        }
    }

    /// Two batteries at once, where burning energy may pay: in steps everywhere, or near to what was found.
    pub(super) fn better_steps(&mut self, near: bool) {
        let stepped = Some((near, self.now.runs.clone()));
        if !self.can_burn || self.stores.len() != 2 || self.stepped == stepped {
            return;
        }
        for _ in 0..if near { ROUNDS } else { 1 } {
            let before = self.cost;
            self.steps([0, 1], near);
            self.steps([1, 0], near);
            if self.cost > before - ENOUGH {
                break;
            }
        }
        self.stepped = stepped;
    }

    /// All batteries at once, as programs.
    pub(super) fn programs(&mut self) {
        self.program(false);
        if self.can_burn {
            self.program(true);
        }
    }

    /// All batteries at once, as a program, for the tasks as they run now; or all in the directions they have now.
    fn program(&mut self, alike: bool) {
        if self.is_tired() {
            return;
        }
        let (before, cost) = (self.now.clone(), self.cost);
        let like = alike.then_some(self.now.plans.as_slice());
        let relaxed = relaxed(self.stores, &self.slots_now(), &[], self.left_per_kwh, like);
        self.effort += relaxed.effort;
        self.now.plans = relaxed.plans;
        self.turns(ROUNDS);
        self.keep(before, cost);
        self.now.worth = relaxed.worth;
    }

    /// The slots with the tasks as they run now.
    pub(super) fn slots_now(&self) -> Vec<Slot> {
        let slot = |t: usize| Slot { market: self.slots[t].market, chances: vec![self.home(t)] };
        (0..self.slots.len()).map(slot).collect()
    }

    /// Steps of several batteries at once.
    fn answers(&mut self) {
        for b in 0..self.stores.len() {
            if self.is_tired() {
                break;
            }
            let (before, cost) = (self.now.clone(), self.cost);
            self.turn(b, true);
            (0..self.stores.len()).filter(|other| *other != b).for_each(|other| self.turn(other, false));
            self.turns(ROUNDS);
            self.keep(before, cost);
        }
    }

    /// Two batteries at once, the second in steps.
    pub(super) fn steps(&mut self, order: [usize; 2], near: bool) {
        if self.is_tired() {
            return;
        }
        let (before, cost) = (self.now.clone(), self.cost);
        let (stores, left_per_kwh) = (order.map(|b| &self.stores[b]), order.map(|b| self.left_per_kwh[b]));
        let slots = self.slots_now();
        let levels = match near {
            false => Levels::all(stores[1], &slots),
            true => Levels::near(stores[1], &slots, &self.now.plans[order[1]]),
        };
        let (powers_kw, effort) = powers_kw(stores, &slots, left_per_kwh, &levels);
        self.effort += effort;
        let mut stored_kwh = stores[1].stored_kwh;
        let step = |(power_kw, slot): (f64, &Slot)| {
            stored_kwh -= stores[1].spent_kwh(power_kw, slot.market.hours);
            Step { power_kw, end_kwh: stored_kwh }
        };
        self.now.plans[order[1]] = powers_kw.into_iter().zip(self.slots).map(step).collect();
        self.turn(order[0], false);
        self.turns(ROUNDS);
        self.program(true);
        self.keep(before, cost);
    }
}
