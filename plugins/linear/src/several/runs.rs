//! Steps of a search that move tasks.

use super::{Search, Together};
use crate::curve::Curve;
use crate::pair::{Costs, best_run};
use crate::relaxed::relaxed;
use crate::worth::Worth;

/// What is dearer by less may become cheaper when all batteries are planned at once, currency.
const NEARLY: f64 = 0.05;
/// So many of a task's ways are tried.
const WAYS: usize = 2;
/// So many times all tasks are planned at prices.
const PRICES: usize = 8;

impl Search<'_> {
    /// One task after the other where it costs least.
    pub(super) fn first_runs(&mut self, order: Vec<usize>) {
        for j in order {
            if let Some((_, run)) = self.jobs[j].ways(&self.run_costs(j)).into_iter().next() {
                self.now.runs[j] = run;
            }
        }
    }

    /// Each task in turn: of the ways that seem cheapest the one that is.
    pub(super) fn better_runs(&mut self) {
        for j in 0..self.jobs.len() {
            if self.is_tired() {
                break;
            }
            let (mut best, mut cost) = (self.now.clone(), self.cost);
            let mut ways = self.ways(j);
            self.now.runs[j].fill(0.0);
            self.turns(2);
            ways.extend(self.ways(j));
            for b in 0..self.stores.len() {
                ways.extend(self.pair(b, j));
            }
            for (n, run) in ways.into_iter().enumerate() {
                if self.attempt(&mut best, &mut cost, vec![(j, run)]) {
                    self.follow(&mut best, &mut cost, &[j], n);
                }
            }
            (self.now, self.cost) = (best, cost);
        }
    }

    fn ways(&self, j: usize) -> Vec<Vec<f64>> {
        self.jobs[j].ways(&self.run_costs(j)).into_iter().take(WAYS).map(|(_, run)| run).collect()
    }

    /// The best run of a task with one battery, exactly, if there is time for it.
    fn pair(&mut self, b: usize, j: usize) -> Option<Vec<f64>> {
        self.now.runs[j].fill(0.0);
        let store = &self.stores[b];
        let without: Vec<Curve> = (0..self.slots.len()).map(|t| self.slot_cost(b, t, 0.0, true)).collect();
        let costs = Costs {
            hours: &|t| self.slots[t].market.hours,
            without: &without,
            with: &|t, kwh| {
                let mut cost = self.slot_cost(b, t, kwh, true);
                cost.value += if t == 0 { self.jobs[j].first_cost } else { 0.0 };
                cost
            },
        };
        let after = Worth::at_end(store, self.left_per_kwh[b]);
        let (run, effort) = best_run(store, &self.jobs[j], &costs, after, self.effort_left());
        self.effort += effort;
        run
    }

    /// Two tasks at once.
    pub(super) fn better_pairs(&mut self) {
        for i in 0..self.jobs.len() {
            for j in 0..i {
                if self.is_tired() {
                    return;
                }
                self.better_pair([j, i]);
            }
        }
    }

    /// At what stored energy is worth now, without both, and with both at a share of their power; then each of both
    /// with one battery.
    fn better_pair(&mut self, both: [usize; 2]) {
        let (mut best, mut cost) = (self.now.clone(), self.cost);
        let mut tries = vec![self.both_runs(both)];
        let with = self.now.worth.clone();
        both.iter().for_each(|j| self.now.runs[*j].fill(0.0));
        self.turns(2);
        let without = self.now.worth.clone();
        for share in [0.25, 0.5, 0.75, 1.0] {
            self.now.worth = between(&with, &without, share);
            tries.push(self.both_runs(both));
        }
        let jobs = both.map(|j| self.jobs[j].clone());
        let relaxed = relaxed(self.stores, &self.slots_now(), &jobs, self.left_per_kwh, None);
        self.effort += relaxed.effort;
        self.now.worth = relaxed.worth;
        tries.push(self.both_runs(both));
        for (n, [first, second]) in tries.into_iter().enumerate() {
            if self.attempt(&mut best, &mut cost, vec![(both[0], first), (both[1], second)]) {
                self.follow(&mut best, &mut cost, &both, n);
            }
        }
        (self.now, self.cost) = (best, cost);
    }

    /// Where burning energy may pay, the block that seems best one slot earlier or later, both batteries with it.
    pub(super) fn better_shifts(&mut self) {
        if !self.can_burn || self.stores.len() != 2 || self.shifted == self.now.runs {
            return;
        }
        self.shifted.clone_from(&self.now.runs);
        let (before, cost, jobs) = (self.now.clone(), self.cost, self.jobs);
        let mut best: Option<(f64, Together)> = None;
        for (j, job) in jobs.iter().enumerate().filter(|(_, job)| job.is_block) {
            let Some(start) = before.runs[j].iter().position(|kwh| *kwh > 0.0) else { continue };
            let starts = (start.saturating_sub(1)..=start + 1).filter(|t| *t != start && *t < self.slots.len());
            for run in starts.filter_map(|t| job.block(t)) {
                if self.is_tired() {
                    break;
                }
                self.now.clone_from(&before);
                self.now.runs[j] = run;
                self.turns(1);
                if best.as_ref().is_none_or(|(cost, _)| self.cost < *cost) {
                    best = Some((self.cost, self.now.clone()));
                }
            }
        }
        if let Some((cost, now)) = best {
            (self.now, self.cost) = (now, cost);
            let kwh = |b: usize| self.stores[b].top_kwh() - self.stores[b].base_kwh();
            self.steps(if kwh(0) < kwh(1) { [1, 0] } else { [0, 1] }, true);
        }
        self.keep(before, cost);
    }

    /// Each task in the time of one that has moved where it is best with one battery now.
    fn follow(&mut self, best: &mut Together, cost: &mut f64, moved: &[usize], n: usize) {
        let now = self.now.clone();
        for j in (0..self.jobs.len()).filter(|j| moved != [*j] && !self.stores.is_empty()) {
            let meets =
                |i: &usize| (0..self.slots.len()).any(|t| self.jobs[j].most_kwh[t] * self.jobs[*i].most_kwh[t] > 0.0);
            if !moved.iter().any(meets) {
                continue;
            }
            self.now.clone_from(&now);
            if let Some(run) = self.pair(n % self.stores.len(), j) {
                let moved = moved.iter().filter(|i| **i != j).map(|i| (*i, now.runs[*i].clone()));
                let runs = moved.chain([(j, run)]).collect();
                self.attempt(best, cost, runs);
            }
        }
    }

    /// All tasks at once: at what stored energy is worth, each two of them in turn; then what it is worth with these,
    /// and again at what lies between.
    pub(super) fn better_prices(&mut self) {
        if self.jobs.len() < 2 {
            return;
        }
        let (mut best, mut cost) = (self.now.clone(), self.cost);
        let mut worth = self.now.worth.clone();
        for n in 0..PRICES {
            self.now.worth.clone_from(&worth);
            for i in 0..self.jobs.len() {
                for j in 0..i {
                    let [first, second] = self.both_runs([j, i]);
                    (self.now.runs[j], self.now.runs[i]) = (first, second);
                }
            }
            let runs = (0..self.jobs.len()).map(|j| (j, self.now.runs[j].clone())).collect();
            self.attempt(&mut best, &mut cost, runs);
            worth = between(&worth, &self.now.worth, 2.0 / (n as f64 + 3.0));
        }
        (self.now, self.cost) = (best, cost);
    }

    /// Whether other runs that were not tried yet may be better than the best, which these become if they are.
    fn attempt(&mut self, best: &mut Together, cost: &mut f64, runs: Vec<(usize, Vec<f64>)>) -> bool {
        self.now.clone_from(best);
        for (j, run) in runs {
            self.now.runs[j] = run;
        }
        if self.now.runs == best.runs {
            return true;
        }
        if self.is_tired() || self.tried.contains(&self.now.runs) {
            return false;
        }
        self.tried.push(self.now.runs.clone());
        if self.stores.len() > 1 {
            (1..self.stores.len()).for_each(|b| self.turn(b - 1, true));
            self.turn(self.stores.len() - 1, false);
        }
        self.turns(1);
        let is_near = self.cost < *cost + NEARLY;
        if is_near && self.stores.len() > 1 {
            self.programs();
        }
        if self.cost < *cost {
            best.clone_from(&self.now);
            *cost = self.cost;
        }
        is_near
    }
}

/// A share of the way from what one worth is to another.
fn between(from: &[Vec<f64>], until: &[Vec<f64>], share: f64) -> Vec<Vec<f64>> {
    let each = |(from, until): (&Vec<f64>, &Vec<f64>)| {
        from.iter().zip(until).map(|(from, until)| from + (until - from) * share).collect()
    };
    from.iter().zip(until).map(each).collect()
}
