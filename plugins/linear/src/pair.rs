//! One battery and one task at once, exactly: when the task runs changes what stored energy is worth, and the other
//! way round.

use std::cell::Cell;

use crate::curve::Curve;
use crate::job::Job;
use crate::market::{SLACK_PER_KWH, Store};
use crate::stepped::end_kwh;

/// The effort for each function beside its own.
const EFFORT: usize = 5;
/// Of a function that takes longer its hull is taken: what is found is tried exactly afterwards.
const MOST_EFFORT: usize = 300;

/// Pieces of all functions that are kept at a time: the sandbox has 64 MiB, and a piece takes 16 bytes.
const MOST_KEPT: usize = 800_000;
/// A function of fewer says too little.
const LEAST_PIECES: usize = 24;

/// What a slot costs by what is taken out of the battery, without the task and with a share of what it can use.
pub(crate) struct Costs<'a> {
    pub hours: &'a dyn Fn(usize) -> f64,
    pub without: &'a [Curve],
    pub with: &'a dyn Fn(usize, f64) -> Curve,
}

/// The run of the task that costs least when the battery does what is best with it, and the effort of
/// [`Curve::effort`]; none when it would take more than `most_effort`. `after` is the cost to come after the last slot.
pub(crate) fn best_run(
    store: &Store,
    job: &Job,
    costs: &Costs<'_>,
    after: Curve,
    most_effort: usize,
) -> (Option<Vec<f64>>, usize) {
    let mut pair = Pair { store, costs, effort: Cell::new(0), most_effort, most_pieces: MOST_EFFORT };
    let run = if job.is_block { pair.block(job, after) } else { pair.paused(job, after) };
    (run, pair.effort.get())
}

struct Pair<'a> {
    store: &'a Store,
    costs: &'a Costs<'a>,
    effort: Cell<usize>,
    most_effort: usize,
    /// Of a function that is kept.
    most_pieces: usize,
}

impl Pair<'_> {
    fn is_tired(&self) -> bool {
        self.effort.get() > self.most_effort
    }

    fn before(&self, t: usize, cost: &Curve, after: &Curve) -> Curve {
        let mut curve = cost.share(after, self.store.base_kwh(), self.store.top_kwh());
        curve.add_below(self.store.floor_kwh, SLACK_PER_KWH * (self.costs.hours)(t));
        if curve.effort() > MOST_EFFORT {
            curve = curve.hull();
        }
        if curve.pieces.len() > self.most_pieces {
            curve.thin(2.0 * (self.store.top_kwh() - self.store.base_kwh()) / self.most_pieces as f64);
        }
        self.effort.set(self.effort.get() + EFFORT + curve.effort() / 3);
        curve
    }

    /// What each slot costs when the task uses all that it can in it.
    fn with(&self, job: &Job) -> Vec<Option<Curve>> {
        let cost = |(t, kwh): (usize, &f64)| (*kwh > 0.0).then(|| (self.costs.with)(t, *kwh));
        job.most_kwh.iter().enumerate().map(cost).collect()
    }

    fn block(&self, job: &Job, after: Curve) -> Option<Vec<f64>> {
        let count = self.costs.without.len();
        let mut done = vec![after];
        for t in (0..count).rev() {
            let before = self.before(t, &self.costs.without[t], &done[done.len() - 1]);
            done.push(before);
        }
        done.reverse();
        let none = vec![0.0; count];
        let with = self.with(job);
        // From each slot on: when it begins there, and when it has not begun yet.
        let mut begun: Vec<Option<Curve>> = vec![None; count];
        let mut waiting = vec![raised(&done[count], job.rest_cost(&none))];
        for t in (0..count).rev() {
            if self.is_tired() {
                return None;
            }
            let mut curve = self.before(t, &self.costs.without[t], &waiting[waiting.len() - 1]);
            if let Some(run) = job.block(t) {
                let end = (t..count).find(|at| run[*at] <= 0.0).unwrap_or(count);
                let mut running = raised(&done[end], job.rest_cost(&run));
                for at in (t..end).rev() {
                    running = match &with[at] {
                        Some(cost) if run[at] >= job.most_kwh[at] => self.before(at, cost, &running),
                        _ => self.before(at, &(self.costs.with)(at, run[at]), &running),
                    };
                }
                curve = curve.lower(&running);
                begun[t] = Some(running);
            }
            waiting.push(curve);
        }
        waiting.reverse();
        let mut stored_kwh = self.store.stored_kwh;
        for t in 0..count {
            if let Some(running) = &begun[t]
                && running.at(stored_kwh) <= waiting[t].at(stored_kwh) + 1e-7
            {
                return job.block(t);
            }
            stored_kwh = end_kwh(self.store, &self.costs.without[t], &waiting[t + 1], stored_kwh).0;
        }
        Some(none)
    }

    fn paused(&mut self, job: &Job, after: Curve) -> Option<Vec<f64>> {
        let count = self.costs.without.len();
        let each_kwh = job.most_kwh.iter().copied().fold(0.0, f64::max);
        let need = if each_kwh > 0.0 { (job.need_kwh / each_kwh - 1e-6).ceil() as usize } else { 0 };
        let with = self.with(job);
        let mut usable_before = with.iter().filter(|curve| curve.is_some()).count();
        // What no time is left for stays undone whatever is decided; a task may ask for any energy.
        let undone = need.saturating_sub(usable_before);
        let need = need - undone;
        self.most_pieces = (MOST_KEPT / ((need + 1) * (count + 1))).clamp(LEAST_PIECES, MOST_EFFORT);
        // By how many slots are still needed.
        let rest = |left: usize| job.rest_cost(&[job.need_kwh - ((left + undone) as f64 * each_kwh).min(job.need_kwh)]);
        let mut table: Vec<Vec<Option<Curve>>> =
            vec![(0..=need).map(|left| Some(raised(&after, rest(left)))).collect()];
        for t in (0..count).rev() {
            if self.is_tired() {
                return None;
            }
            usable_before -= usize::from(with[t].is_some());
            let next = &table[table.len() - 1];
            let row = (0..=need)
                .map(|left| {
                    // What no way leads to.
                    if need - left > usable_before {
                        return None;
                    }
                    let off = next[left].as_ref().map(|after| self.before(t, &self.costs.without[t], after));
                    let on = match (&with[t], left.checked_sub(1).and_then(|fewer| next[fewer].as_ref())) {
                        (Some(cost), Some(after)) => Some(self.before(t, cost, after)),
                        _ => None,
                    };
                    match (off, on) {
                        (Some(off), Some(on)) => Some(off.lower(&on)),
                        (off, on) => off.or(on),
                    }
                })
                .collect();
            table.push(row);
        }
        table.reverse();
        let (mut stored_kwh, mut left, mut on) = (self.store.stored_kwh, need, Vec::new());
        for t in 0..count {
            let way = |cost: &Curve, after: Option<&Option<Curve>>| {
                after.and_then(Option::as_ref).map(|after| end_kwh(self.store, cost, after, stored_kwh))
            };
            let off = way(&self.costs.without[t], table[t + 1].get(left));
            let running = match (&with[t], left.checked_sub(1)) {
                (Some(cost), Some(fewer)) => way(cost, table[t + 1].get(fewer)),
                _ => None,
            };
            let runs = match (off, running) {
                (Some(off), Some(running)) => running.1 <= off.1,
                (_, running) => running.is_some(),
            };
            if let (true, Some((end, _))) = (runs, running) {
                on.push(t);
                left -= 1;
                stored_kwh = end;
            } else if let Some((end, _)) = off {
                stored_kwh = end;
            }
        }
        Some(job.run(on))
    }
}

fn raised(curve: &Curve, by: f64) -> Curve {
    Curve { value: curve.value + by, ..curve.clone() }
}
