//! What a search reckons with: what slots, runs and the whole cost.

use super::Search;
use crate::curve::Curve;
use crate::duo::best_runs;
use crate::market::Chance;
use crate::response::response;

/// The effort of asking what the batteries do about more use, for each slot.
pub(super) const ANSWER: usize = 8;

impl Search<'_> {
    /// The home in a slot with the tasks, without batteries.
    pub(super) fn home(&self, t: usize) -> Chance {
        let chance = self.slots[t].chances.first().copied().unwrap_or_default();
        let used_kwh: f64 = self.now.runs.iter().map(|run| run[t]).sum();
        Chance { net_kw: chance.net_kw + used_kwh / self.slots[t].market.hours, ..chance }
    }

    pub(super) fn given_kw(&self, t: usize, but: usize) -> f64 {
        let others = self.now.plans.iter().enumerate().filter(|(b, _)| *b != but);
        others.filter_map(|(_, plan)| plan.get(t)).map(|step| step.power_kw).sum()
    }

    /// What a slot costs by what one battery gives, with so much more use.
    pub(super) fn slot_cost(&self, b: usize, t: usize, more_kwh: f64, answer: bool) -> Curve {
        let (store, market) = (&self.stores[b], &self.slots[t].market);
        let mut home = self.home(t);
        home.net_kw += more_kwh / market.hours;
        if answer && self.stores.len() > 1 {
            return self.answered(b, t, &home);
        }
        store.slot_cost(market, &Chance { net_kw: home.net_kw - self.given_kw(t, b), ..home })
    }

    /// What a slot costs by what one battery gives when the others answer.
    pub(super) fn answered(&self, b: usize, t: usize, home: &Chance) -> Curve {
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

    /// What running through each slot costs one task when the batteries answer.
    pub(super) fn run_costs(&self, j: usize) -> Vec<f64> {
        let most_kwh = &self.jobs[j].most_kwh;
        let cost = |t: usize| {
            let cost = self.more_use(t, &[j], most_kwh[t]);
            let hours = self.slots[t].market.hours;
            cost.at(cost.until_kwh()) - cost.at(cost.until_kwh() - most_kwh[t] / hours)
        };
        (0..self.slots.len()).map(|t| if most_kwh[t] > 0.0 { cost(t) } else { 0.0 }).collect()
    }

    /// What a slot costs by the home's net load, kW, from that without these tasks on, when the batteries answer.
    pub(super) fn more_use(&self, t: usize, without: &[usize], most_kwh: f64) -> Curve {
        let (home, market) = (self.home(t), &self.slots[t].market);
        let from = home.net_kw - without.iter().map(|j| self.now.runs[*j][t]).sum::<f64>() / market.hours;
        let answers: Vec<_> = self.stores.iter().zip(&self.now.worth).map(|(store, worth)| (store, worth[t])).collect();
        response(market, &home, &answers, from, from + most_kwh / market.hours)
    }

    /// The runs of two tasks that cost least at once when the batteries answer.
    pub(super) fn both_runs(&mut self, both: [usize; 2]) -> [Vec<f64>; 2] {
        let jobs = both.map(|j| &self.jobs[j]);
        let most = |t: usize| jobs[0].most_kwh[t] + jobs[1].most_kwh[t];
        let costs: Vec<Option<Curve>> =
            (0..self.slots.len()).map(|t| (most(t) > 0.0).then(|| self.more_use(t, &both, most(t)))).collect();
        let (runs, effort) = best_runs(jobs, |t, kwh| {
            let hours = self.slots[t].market.hours;
            costs[t].as_ref().map_or(0.0, |cost| cost.at(cost.from_kwh + kwh / hours))
        });
        self.effort += effort + ANSWER * costs.iter().flatten().count();
        runs
    }

    pub(super) fn total(&self) -> f64 {
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
