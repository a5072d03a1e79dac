//! Work that can wait: what a task may use in each slot, and where it costs least.

use crate::market::SLACK_PER_KWH;

/// A task as the plan sees it. Its device is on or off: in a slot it uses all that it can, or nothing; only the last
/// slot of a run may be cut short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Job {
    /// Most that it can use in each slot, kWh; 0 outside of its time.
    pub most_kwh: Vec<f64>,
    /// What it still needs.
    pub need_kwh: f64,
    /// Whether it runs in one go.
    pub is_block: bool,
    /// Most that it can use between the last slot and its deadline.
    pub beyond_kwh: f64,
    /// What a kWh is expected to cost there.
    pub beyond_price: f64,
    /// What running in the first slot costs beside the energy; below zero: it runs already, and stays on when that
    /// is about as good.
    pub first_cost: f64,
}

/// So many slots at the edge of the cheapest are exchanged.
const NEAR: usize = 4;
/// Less than this is nothing, kWh.
const TINY_KWH: f64 = 1e-9;

impl Job {
    /// What it uses in each slot when it runs in these, as long as it needs to.
    pub fn run(&self, on: impl IntoIterator<Item = usize>) -> Vec<f64> {
        let mut run = vec![0.0; self.most_kwh.len()];
        let mut left_kwh = self.need_kwh;
        for t in on {
            run[t] = self.most_kwh[t].min(left_kwh).max(0.0);
            left_kwh -= run[t];
        }
        run
    }

    /// What a run costs beside its energy in the slots: what is left for the time after the last one, what finds no
    /// time at all, and switching.
    pub fn other_cost(&self, run: &[f64]) -> f64 {
        let first = if run.first().is_some_and(|kwh| *kwh > TINY_KWH) { self.first_cost } else { 0.0 };
        first + self.rest_cost(run)
    }

    /// What is left for the time after the last slot costs so much; what finds no time at all is the slack.
    pub(crate) fn rest_cost(&self, run: &[f64]) -> f64 {
        let rest = self.need_kwh - run.iter().sum::<f64>();
        let later = rest.clamp(0.0, self.beyond_kwh);
        later * self.beyond_price + (rest - later).max(0.0) * SLACK_PER_KWH
    }

    /// What finds no time, kWh.
    pub fn slack_kwh(&self, run: &[f64]) -> f64 {
        let slack = self.need_kwh - run.iter().sum::<f64>() - self.beyond_kwh;
        if slack > TINY_KWH { slack } else { 0.0 }
    }

    /// All runs that may be the cheapest when `costs` is what running through each slot costs, the cheapest first,
    /// with their cost.
    pub fn ways(&self, costs: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let mut ways = if self.is_block { self.blocks(costs) } else { self.choices(costs) };
        ways.sort_by(|a, b| a.0.total_cmp(&b.0));
        ways
    }

    fn cost(&self, run: &[f64], costs: &[f64]) -> f64 {
        let share = |t: usize| if self.most_kwh[t] > 0.0 { run[t] / self.most_kwh[t] } else { 0.0 };
        (0..run.len()).map(|t| share(t) * costs[t]).sum::<f64>() + self.other_cost(run)
    }

    /// The run in one go from a slot on.
    pub(crate) fn block(&self, start: usize) -> Option<Vec<f64>> {
        let slots = (start..self.most_kwh.len()).take_while(|t| self.most_kwh[*t] > TINY_KWH);
        (self.most_kwh[start] > TINY_KWH).then(|| self.run(slots))
    }

    fn blocks(&self, costs: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let starts = (0..self.most_kwh.len()).filter(|t| self.most_kwh[*t] > TINY_KWH);
        let mut ways: Vec<(f64, Vec<f64>)> = starts
            .map(|start| {
                let run = self.run((start..self.most_kwh.len()).take_while(|t| self.most_kwh[*t] > TINY_KWH));
                (self.cost(&run, costs), run)
            })
            .collect();
        let none = vec![0.0; self.most_kwh.len()];
        ways.push((self.rest_cost(&none), none));
        ways
    }

    /// The cheapest slots, and what else may be taken when the costs are not quite right: one of the dearest of them
    /// for one of the next.
    fn choices(&self, costs: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let mut order: Vec<usize> = (0..self.most_kwh.len()).filter(|t| self.most_kwh[*t] > TINY_KWH).collect();
        let rate = |t: usize| costs[t] / self.most_kwh[t];
        order.sort_by(|a, b| rate(*a).total_cmp(&rate(*b)).then(a.cmp(b)));
        let mut left_kwh = self.need_kwh;
        let mut beyond_kwh = self.beyond_kwh;
        let mut count = 0;
        for t in &order {
            if rate(*t) > self.beyond_price {
                left_kwh -= std::mem::take(&mut beyond_kwh);
            }
            if left_kwh <= TINY_KWH {
                break;
            }
            left_kwh -= self.most_kwh[*t];
            count += 1;
        }
        let way = |order: &[usize]| {
            let mut on = order[..count].to_vec();
            on.sort_unstable();
            let run = self.run(on);
            (self.cost(&run, costs), run)
        };
        let mut ways = vec![way(&order)];
        for out in count.saturating_sub(NEAR)..count {
            for other in count..(count + NEAR).min(order.len()) {
                order.swap(out, other);
                ways.push(way(&order));
                order.swap(out, other);
            }
        }
        ways
    }
}
