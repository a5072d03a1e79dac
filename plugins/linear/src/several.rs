//! Several batteries: first together, as a linear program, then each in turn against what the others do, exactly.
//!
//! Alone, the turns would end where only a step of two batteries at once makes it cheaper; alone, the program would
//! charge and discharge at the same time where prices are negative.

use crate::interior::{Column, solve};
use crate::market::{SLACK_PER_KWH, Slot, Store};
use crate::worth::{Step, Worth, walk};

/// Rounds at the most; two or three are usual.
const ROUNDS: usize = 8;
/// A round that gains less was the last one, currency.
const ENOUGH: f64 = 1e-5;

/// A plan for each battery; `left_per_kwh` is what a kWh that is left in each at the end is worth.
pub fn plan(stores: &[Store], slots: &[Slot], left_per_kwh: &[f64]) -> Vec<Vec<Step>> {
    let mut plans =
        if stores.len() < 2 { vec![Vec::new(); stores.len()] } else { together(stores, slots, left_per_kwh) };
    let mut cost = f64::INFINITY;
    for _ in 0..ROUNDS {
        for (b, store) in stores.iter().enumerate() {
            let others = without(slots, &plans, b);
            plans[b] = walk(store, &others, &Worth::of(store, &others, left_per_kwh[b]));
        }
        let now = total(stores, slots, &plans, left_per_kwh);
        if stores.len() < 2 || now > cost - ENOUGH {
            break;
        }
        cost = now;
    }
    plans
}

/// Variables of a slot for the grid: import, export, curtailed, and import and export beyond their limits.
const GRID: usize = 5;
/// What each kWh that goes through a battery costs in the program, so that none goes round in circles.
const IDLE_PER_KWH: f64 = 1e-5;
/// Export earns at least so much less than import costs: else the program could earn without end.
const LESS: f64 = 1e-4;

/// The optimum of the linear program that is made of the problem when a battery may charge and discharge at once.
fn together(stores: &[Store], slots: &[Slot], left_per_kwh: &[f64]) -> Vec<Vec<Step>> {
    let (count, wide) = (1 + stores.len(), GRID + 3 * stores.len());
    let mut columns = Vec::with_capacity(slots.len() * wide);
    let mut rows = Vec::with_capacity(slots.len() * count);
    let most_kw: f64 = stores.iter().map(|store| store.max_charge_kw + store.max_discharge_kw).sum();
    for (t, slot) in slots.iter().enumerate() {
        let (market, chance) = (&slot.market, slot.expected());
        let (hours, balance) = (market.hours, t * count);
        let export_price = market.export_price.min(market.import_price - LESS);
        let most_grid = chance.net_kw.abs() + most_kw + 1.0;
        let mut grid = |sign: f64, price: f64, upper: f64| {
            let upper = upper.clamp(1e-6, most_grid);
            columns.push(Column { cost: price * hours, upper, entries: vec![(balance, sign)] });
        };
        grid(1.0, market.import_price, market.import_limit_kw);
        grid(-1.0, -export_price, market.export_limit_kw);
        // Curtailing is for what the limit does not let through.
        grid(-1.0, (-market.export_price).max(0.0) + IDLE_PER_KWH, chance.solar_kw);
        grid(1.0, market.import_price.max(0.0) + SLACK_PER_KWH, most_grid);
        grid(-1.0, SLACK_PER_KWH, most_grid);
        rows.push(chance.net_kw);
        for (b, store) in stores.iter().enumerate() {
            let energy = balance + 1 + b;
            let (least, most) = store.range_kw(&chance);
            let take = -store.spent_kwh(-1.0, hours);
            columns.push(Column {
                cost: IDLE_PER_KWH * hours,
                upper: (-least).max(1e-6),
                entries: vec![(balance, -1.0), (energy, -take)],
            });
            columns.push(Column {
                cost: (store.wear_cost_per_kwh + IDLE_PER_KWH) * hours,
                upper: most.max(1e-6),
                entries: vec![(balance, 1.0), (energy, store.spent_kwh(1.0, hours))],
            });
            let last = t + 1 == slots.len();
            let mut entries = vec![(energy, 1.0)];
            entries.extend((!last).then_some((energy + count, -1.0)));
            columns.push(Column {
                cost: if last { -left_per_kwh[b] } else { 0.0 },
                upper: (store.top_kwh() - store.base_kwh()).max(1e-6),
                entries,
            });
            rows.push(if t == 0 { store.stored_kwh - store.base_kwh() } else { 0.0 });
        }
    }
    let values = solve(&columns, &rows);
    let step = |b: usize, t: usize| {
        let at = t * wide + GRID + 3 * b;
        Step { power_kw: values[at + 1] - values[at], end_kwh: stores[b].base_kwh() + values[at + 2] }
    };
    (0..stores.len()).map(|b| (0..slots.len()).map(|t| step(b, t)).collect()).collect()
}

/// The slots as one battery meets them: what the others give and take is the home's.
pub fn without(slots: &[Slot], plans: &[Vec<Step>], but: usize) -> Vec<Slot> {
    let mut slots = slots.to_vec();
    for (_, plan) in plans.iter().enumerate().filter(|(b, _)| *b != but) {
        for (slot, step) in slots.iter_mut().zip(plan) {
            slot.chances.iter_mut().for_each(|chance| chance.net_kw -= step.power_kw);
        }
    }
    slots
}

fn total(stores: &[Store], slots: &[Slot], plans: &[Vec<Step>], left_per_kwh: &[f64]) -> f64 {
    let grid: f64 = slots
        .iter()
        .enumerate()
        .map(|(t, slot)| {
            let power_kw: f64 = plans.iter().filter_map(|plan| plan.get(t)).map(|step| step.power_kw).sum();
            let chance = slot.expected();
            slot.market.cost(chance.net_kw - power_kw, chance.solar_kw)
        })
        .sum();
    let own = stores.iter().zip(plans).zip(left_per_kwh).map(|((store, plan), left)| {
        let wear: f64 = plan.iter().zip(slots).map(|(step, slot)| step.power_kw.max(0.0) * slot.market.hours).sum();
        wear * store.wear_cost_per_kwh - plan.last().map_or(0.0, |step| step.end_kwh * left)
    });
    grid + own.sum::<f64>()
}
