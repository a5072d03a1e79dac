//! What stored energy is worth: backwards through the slots, by dynamic programming on functions made of straight
//! pieces.
//!
//! What the home pays from the end of a slot on is a function of what is then stored. Each slot adds what it costs
//! to take energy out or put it in, and shares in the best way; where several things may happen, the mean of what
//! each would cost with the best answer to it, since a battery that follows the meter answers within the slot.
//! For slots with one chance this is the exact optimum, also where negative prices make the problem non-convex.

use crate::curve::Curve;
use crate::market::{Chance, SLACK_PER_KWH, Slot, Store};

/// Pieces of a function when several things may happen; enough for a difference of hundredths of a cent.
const PIECES: f64 = 40.0;

/// More pieces than any home that was tried has; the time has a bound whatever the numbers are.
const MOST_PIECES: usize = 2000;

/// The cost to come at the end of each slot, by what is stored then.
#[derive(Clone, Debug)]
pub struct Worth {
    after: Vec<Curve>,
}

impl Worth {
    /// Works it out; `left_per_kwh` is what a kWh that is left at the end is worth.
    pub fn of(store: &Store, slots: &[Slot], left_per_kwh: f64) -> Self {
        Self::back(store, slots, left_per_kwh, |t, after| Self::before(store, &slots[t], after))
    }

    /// Works it out where each slot's cost by what is taken out of the battery is known.
    pub(crate) fn over(store: &Store, slots: &[Slot], costs: &[Curve], left_per_kwh: f64) -> Self {
        let (base, top) = (store.base_kwh(), store.top_kwh());
        Self::back(store, slots, left_per_kwh, |t, after| costs[t].share(after, base, top))
    }

    /// After the last slot.
    pub(crate) fn at_end(store: &Store, left_per_kwh: f64) -> Curve {
        let (base, top) = (store.base_kwh(), store.top_kwh());
        let mut curve = Curve::through([(base, 0.0), (top, -left_per_kwh * (top - base))]);
        curve.add_below(store.floor_kwh, SLACK_PER_KWH);
        curve
    }

    /// How long its working out takes, by [`Curve::effort`].
    pub(crate) fn effort(&self) -> usize {
        self.after.iter().map(Curve::effort).sum()
    }

    fn back(store: &Store, slots: &[Slot], left_per_kwh: f64, before: impl Fn(usize, &Curve) -> Curve) -> Self {
        let (base, top) = (store.base_kwh(), store.top_kwh());
        let mut next = Self::at_end(store, left_per_kwh);
        let mut after = Vec::with_capacity(slots.len());
        for (t, slot) in slots.iter().enumerate().rev() {
            let mut curve = before(t, &next);
            if curve.pieces.len() > MOST_PIECES {
                curve.thin((top - base) / PIECES);
            }
            curve.add_below(store.floor_kwh, SLACK_PER_KWH * slot.market.hours);
            // Only differences count, and small numbers keep them exact.
            curve.value = 0.0;
            after.push(std::mem::replace(&mut next, curve));
        }
        after.reverse();
        Self { after }
    }

    fn before(store: &Store, slot: &Slot, after: &Curve) -> Curve {
        let (base, top) = (store.base_kwh(), store.top_kwh());
        let share = |chance: &Chance| store.slot_cost(&slot.market, chance).share(after, base, top);
        match slot.chances.as_slice() {
            [only] => share(only),
            chances => {
                let each: Vec<(f64, Curve)> = chances.iter().map(|chance| (chance.weight, share(chance))).collect();
                let mut mean = Curve::mean(&each);
                mean.thin((top - base) / PIECES);
                mean
            }
        }
    }

    /// The cost to come at the end of a slot.
    pub fn after(&self, t: usize) -> &Curve {
        &self.after[t]
    }

    /// The power at which a slot and all after it cost least when so much is stored at its beginning.
    pub fn best_kw(&self, store: &Store, t: usize, slot: &Slot, chance: &Chance, stored_kwh: f64) -> f64 {
        self.best_of(store, t, slot, &store.slot_cost(&slot.market, chance), stored_kwh)
    }

    fn best_of(&self, store: &Store, t: usize, slot: &Slot, cost: &Curve, stored_kwh: f64) -> f64 {
        let (base, top) = (store.base_kwh(), store.top_kwh());
        let after = &self.after[t];
        let inside = |end: &f64| *end >= base - 1e-9 && *end <= top + 1e-9;
        // The least of a sum of straight lines is at a corner of one of them.
        let mut best = (stored_kwh, f64::INFINITY);
        let mut look = |end: f64, later: f64| {
            let total = later + cost.at(stored_kwh - end);
            // Of equal ones the fuller, so that a charge that may come at any time comes in one go.
            if total < best.1 - 1e-9 || (total < best.1 + 1e-9 && end > best.0) {
                best = (end, total.min(best.1));
            }
        };
        let (least, most) = (stored_kwh - cost.until_kwh(), stored_kwh - cost.from_kwh);
        after.points().filter(|(end, _)| *end >= least && *end <= most).for_each(|(end, later)| look(end, later));
        cost.points().map(|(spent, _)| stored_kwh - spent).filter(inside).for_each(|end| look(end, after.at(end)));
        store.power_kw(stored_kwh - best.0, slot.market.hours)
    }

    /// What a slot and all after it cost when this power is given in it.
    pub fn cost(&self, store: &Store, t: usize, slot: &Slot, chance: &Chance, stored_kwh: f64, power_kw: f64) -> f64 {
        let end = stored_kwh - store.spent_kwh(power_kw, slot.market.hours);
        store.cost(&slot.market, chance, power_kw) + self.after[t].at(end)
    }
}

/// What is planned for a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Mean at the bus: given positive, taken negative.
    pub power_kw: f64,
    /// Stored at the end.
    pub end_kwh: f64,
}

/// The plan for what is expected, forwards through the slots.
pub fn walk(store: &Store, slots: &[Slot], worth: &Worth) -> Vec<Step> {
    go(store, slots, |t, slot, stored_kwh| worth.best_kw(store, t, slot, &slot.expected(), stored_kwh))
}

/// The plan where each slot's cost by what is taken out of the battery is known.
pub(crate) fn walk_over(store: &Store, slots: &[Slot], costs: &[Curve], worth: &Worth) -> Vec<Step> {
    go(store, slots, |t, slot, stored_kwh| worth.best_of(store, t, slot, &costs[t], stored_kwh))
}

fn go(store: &Store, slots: &[Slot], best_kw: impl Fn(usize, &Slot, f64) -> f64) -> Vec<Step> {
    let mut stored_kwh = store.stored_kwh;
    slots
        .iter()
        .enumerate()
        .map(|(t, slot)| {
            let power_kw = best_kw(t, slot, stored_kwh);
            stored_kwh =
                (stored_kwh - store.spent_kwh(power_kw, slot.market.hours)).clamp(store.base_kwh(), store.top_kwh());
            Step { power_kw, end_kwh: stored_kwh }
        })
        .collect()
}
