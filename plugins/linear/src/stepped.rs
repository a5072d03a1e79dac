//! Two batteries at once, where burning energy may pay: one exactly, the other in steps. Where a slot turns from
//! export to import both have to turn, and neither does so alone.

use crate::curve::Curve;
use crate::market::{Chance, SLACK_PER_KWH, Slot, Store};
use crate::worth::Worth;

/// Steps at the most.
const MOST_STEPS: f64 = 24.0;
/// Of a function that takes longer its hull is taken: what is found is planned exactly afterwards.
const MOST_EFFORT: usize = 200;
/// Pieces of a function are kept so many.
const MOST_PIECES: f64 = 100.0;

/// What the second battery gives in each slot, kW, when both do what costs least together, and the effort of
/// [`Curve::effort`]. Each slot has one chance.
pub(crate) fn powers_kw([exact, other]: [&Store; 2], slots: &[Slot], left_per_kwh: [f64; 2]) -> (Vec<f64>, usize) {
    let levels = Levels::of(other, slots);
    let end = Worth::at_end(exact, left_per_kwh[0]);
    let first = |k| Curve { value: end.value - levels.kwh(k) * left_per_kwh[1], ..end.clone() };
    let mut row: Vec<Curve> = (0..levels.count).map(first).collect();
    let mut table = Vec::with_capacity(slots.len());
    let mut effort = 0;
    for slot in slots.iter().rev() {
        let moves: Vec<(usize, usize, Curve)> = levels.moves(exact, slot);
        let now = (0..levels.count).map(|k| {
            let ways = moves.iter().filter_map(|(down, up, cost)| Some((row.get((k + up).checked_sub(*down)?)?, cost)));
            let each = ways.map(|(after, cost)| {
                effort += after.effort();
                cost.share(after, exact.base_kwh(), exact.top_kwh())
            });
            let mut curve = each.reduce(|least, curve| least.lower(&curve)).unwrap_or_default();
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
    let step = |(slot, after): (&Slot, Vec<Curve>)| {
        let mut best = (f64::INFINITY, stored_kwh, 0.0);
        for (k, after) in after.iter().enumerate() {
            let Some(power_kw) = levels.power_kw(slot, stored_kwh[1] - levels.kwh(k)) else { continue };
            let (end, total) = end_kwh(exact, &levels.cost(exact, slot, power_kw), after, stored_kwh[0]);
            if total < best.0 {
                best = (total, [end, levels.kwh(k)], power_kw);
            }
        }
        stored_kwh = best.1;
        best.2
    };
    (slots.iter().zip(table.into_iter().rev()).map(step).collect(), effort)
}

/// The steps of a battery.
struct Levels<'a> {
    store: &'a Store,
    step_kwh: f64,
    count: usize,
}

impl<'a> Levels<'a> {
    /// Two steps are what it takes in a slot.
    fn of(store: &'a Store, slots: &[Slot]) -> Self {
        let range_kwh = store.top_kwh() - store.base_kwh();
        let hours = slots.last().map_or(1.0, |slot| slot.market.hours);
        let full_kwh = -store.spent_kwh(-store.max_charge_kw, hours);
        let step_kwh = (full_kwh / 2.0).max(range_kwh / MOST_STEPS).max(1e-6);
        Self { store, step_kwh, count: (range_kwh / step_kwh) as usize + 1 }
    }

    fn kwh(&self, k: usize) -> f64 {
        self.store.base_kwh() + k as f64 * self.step_kwh
    }

    /// The power that takes so much out, when it can.
    fn power_kw(&self, slot: &Slot, spent_kwh: f64) -> Option<f64> {
        let (least, most) = self.store.range_kw(&slot.expected());
        let power_kw = self.store.power_kw(spent_kwh, slot.market.hours);
        (power_kw >= least - 1e-9 && power_kw <= most + 1e-9).then_some(power_kw)
    }

    /// What a slot costs by what is taken out of the exact one, when this one gives a power.
    fn cost(&self, exact: &Store, slot: &Slot, power_kw: f64) -> Curve {
        let home = slot.expected();
        let mut cost = exact.slot_cost(&slot.market, &Chance { net_kw: home.net_kw - power_kw, ..home });
        cost.value += self.store.own_cost(&home, power_kw) * slot.market.hours;
        cost
    }

    /// All that it can do in a slot: levels down, levels up, and what that costs.
    fn moves(&self, exact: &Store, slot: &Slot) -> Vec<(usize, usize, Curve)> {
        let by = |down: usize, up: usize| {
            let power_kw = self.power_kw(slot, (down as f64 - up as f64) * self.step_kwh)?;
            Some((down, up, self.cost(exact, slot, power_kw)))
        };
        (0..self.count).map_while(|down| by(down, 0)).chain((1..self.count).map_while(|up| by(0, up))).collect()
    }
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
