//! All batteries and tasks at once, as a linear program: a battery may charge and discharge in the same slot, and a
//! task may run with less than its power. What it finds is where the search for a real plan begins, and its prices
//! tell what a kWh is worth in each slot.

use crate::interior::{Column, solve};
use crate::job::Job;
use crate::market::{IDLE_PER_KWH, SLACK_PER_KWH, Slot, Store};
use crate::worth::Step;

/// Export earns at least so much less than import costs: else the program could earn without end.
const LESS: f64 = 1e-4;
/// Less power is none, kW.
const STILL_KW: f64 = 1e-4;
/// The effort for each variable.
const EFFORT: usize = 16;
/// No variable is held at one value.
const LEAST: f64 = 1e-6;

/// The optimum of the program.
pub(crate) struct Relaxed {
    /// What each battery does.
    pub plans: Vec<Vec<Step>>,
    /// What one more stored kWh is worth at the end of each slot, by battery.
    pub worth: Vec<Vec<f64>>,
    /// The effort, as that of [`Curve::effort`](crate::curve::Curve::effort).
    pub effort: usize,
}

struct Program {
    columns: Vec<Column>,
    rows: Vec<f64>,
}

impl Program {
    fn add(&mut self, cost: f64, upper: f64, entries: impl Into<Vec<(usize, f64)>>) -> usize {
        self.columns.push(Column { cost, upper: upper.max(LEAST), entries: entries.into() });
        self.columns.len() - 1
    }
}

/// Solves it. Each slot has one chance. With `like`, where burning energy may pay, each battery and the grid keep the
/// direction that they have in that plan.
pub(crate) fn relaxed(
    stores: &[Store],
    slots: &[Slot],
    jobs: &[Job],
    left_per_kwh: &[f64],
    like: Option<&[Vec<Step>]>,
) -> Relaxed {
    // Rows of a slot: the home's balance, and of each battery what is stored and, where it would pay to burn energy,
    // that it does one thing at a time. The tasks come last.
    let mut balances = Vec::with_capacity(slots.len() + 1);
    let mut count = 0;
    for slot in slots {
        balances.push(count);
        count += 1 + stores.len() * if burns(slot) { 2 } else { 1 };
    }
    balances.push(count);
    let job_row = |j: usize| count + j;
    let mut program = Program { columns: Vec::new(), rows: vec![0.0; count + jobs.len()] };
    let mut charges = Vec::with_capacity(slots.len() * stores.len());
    for (t, slot) in slots.iter().enumerate() {
        let chance = slot.chances.first().copied().unwrap_or_default();
        let hours = slot.market.hours;
        let row = balances[t];
        program.rows[row] = chance.net_kw;
        let like = like.filter(|_| burns(slot));
        let given_kw = like.map(|plans| plans.iter().map(|plan| plan[t].power_kw).sum::<f64>());
        grid(&mut program, slot, row, stores, jobs, t, given_kw.map(|given_kw| chance.net_kw - given_kw));
        for (b, store) in stores.iter().enumerate() {
            let energy = row + 1 + b;
            let (mut least, mut most) = store.range_kw(&chance);
            let power_kw = like.map_or(0.0, |plans| plans[b][t].power_kw);
            if power_kw > STILL_KW {
                least = 0.0;
            } else if power_kw < -STILL_KW {
                most = 0.0;
            }
            let (take, give) = (-store.spent_kwh(-1.0, hours), store.spent_kwh(1.0, hours));
            let alone = row + 1 + stores.len() + b;
            let mut charge = vec![(row, -1.0), (energy, -take)];
            let mut discharge = vec![(row, 1.0), (energy, give)];
            if burns(slot) {
                charge.push((alone, 1.0 / (-least).max(LEAST)));
                discharge.push((alone, 1.0 / most.max(LEAST)));
                program.add(0.0, 1.0, [(alone, 1.0)]);
                program.rows[alone] = 1.0;
            }
            charges.push(program.add(IDLE_PER_KWH * hours, -least, charge));
            program.add((store.wear_cost_per_kwh + IDLE_PER_KWH) * hours, most, discharge);
            let is_last = t + 1 == slots.len();
            let mut entries = vec![(energy, 1.0)];
            entries.extend((!is_last).then(|| (balances[t + 1] + 1 + b, -1.0)));
            let left = if is_last { -left_per_kwh[b] } else { 0.0 };
            program.add(left, store.top_kwh() - store.base_kwh(), entries);
            if t == 0 {
                program.rows[energy] = store.stored_kwh - store.base_kwh();
            }
        }
        for (j, job) in jobs.iter().enumerate().filter(|(_, job)| job.most_kwh[t] > 0.0) {
            let cost = if t == 0 { job.first_cost / job.most_kwh[0] } else { 0.0 };
            program.add(cost, job.most_kwh[t], [(row, -1.0 / hours), (job_row(j), 1.0)]);
        }
    }
    for (j, job) in jobs.iter().enumerate() {
        if job.beyond_kwh > 0.0 {
            program.add(job.beyond_price, job.beyond_kwh, [(job_row(j), 1.0)]);
        }
        program.add(SLACK_PER_KWH, job.need_kwh, [(job_row(j), 1.0)]);
        program.rows[job_row(j)] = job.need_kwh;
    }
    let (values, prices) = solve(&program.columns, &program.rows);
    let step = |b: usize, t: usize| {
        let at = charges[t * stores.len() + b];
        Step { power_kw: values[at + 1] - values[at], end_kwh: stores[b].base_kwh() + values[at + 2] }
    };
    let each = |b: usize| (0..slots.len()).map(move |t| (b, t));
    Relaxed {
        plans: (0..stores.len()).map(|b| each(b).map(|(b, t)| step(b, t)).collect()).collect(),
        worth: (0..stores.len()).map(|b| each(b).map(|(b, t)| -prices[balances[t] + 1 + b]).collect()).collect(),
        effort: EFFORT * program.columns.len(),
    }
}

/// Whether burning energy may pay in a slot.
pub(crate) fn burns(slot: &Slot) -> bool {
    let market = &slot.market;
    market.import_price < 0.0 || market.export_price < 0.0 || market.export_price > market.import_price
}

fn grid(
    program: &mut Program,
    slot: &Slot,
    row: usize,
    stores: &[Store],
    jobs: &[Job],
    t: usize,
    like_kw: Option<f64>,
) {
    let (market, chance) = (&slot.market, slot.chances.first().copied().unwrap_or_default());
    let hours = market.hours;
    let powers = stores.iter().map(|store| store.max_charge_kw + store.max_discharge_kw);
    let uses = jobs.iter().map(|job| job.most_kwh[t] / hours);
    let most_kw = chance.net_kw.abs() + powers.chain(uses).sum::<f64>() + 1.0;
    let (mut import_kw, mut export_kw) = (market.import_limit_kw.min(most_kw), market.export_limit_kw.min(most_kw));
    let mut export_price = market.export_price.min(market.import_price - LESS);
    match like_kw {
        Some(grid_kw) if grid_kw > STILL_KW => export_kw = 0.0,
        Some(grid_kw) if grid_kw < -STILL_KW => (import_kw, export_price) = (0.0, market.export_price),
        _ => {}
    }
    program.add(market.import_price * hours, import_kw, [(row, 1.0)]);
    program.add(-export_price * hours, export_kw, [(row, -1.0)]);
    // Where all can be imported and exported there is no need for more.
    if export_kw < most_kw {
        // Curtailing is for what the limit does not let through.
        let curtailed = (-market.export_price).max(0.0) + IDLE_PER_KWH;
        if chance.solar_kw > 0.0 {
            program.add(curtailed * hours, chance.solar_kw, [(row, -1.0)]);
        }
        if chance.net_kw + chance.solar_kw < 0.0 {
            program.add(SLACK_PER_KWH * hours, most_kw, [(row, -1.0)]);
        }
    }
    if import_kw < most_kw {
        program.add((market.import_price.max(0.0) + SLACK_PER_KWH) * hours, most_kw, [(row, 1.0)]);
    }
}
