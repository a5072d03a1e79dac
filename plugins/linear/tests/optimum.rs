//! Plans for 500 random problems of 192 slots, against the optimum that HiGHS found (`optimum.py`).

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

mod problem;

use std::time::Instant;

use linear::several::{self, Together};
use problem::{Problem, problem};

/// What a plan costs, after it was checked to keep to every limit.
fn cost(problem: &Problem, plan: &Together) -> f64 {
    let Problem { stores, slots, jobs, mean } = problem;
    let mut cost = 0.0;
    for (t, slot) in slots.iter().enumerate() {
        let given_kw: f64 = plan.plans.iter().map(|plan| plan[t].power_kw).sum();
        let used_kw: f64 = plan.runs.iter().map(|run| run[t] / 0.25).sum();
        let chance = slot.chances[0];
        cost += slot.market.cost(chance.net_kw + used_kw - given_kw, chance.solar_kw);
    }
    for (store, plan) in stores.iter().zip(&plan.plans) {
        let mut stored_kwh = store.stored_kwh;
        for step in plan {
            assert!(step.power_kw <= store.max_discharge_kw + 1e-6 && step.power_kw >= -store.max_charge_kw - 1e-6);
            stored_kwh -= store.spent_kwh(step.power_kw, 0.25);
            assert!(stored_kwh >= store.floor_kwh - 1e-6 && stored_kwh <= store.ceiling_kwh + 1e-6, "{stored_kwh}");
            cost += (step.power_kw.max(0.0) * store.wear_cost_per_kwh + step.power_kw.abs() * 1e-5) * 0.25;
        }
        cost -= stored_kwh * mean * store.discharge_efficiency;
    }
    for (job, run) in jobs.iter().zip(&plan.runs) {
        let is_on = |t: &usize| run[*t] > 1e-9;
        assert!((run.iter().sum::<f64>() - job.need_kwh).abs() < 1e-6, "a task is not finished");
        assert!(run.iter().zip(&job.most_kwh).all(|(used, most)| *used <= most + 1e-9), "outside of its time");
        let on: Vec<usize> = (0..run.len()).filter(is_on).collect();
        let (first, last) = (on[0], *on.last().unwrap());
        assert!(on.iter().filter(|t| **t != last).all(|t| run[*t] > job.most_kwh[*t] - 1e-9), "half its power");
        assert!(!job.is_block || on.len() == last - first + 1, "it was paused");
    }
    cost
}

/// What was found for one kind of problem.
#[derive(Default)]
struct Found {
    gaps: Vec<(f64, u64)>,
    ours_ms: Vec<f64>,
    highs_ms: Vec<f64>,
}

/// One line of `optimum.csv`: its kind, how much dearer the plan is, and both times.
fn solved(line: &str) -> (usize, (f64, u64), f64, f64) {
    let mut fields = line.split(',');
    let seed: u64 = fields.next().unwrap().parse().unwrap();
    let [optimum, highs_ms] = [(); 2].map(|()| fields.next().unwrap().parse::<f64>().unwrap());
    let problem = problem(seed);
    let Problem { stores, slots, jobs, mean } = &problem;
    let left: Vec<f64> = stores.iter().map(|store| store.discharge_efficiency * mean).collect();
    let begun = Instant::now();
    let plan = several::plan(stores, slots, jobs, &left);
    let ours_ms = begun.elapsed().as_secs_f64() * 1e3;
    let cost = cost(&problem, &plan);
    // What there is to pay without any battery is the scale: the optimum itself may be near zero.
    let scale = slots.iter().map(|slot| slot.market.cost(slot.chances[0].net_kw, 60.0).abs()).sum::<f64>();
    let gap = (cost - optimum) / optimum.abs().max(0.1 * scale);
    assert!(gap > -1e-4, "{seed}: {cost} costs less than the optimum {optimum}");
    (stores.len() - 1 + if jobs.is_empty() { 0 } else { 2 }, (gap, seed), ours_ms, highs_ms)
}

#[test]
fn plans_cost_what_the_optimum_costs() {
    let mut found: [Found; 4] = Default::default();
    let lines: Vec<&str> = include_str!("optimum.csv").lines().skip(1).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all: Vec<_> = std::thread::scope(|scope| {
        let lines = &lines;
        let share = move |n: usize| lines.iter().skip(n).step_by(threads).map(|line| solved(line)).collect::<Vec<_>>();
        let running: Vec<_> = (0..threads).map(|n| scope.spawn(move || share(n))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    for (kind, gap, ours_ms, highs_ms) in all {
        found[kind].gaps.push(gap);
        found[kind].ours_ms.push(ours_ms);
        found[kind].highs_ms.push(highs_ms);
    }
    let mut above = 0;
    for (kind, found) in found.iter_mut().enumerate() {
        found.gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.ours_ms.sort_by(f64::total_cmp);
        found.highs_ms.sort_by(f64::total_cmp);
        let middle = found.gaps.len() / 2;
        let too_dear = found.gaps.iter().filter(|(gap, _)| *gap > 1e-3).count();
        above += too_dear;
        println!(
            "{} batteries{}, {} problems: {too_dear} above 0.1 %, worst {:.1e} (seed {}), median {:.2} ms, HiGHS {:.1} ms",
            kind % 2 + 1,
            if kind > 1 { " and tasks" } else { "" },
            found.gaps.len(),
            found.gaps[0].0,
            found.gaps[0].1,
            found.ours_ms[middle],
            found.highs_ms[middle]
        );
        if std::env::var_os("SEEDS").is_some() {
            let dear = found.gaps.iter().take_while(|(gap, _)| *gap > 1e-3);
            dear.for_each(|(gap, seed)| println!("  {seed}: {gap:.1e}"));
        }
    }
    assert_eq!(above, 0, "plans that cost more than 0.1 % above the optimum");
}
