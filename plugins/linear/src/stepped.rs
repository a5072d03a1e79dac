//! Two batteries at once, where burning energy may pay: one exactly, the other in steps. Where a slot turns from
//! export to import both have to turn, and neither does so alone.

use crate::curve::Curve;
use crate::market::{Chance, SLACK_PER_KWH, Slot, Store};
use crate::worth::{Step, Worth};

/// Steps at the most.
const MOST_STEPS: f64 = 24.0;
/// Of a function that takes longer its hull is taken: what is found is planned exactly afterwards.
const MOST_EFFORT: usize = 50;
/// Pieces of a function are kept so many.
const MOST_PIECES: f64 = 40.0;
/// Near to a plan is so many steps to each side.
const NEAR: i32 = 3;
/// Of which so many are what it takes in a slot.
const NEAR_STEPS: f64 = 2.0;

/// What the second battery gives in each slot, kW, when both do what costs least together, and the effort of
/// [`Curve::effort`]. Each slot has one chance.
pub(crate) fn powers_kw(
    [exact, other]: [&Store; 2],
    slots: &[Slot],
    left_per_kwh: [f64; 2],
    levels: &Levels,
) -> (Vec<f64>, usize) {
    let end = Worth::at_end(exact, left_per_kwh[0]);
    let first = |kwh: &f64| Curve { value: end.value - kwh * left_per_kwh[1], ..end.clone() };
    let mut row: Vec<Curve> = levels.after(slots.len()).iter().map(first).collect();
    let mut table = Vec::with_capacity(slots.len());
    let mut effort = 0;
    for (t, slot) in slots.iter().enumerate().rev() {
        let now = levels.after(t).iter().map(|kwh| {
            let each = levels.after(t + 1).iter().zip(&row).filter_map(|(end, after)| {
                let cost = both_cost(exact, other, slot, power_kw(other, slot, kwh - end)?);
                effort += after.effort() * 5 / 4;
                Some(cost.share(after, exact.base_kwh(), exact.top_kwh()))
            });
            // What leads nowhere is dearer than all else.
            let nowhere = || Curve { value: SLACK_PER_KWH * 1e3, ..end.clone() };
            let mut curve = each.reduce(|least, curve| least.lower(&curve)).unwrap_or_else(nowhere);
            curve.add_below(exact.floor_kwh, SLACK_PER_KWH * slot.market.hours);
            if curve.effort() > MOST_EFFORT {
                curve = curve.hull();
            }
            if curve.pieces.len() as f64 > MOST_PIECES {
                curve.thin(2.0 * (exact.top_kwh() - exact.base_kwh()) / MOST_PIECES);
            }
            curve
        });
        let now = now.collect();
        table.push(std::mem::replace(&mut row, now));
    }
    let mut stored_kwh = [exact.stored_kwh, other.stored_kwh];
    let step = |(t, after): (usize, Vec<Curve>)| {
        let mut best = (f64::INFINITY, stored_kwh, 0.0);
        for (kwh, after) in levels.after(t + 1).iter().zip(&after) {
            let Some(power_kw) = power_kw(other, &slots[t], stored_kwh[1] - kwh) else { continue };
            let cost = both_cost(exact, other, &slots[t], power_kw);
            let (end, total) = end_kwh(exact, &cost, after, stored_kwh[0]);
            if total < best.0 {
                best = (total, [end, *kwh], power_kw);
            }
        }
        stored_kwh = best.1;
        best.2
    };
    (table.into_iter().rev().enumerate().map(step).collect(), effort)
}

/// The power that takes so much out, when the battery can.
fn power_kw(store: &Store, slot: &Slot, spent_kwh: f64) -> Option<f64> {
    let (least, most) = store.range_kw(&slot.expected());
    let power_kw = store.power_kw(spent_kwh, slot.market.hours);
    (power_kw >= least - 1e-9 && power_kw <= most + 1e-9).then_some(power_kw)
}

/// What a slot costs by what is taken out of the exact one, when the other gives a power.
fn both_cost(exact: &Store, other: &Store, slot: &Slot, power_kw: f64) -> Curve {
    let home = slot.expected();
    let mut cost = exact.slot_cost(&slot.market, &Chance { net_kw: home.net_kw - power_kw, ..home });
    cost.value += other.own_cost(&home, power_kw) * slot.market.hours;
    cost
}

/// What the other battery may hold after so many slots.
pub(crate) struct Levels {
    after: Vec<Vec<f64>>,
}

impl Levels {
    /// All that it can hold.
    pub fn all(store: &Store, slots: &[Slot]) -> Self {
        let (base, top) = (store.base_kwh(), store.top_kwh());
        let step_kwh = (full_kwh(store, slots) / 2.0).max((top - base) / MOST_STEPS).max(1e-6);
        let each: Vec<f64> = (0..=((top - base) / step_kwh) as usize).map(|k| base + k as f64 * step_kwh).collect();
        Self { after: vec![each; slots.len() + 1] }
    }

    /// What is near to a plan.
    pub fn near(store: &Store, slots: &[Slot], plan: &[Step]) -> Self {
        let step_kwh = full_kwh(store, slots) / NEAR_STEPS;
        let near = |kwh: f64| {
            let levels =
                (-NEAR..=NEAR).map(|k| (kwh + f64::from(k) * step_kwh).clamp(store.base_kwh(), store.top_kwh()));
            let mut levels: Vec<f64> = levels.collect();
            levels.dedup();
            levels
        };
        let ends = plan.iter().map(|step| step.end_kwh);
        Self { after: std::iter::once(store.stored_kwh).chain(ends).map(near).collect() }
    }

    fn after(&self, slots: usize) -> &[f64] {
        &self.after[slots]
    }
}

/// What it takes in a slot at the most.
fn full_kwh(store: &Store, slots: &[Slot]) -> f64 {
    let hours = slots.last().map_or(1.0, |slot| slot.market.hours);
    -store.spent_kwh(-store.max_charge_kw, hours)
}

/// Where a battery goes in a slot, and what that costs.
pub(crate) fn end_kwh(store: &Store, cost: &Curve, after: &Curve, stored_kwh: f64) -> (f64, f64) {
    let inside = |end: &f64| *end >= store.base_kwh() - 1e-9 && *end <= store.top_kwh() + 1e-9;
    let (least, most) = (stored_kwh - cost.until_kwh(), stored_kwh - cost.from_kwh);
    let ends = after.points().map(|(end, _)| end).filter(|end| *end >= least && *end <= most);
    let ends = ends.chain(cost.points().map(|(spent, _)| stored_kwh - spent).filter(inside));
    let each = ends.map(|end| (end, after.at(end) + cost.at(stored_kwh - end)));
    each.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((stored_kwh, f64::INFINITY))
}
