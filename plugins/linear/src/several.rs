//! Several batteries and tasks: first together, as a linear program, then each in turn against what the others do,
//! exactly.
//!
//! Alone, the turns would end where only a step of two at once makes it cheaper; alone, the program would charge and
//! discharge at the same time where prices are negative, and run tasks with half their power. So that turns see what
//! the others would do about it, these may also answer at what stored energy is worth to them ([`crate::response`]).

use crate::curve::Curve;
use crate::job::Job;
use crate::market::{Chance, Slot, Store};
use crate::pair::{Costs, best_run};
use crate::relaxed::{burns, relaxed};
use crate::response::response;
use crate::worth::{Step, Worth, walk_over};

/// Rounds at the most; two or three are usual.
const ROUNDS: usize = 8;
/// A round that gains less was the last one, currency.
const ENOUGH: f64 = 1e-5;
/// What is dearer by less may become cheaper when all batteries are planned at once, currency.
const NEARLY: f64 = 0.05;
/// More effort than this is not taken, by [`Curve::effort`]: the sandbox lets no strategy think for long. A million
/// takes 60 ms on one x86-64 machine, outside of the sandbox.
const MOST_EFFORT: usize = 1_500_000;
/// The effort of a program, for each slot and battery.
const PROGRAM: usize = 250;
/// So many of a task's ways are tried.
const WAYS: usize = 4;

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
    let can_burn = slots.iter().any(burns);
    if stores.len() > 1 || !(jobs.is_empty() || stores.is_empty()) {
        let relaxed = relaxed(stores, slots, jobs, left_per_kwh, None);
        (search.now.plans, search.now.worth) = (relaxed.plans, relaxed.worth);
    }
    if jobs.is_empty() && (stores.len() < 2 || !can_burn) {
        // The program is the problem.
        search.turns(ROUNDS);
        return search.now;
    }
    let begin = search.now.clone();
    let mut best: Option<(f64, Together)> = None;
    for start in [Start::Together, Start::Apart] {
        search.now.clone_from(&begin);
        search.from(start, can_burn);
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
    /// So far.
    effort: usize,
}

impl<'a> Search<'a> {
    fn new(stores: &'a [Store], slots: &'a [Slot], jobs: &'a [Job], left_per_kwh: &'a [f64]) -> Self {
        let now = Together {
            plans: stores.iter().map(|_| Vec::new()).collect(),
            runs: jobs.iter().map(|_| vec![0.0; slots.len()]).collect(),
            run_costs: Vec::new(),
            worth: stores.iter().map(|_| vec![0.0; slots.len()]).collect(),
        };
        Self { stores, slots, jobs, left_per_kwh, now, cost: f64::INFINITY, effort: 0 }
    }

    /// The home in a slot with the tasks, without batteries.
    fn home(&self, t: usize) -> Chance {
        let chance = self.slots[t].chances.first().copied().unwrap_or_default();
        let used_kwh: f64 = self.now.runs.iter().map(|run| run[t]).sum();
        Chance { net_kw: chance.net_kw + used_kwh / self.slots[t].market.hours, ..chance }
    }

    fn given_kw(&self, t: usize, but: usize) -> f64 {
        let others = self.now.plans.iter().enumerate().filter(|(b, _)| *b != but);
        others.filter_map(|(_, plan)| plan.get(t)).map(|step| step.power_kw).sum()
    }

    /// One battery, exactly, against what the others do; or, when they `answer`, against what they would do.
    fn turn(&mut self, b: usize, answer: bool) {
        let (store, slots) = (&self.stores[b], self.slots);
        let costs: Vec<Curve> = (0..slots.len()).map(|t| self.slot_cost(b, t, 0.0, answer)).collect();
        let worth = Worth::over(store, slots, &costs, self.left_per_kwh[b]);
        self.effort += worth.effort();
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

    /// What a slot costs by what one battery gives, with so much more use.
    fn slot_cost(&self, b: usize, t: usize, more_kwh: f64, answer: bool) -> Curve {
        let (store, market) = (&self.stores[b], &self.slots[t].market);
        let mut home = self.home(t);
        home.net_kw += more_kwh / market.hours;
        if answer && self.stores.len() > 1 {
            return self.answered(b, t, &home);
        }
        store.slot_cost(market, &Chance { net_kw: home.net_kw - self.given_kw(t, b), ..home })
    }

    /// What a slot costs by what one battery gives when the others answer.
    fn answered(&self, b: usize, t: usize, home: &Chance) -> Curve {
        let (store, market) = (&self.stores[b], &self.slots[t].market);
        let others: Vec<_> = (0..self.stores.len())
            .filter(|other| *other != b)
            .map(|other| (&self.stores[other], self.now.worth[other][t]))
            .collect();
        let (least, most) = store.range_kw(home);
        let cost = response(market, home, &others, home.net_kw - most, home.net_kw - least);
        let mut powers: Vec<f64> =
            cost.points().map(|(net_kw, _)| (home.net_kw - net_kw).clamp(least, most)).chain([0.0]).collect();
        powers.sort_by(f64::total_cmp);
        Curve::through(powers.into_iter().map(|power_kw| {
            let own = store.own_cost(home, power_kw) * market.hours;
            (store.spent_kwh(power_kw, market.hours), cost.at(home.net_kw - power_kw) + own)
        }))
    }

    /// Each battery in turn until nothing is gained any more.
    fn turns(&mut self, rounds: usize) {
        self.cost = f64::INFINITY;
        for _ in 0..rounds {
            (0..self.stores.len()).for_each(|b| self.turn(b, false));
            let now = self.total();
            let gain = self.cost - now;
            self.cost = now;
            if self.stores.len() < 2 || gain < ENOUGH {
                break;
            }
        }
    }

    /// All batteries at once, for the tasks as they run now.
    fn resolve(&mut self, alike: bool) {
        let (before, cost) = (self.now.clone(), self.cost);
        let slots: Vec<Slot> =
            (0..self.slots.len()).map(|t| Slot { market: self.slots[t].market, chances: vec![self.home(t)] }).collect();
        let like = alike.then_some(self.now.plans.as_slice());
        let relaxed = relaxed(self.stores, &slots, &[], self.left_per_kwh, like);
        self.effort += PROGRAM * self.slots.len() * self.stores.len();
        self.now.plans = relaxed.plans;
        self.turns(ROUNDS);
        if self.cost >= cost {
            (self.now, self.cost) = (before, cost);
        }
        self.now.worth = relaxed.worth;
    }

    /// Steps of several batteries at once.
    fn answers(&mut self) {
        for b in 0..self.stores.len() {
            let (before, cost) = (self.now.clone(), self.cost);
            self.turn(b, true);
            (0..self.stores.len()).filter(|other| *other != b).for_each(|other| self.turn(other, false));
            self.turns(ROUNDS);
            if self.cost >= cost {
                (self.now, self.cost) = (before, cost);
            }
        }
    }

    /// What running through each slot costs one task when the batteries answer.
    fn run_costs(&self, j: usize) -> Vec<f64> {
        let job = &self.jobs[j];
        let cost = |t: usize| {
            if job.most_kwh[t] <= 0.0 {
                return 0.0;
            }
            let home = self.home(t);
            let market = &self.slots[t].market;
            let from = home.net_kw - self.now.runs[j][t] / market.hours;
            let until = from + job.most_kwh[t] / market.hours;
            let answers: Vec<_> =
                self.stores.iter().zip(&self.now.worth).map(|(store, worth)| (store, worth[t])).collect();
            let cost = response(market, &home, &answers, from, until);
            cost.at(until) - cost.at(from)
        };
        (0..self.slots.len()).map(cost).collect()
    }

    fn from(&mut self, start: Start, can_burn: bool) {
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
            if self.stores.len() > 1 {
                self.resolve(false);
                if can_burn {
                    self.resolve(true);
                }
                self.answers();
            }
            self.better_runs();
            if self.cost > before - ENOUGH || self.is_tired() {
                break;
            }
        }
    }

    fn is_tired(&self) -> bool {
        self.effort > MOST_EFFORT
    }

    fn first_runs(&mut self, order: Vec<usize>) {
        for j in order {
            if let Some((_, run)) = self.jobs[j].ways(&self.run_costs(j)).into_iter().next() {
                self.now.runs[j] = run;
            }
        }
    }

    /// Each task in turn: of the ways that seem cheapest the one that is.
    fn better_runs(&mut self) {
        for j in 0..self.jobs.len() {
            if self.is_tired() {
                break;
            }
            let (mut best, mut cost) = (self.now.clone(), self.cost);
            let mut ways = self.ways(j);
            self.now.runs[j].fill(0.0);
            self.turns(2);
            ways.extend(self.ways(j));
            let single = ways.len();
            for b in 0..self.stores.len() {
                let way = self.pair(b, j);
                ways.push(way);
            }
            for (n, run) in ways.into_iter().enumerate() {
                if run == best.runs[j] || self.is_tired() {
                    continue;
                }
                self.now.clone_from(&best);
                self.now.runs[j] = run;
                self.try_turns();
                if n >= single && self.stores.len() > 1 && self.cost >= cost && self.cost < cost + NEARLY {
                    self.resolve(false);
                }
                if self.cost < cost {
                    best.clone_from(&self.now);
                    cost = self.cost;
                }
            }
            (self.now, self.cost) = (best, cost);
        }
    }

    fn pair(&mut self, b: usize, j: usize) -> Vec<f64> {
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
        let (run, effort) = best_run(store, &self.jobs[j], &costs, Worth::at_end(store, self.left_per_kwh[b]));
        self.effort += effort;
        run
    }

    fn ways(&self, j: usize) -> Vec<Vec<f64>> {
        self.jobs[j].ways(&self.run_costs(j)).into_iter().take(WAYS).map(|(_, run)| run).collect()
    }

    fn try_turns(&mut self) {
        if self.stores.len() > 1 {
            for b in 0..self.stores.len() - 1 {
                self.turn(b, true);
            }
            self.turn(self.stores.len() - 1, false);
        }
        self.turns(1);
    }

    fn total(&self) -> f64 {
        let grid: f64 = (0..self.slots.len())
            .map(|t| {
                let home = self.home(t);
                self.slots[t].market.cost(home.net_kw - self.given_kw(t, usize::MAX), home.solar_kw)
            })
            .sum();
        let batteries = self.stores.iter().zip(&self.now.plans).zip(self.left_per_kwh).map(|((store, plan), left)| {
            let own: f64 = plan
                .iter()
                .zip(self.slots)
                .map(|(step, slot)| store.own_cost(&slot.expected(), step.power_kw) * slot.market.hours)
                .sum();
            own - plan.last().map_or(0.0, |step| step.end_kwh * left)
        });
        let jobs = self.jobs.iter().zip(&self.now.runs).map(|(job, run)| job.other_cost(run));
        grid + batteries.sum::<f64>() + jobs.sum::<f64>()
    }
}
