//! Several batteries and tasks: first together, as a linear program, then each in turn against what the others do,
//! exactly.
//!
//! Alone, the turns would end where only a step of two at once makes it cheaper; alone, the program would charge and
//! discharge at the same time where prices are negative, and run tasks with half their power. So that turns see what
//! the others would do about it, these may also answer at what stored energy is worth to them ([`crate::response`]).
//! Where burning energy may pay, two batteries are also planned at once, one of them in steps ([`crate::stepped`]).
//! Tasks move alone, two at once ([`crate::duo`]), one after another that gave way, or by a slot with both batteries.

mod batteries;
mod costs;
mod runs;

use crate::job::Job;
use crate::market::{Slot, Store};
use crate::relaxed::{burns, relaxed};
use crate::worth::Step;

/// Rounds at the most; two or three are usual.
const ROUNDS: usize = 8;
/// A round that gains less was the last one, currency.
const ENOUGH: f64 = 1e-5;
/// More effort than this is not taken, by [`crate::curve::Curve::effort`]: a million takes up to 1.6 of the five
/// thousand million instructions that the sandbox lets a strategy have, and 60 ms on one x86-64 machine outside of it.
const MOST_EFFORT: usize = 2_800_000;

/// What is planned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    /// For each battery.
    pub plans: Vec<Vec<Step>>,
    /// For each task, kWh in each slot.
    pub runs: Vec<Vec<f64>>,
    /// For each task, what running through each slot costs when the batteries do what is best with it.
    pub run_costs: Vec<Vec<f64>>,
    /// What a stored kWh is worth at the end of each slot, for each battery.
    worth: Vec<Vec<f64>>,
}

/// Plans all; `left_per_kwh` is what a kWh that is left in each battery at the end is worth. Each slot has one chance.
pub fn plan(stores: &[Store], slots: &[Slot], jobs: &[Job], left_per_kwh: &[f64]) -> Together {
    let mut search = Search::new(stores, slots, jobs, left_per_kwh);
    if stores.len() > 1 || !(jobs.is_empty() || stores.is_empty()) {
        let relaxed = relaxed(stores, slots, jobs, left_per_kwh, None);
        (search.now.plans, search.now.worth) = (relaxed.plans, relaxed.worth);
    }
    if jobs.is_empty() && (stores.len() < 2 || !search.can_burn) {
        // The program is the problem.
        search.turns(ROUNDS);
        return search.now;
    }
    let begin = search.now.clone();
    let mut best: Option<(f64, Together)> = None;
    for start in [Start::Together, Start::Apart] {
        search.now.clone_from(&begin);
        search.from(start);
        if best.as_ref().is_none_or(|(cost, _)| search.cost < *cost) {
            best = Some((search.cost, search.now.clone()));
        }
        if stores.len() + jobs.len() < 2 || search.is_tired() {
            break;
        }
    }
    search.now = best.map_or(begin, |(_, best)| best);
    search.now.run_costs = (0..jobs.len()).map(|j| search.run_costs(j)).collect();
    search.now
}

/// Where the search begins. From one side it may end where only several steps at once would make it cheaper.
#[derive(Clone, Copy, PartialEq)]
enum Start {
    /// With what the batteries do in the program, and the largest task.
    Together,
    /// With each battery as if it were alone, and the smallest task.
    Apart,
}

struct Search<'a> {
    stores: &'a [Store],
    slots: &'a [Slot],
    jobs: &'a [Job],
    left_per_kwh: &'a [f64],
    now: Together,
    /// Of what is planned now.
    cost: f64,
    /// Whether burning energy may pay somewhere.
    can_burn: bool,
    /// So far.
    effort: usize,
    /// The runs that the batteries were last planned for in steps.
    stepped: Option<(bool, Vec<Vec<f64>>)>,
    /// Runs that were tried.
    tried: Vec<Vec<Vec<f64>>>,
    /// Those from which blocks were last shifted.
    shifted: Vec<Vec<f64>>,
}

impl<'a> Search<'a> {
    fn new(stores: &'a [Store], slots: &'a [Slot], jobs: &'a [Job], left_per_kwh: &'a [f64]) -> Self {
        let now = Together {
            plans: stores.iter().map(|_| Vec::new()).collect(),
            runs: jobs.iter().map(|_| vec![0.0; slots.len()]).collect(),
            run_costs: Vec::new(),
            worth: stores.iter().map(|_| vec![0.0; slots.len()]).collect(),
        };
        Self {
            stores,
            slots,
            jobs,
            left_per_kwh,
            now,
            cost: f64::INFINITY,
            can_burn: slots.iter().any(burns),
            effort: 0,
            stepped: None,
            tried: Vec::new(),
            shifted: Vec::new(),
        }
    }

    fn from(&mut self, start: Start) {
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        order.sort_by(|a, b| self.jobs[*b].need_kwh.total_cmp(&self.jobs[*a].need_kwh).then(a.cmp(b)));
        if start == Start::Apart {
            order.reverse();
            self.now.plans.iter_mut().for_each(Vec::clear);
        }
        self.first_runs(order);
        self.turns(ROUNDS);
        for _ in 0..ROUNDS {
            let before = self.cost;
            self.better_batteries();
            self.better_prices();
            self.better_shifts();
            self.better_runs();
            self.better_pairs();
            self.better_steps(true);
            if self.cost > before - ENOUGH || self.is_tired() {
                break;
            }
        }
    }

    /// How long it may still go on, by [`Curve::effort`](crate::curve::Curve::effort).
    fn effort_left(&self) -> usize {
        MOST_EFFORT.saturating_sub(self.effort)
    }

    fn is_tired(&self) -> bool {
        self.effort_left() == 0
    }

    /// What was planned before, unless what is now costs less.
    fn keep(&mut self, best: Together, cost: f64) {
        if self.cost >= cost {
            (self.now, self.cost) = (best, cost);
        }
    }
}

#[cfg(test)]
mod tests;
