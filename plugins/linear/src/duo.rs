//! Two tasks at once, at what more use costs in each slot: alone, each would leave to the other what that has taken.

use crate::job::Job;

/// States that take as long as one of [`Curve::effort`](crate::curve::Curve::effort).
const STATES: usize = 4;

/// The runs of both that cost least, and the effort; `cost` is that of a slot by how much more is used in it, kWh.
pub(crate) fn best_runs(jobs: [&Job; 2], cost: impl Fn(usize, f64) -> f64) -> ([Vec<f64>; 2], usize) {
    let slots = jobs[0].most_kwh.len();
    let [a, b] = jobs.map(Steps::of);
    let width = b.count + 1;
    // The cost to come by how many slots of each are done, and what to do about it.
    let mut later: Vec<f64> =
        (0..=a.count).flat_map(|i| (0..width).map(move |k| (i, k))).map(|(i, k)| a.rest(i) + b.rest(k)).collect();
    let mut choices = vec![[false; 2]; slots * later.len()];
    let states = later.len();
    let mut effort = 0;
    for t in (0..slots).rev() {
        let either = [0.0, a.job.most_kwh[t], b.job.most_kwh[t], a.job.most_kwh[t] + b.job.most_kwh[t]];
        if either[3] <= 0.0 {
            continue;
        }
        effort += 1 + states / STATES;
        let costs = either.map(|kwh| cost(t, kwh));
        let mut now = vec![f64::INFINITY; states];
        for (state, best) in now.iter_mut().enumerate() {
            let (i, k) = (state / width, state % width);
            for (n, both) in [[false, false], [true, false], [false, true], [true, true]].into_iter().enumerate() {
                if !a.may(t, i, both[0]) || !b.may(t, k, both[1]) {
                    continue;
                }
                let then = (i + usize::from(both[0])) * width + k + usize::from(both[1]);
                let total = costs[n] + later[then] + a.first(t, both[0]) + b.first(t, both[1]);
                if total < *best {
                    *best = total;
                    choices[t * states + state] = both;
                }
            }
        }
        later = now;
    }
    let (mut done, mut on) = ([0; 2], [Vec::new(), Vec::new()]);
    for t in 0..slots {
        let both = choices[t * states + done[0] * width + done[1]];
        for n in (0..2).filter(|n| both[*n]) {
            on[n].push(t);
            done[n] += 1;
        }
    }
    let [first, second] = on;
    ([jobs[0].run(first), jobs[1].run(second)], effort)
}

/// A task by how many slots of it are done.
struct Steps<'a> {
    job: &'a Job,
    each_kwh: f64,
    count: usize,
}

impl<'a> Steps<'a> {
    fn of(job: &'a Job) -> Self {
        let each_kwh = job.most_kwh.iter().copied().fold(0.0, f64::max);
        let count = if each_kwh > 0.0 { (job.need_kwh / each_kwh - 1e-6).ceil() as usize } else { 0 };
        Self { job, each_kwh, count: count.min(job.most_kwh.len()) }
    }

    fn rest(&self, done: usize) -> f64 {
        self.job.rest_cost(&[(done as f64 * self.each_kwh).min(self.job.need_kwh)])
    }

    fn may(&self, t: usize, done: usize, on: bool) -> bool {
        let can = self.job.most_kwh[t] > 0.0 && done < self.count;
        if on { can } else { !(can && self.job.is_block && done > 0) }
    }

    fn first(&self, t: usize, on: bool) -> f64 {
        if t == 0 && on { self.job.first_cost } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tasks_share_what_is_cheap() {
        // The first two kWh of a slot are free, each more costs its price: both want slots 1 and 2, and there is room
        // for one of them. All ways are tried.
        let job = |need_kwh: f64, is_block| Job { most_kwh: vec![2.0; 6], need_kwh, is_block, ..Job::default() };
        let prices = [0.5, 0.1, 0.1, 0.4, 0.2, 0.3];
        let cost = |t: usize, kwh: f64| (kwh - if t == 1 || t == 2 { 2.0 } else { 0.0 }).max(0.0) * prices[t];
        for jobs in
            [[job(4.0, true), job(4.0, true)], [job(4.0, false), job(3.0, true)], [job(5.0, true), job(4.0, false)]]
        {
            let total = |runs: [&Vec<f64>; 2]| (0..6).map(|t| cost(t, runs[0][t] + runs[1][t])).sum::<f64>();
            let ways = |job: &Job| {
                let slots = |on: u32| (0..6).filter(move |t| on & (1 << t) != 0).collect::<Vec<usize>>();
                let count = (job.need_kwh / 2.0).ceil() as usize;
                let fits = |on: &Vec<usize>| {
                    on.len() == count
                        && (!job.is_block || on.last().zip(on.first()).is_some_and(|(b, a)| b - a < count))
                };
                (0..64).map(slots).filter(fits).map(|on| job.run(on)).collect::<Vec<_>>()
            };
            let (first, second) = (ways(&jobs[0]), ways(&jobs[1]));
            let each = first.iter().flat_map(|a| second.iter().map(move |b| total([a, b])));
            let least = each.fold(f64::INFINITY, f64::min);
            let ([a, b], _) = best_runs([&jobs[0], &jobs[1]], cost);
            assert!((total([&a, &b]) - least).abs() < 1e-9, "{a:?} and {b:?}, though {least} is possible");
        }
    }
}
