//! What a battery is told: the command that costs least in all that may happen, not the one that would be right if
//! the forecast were.
//!
//! A forecast of one quarter-hour of one home is mostly wrong, so that carrying out the planned power to the letter
//! loses more than planning gains. Each command is therefore judged by what the battery would do under it in each
//! chance of the slot, and by what is then stored.

use wattwright_strategy::{BalanceLimits, Command};

use crate::cell::Cell;
use crate::market::{Chance, Slot};
use crate::worth::Worth;

/// Costs that differ by less are equal, currency: lost in each quarter-hour of a year, 35 cents.
const EQUAL: f64 = 1e-5;

/// Follows the meter without bounds.
pub(crate) const FOLLOW: Command = balance(None, None);
const TAKE: Command = balance(None, Some(0.0));
const GIVE: Command = balance(Some(0.0), None);

const fn balance(max_charge_w: Option<f64>, max_discharge_w: Option<f64>) -> Command {
    Command::Balance(BalanceLimits { max_charge_w, max_discharge_w })
}

/// One slot of one battery.
pub(crate) struct Scene<'a> {
    pub cell: &'a Cell,
    pub worth: &'a Worth,
    pub t: usize,
    pub slot: &'a Slot,
    /// At its beginning.
    pub stored_kwh: f64,
}

impl Scene<'_> {
    /// Mean power under a command: given positive, taken negative.
    pub fn power_kw(&self, command: &Command, chance: &Chance) -> f64 {
        let Scene { cell, slot, stored_kwh, .. } = self;
        let store = &cell.store;
        // Behind its inverter, the sun charges it whatever the inverter exchanges with the home.
        let sun_kw = if cell.carries_solar { chance.solar_kw } else { 0.0 };
        let kw = |watt: f64| watt.max(0.0) / 1000.0;
        let most = |bound: Option<f64>, own_kw: f64| bound.map_or(own_kw, |watt| kw(watt).min(own_kw));
        let exchange_kw = match command {
            Command::Charge(watt) => -kw(*watt).min(store.max_charge_kw),
            Command::Discharge(watt) => kw(*watt).min(store.max_discharge_kw),
            Command::Balance(limits) => (chance.net_kw + sun_kw).clamp(
                -most(limits.max_charge_w, store.max_charge_kw),
                most(limits.max_discharge_w, store.max_discharge_kw),
            ),
            _ => 0.0,
        };
        let hours = slot.market.hours;
        let most_given = store.power_kw((stored_kwh - store.floor_kwh).max(0.0), hours);
        let most_taken = -store.power_kw(-(store.ceiling_kwh - stored_kwh).max(0.0), hours);
        (exchange_kw - sun_kw).clamp(-most_taken, most_given)
    }

    /// What the slot and all after it are expected to cost under a command.
    pub fn cost(&self, command: &Command) -> f64 {
        let cost = |chance: &Chance| {
            let power_kw = self.power_kw(command, chance);
            chance.weight * self.worth.cost(&self.cell.store, self.t, self.slot, chance, self.stored_kwh, power_kw)
        };
        self.slot.chances.iter().map(cost).sum()
    }

    /// The command that costs least; of equal ones `in_force`, then the simplest. `margin` is what another must
    /// gain for `in_force` to be left, currency.
    pub fn choose(&self, in_force: Option<&Command>, margin: f64) -> Command {
        let options = self.options();
        let costs: Vec<f64> = options.iter().map(|option| self.cost(option)).collect();
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        if let Some(kept) = in_force.filter(|kept| self.allows(kept))
            && self.cost(kept) <= least + margin.max(EQUAL)
        {
            return kept.clone();
        }
        let best = options.into_iter().zip(costs).find(|(_, cost)| *cost <= least + EQUAL);
        best.map_or(Command::Hold, |(option, _)| option)
    }

    /// What is to be expected of a later slot, which is decided anew when it comes: what the expected use asks for.
    pub fn outline(&self) -> Command {
        let Scene { cell, worth, t, slot, stored_kwh } = self;
        let expected = slot.expected();
        let power_kw = worth.best_kw(&cell.store, *t, slot, &expected, *stored_kwh);
        let sun_kw = if cell.carries_solar { expected.solar_kw } else { 0.0 };
        let (net_kw, least_kw) = (expected.net_kw, cell.least_kw);
        let is_all = |kw: f64, of_kw: f64| kw >= of_kw.abs() - 1e-3;
        if power_kw <= -least_kw {
            let taken_kw = -power_kw - sun_kw;
            if -power_kw > (-net_kw).max(0.0) + least_kw && taken_kw >= least_kw {
                return Command::Charge(tens_up(taken_kw).min(cell.store.max_charge_kw * 1000.0));
            }
            return if is_all(-power_kw, net_kw) { FOLLOW } else { balance(Some(tens_up(-power_kw)), None) };
        }
        if power_kw >= least_kw {
            if power_kw > net_kw.max(0.0) + least_kw {
                return Command::Discharge(tens_up(power_kw + sun_kw).min(cell.store.max_discharge_kw * 1000.0));
            }
            return if is_all(power_kw, net_kw) { FOLLOW } else { balance(None, Some(tens_up(power_kw + sun_kw))) };
        }
        if net_kw > 0.0 { TAKE } else { GIVE }
    }

    /// What the battery can give in this slot until it is at its floor, kW.
    fn most_given_kw(&self) -> f64 {
        let Scene { cell, slot, stored_kwh, .. } = self;
        cell.store.power_kw((stored_kwh - cell.store.floor_kwh).max(0.0), slot.market.hours)
    }

    /// Whether the owner's reserve is left in peace. The battery stops by itself at its own limit only.
    fn keeps_reserve(&self, command: &Command) -> bool {
        if !self.cell.reserve {
            return true;
        }
        let most_w = 1000.0 * self.cell.store.max_discharge_kw;
        let given_w = match command {
            Command::Balance(limits) => limits.max_discharge_w.unwrap_or(most_w).min(most_w),
            Command::Discharge(watt) => watt.min(most_w),
            _ => 0.0,
        };
        given_w <= 1000.0 * self.most_given_kw() + 1e-6
    }

    fn allows(&self, command: &Command) -> bool {
        let Scene { cell, .. } = self;
        if !self.keeps_reserve(command) {
            return false;
        }
        let runs = |watt: f64, most_kw: f64| watt >= cell.least_kw * 1000.0 && watt <= most_kw * 1000.0;
        match command {
            // A full battery that is told to charge, or an empty one to discharge, would be refused.
            Command::Charge(watt) => {
                let has_room = self.stored_kwh < cell.store.ceiling_kwh - 1e-6;
                cell.store.grid_charging && has_room && runs(*watt, cell.store.max_charge_kw)
            }
            Command::Discharge(watt) => {
                let has_some = self.stored_kwh > cell.store.floor_kwh + 1e-6;
                cell.store.grid_export && has_some && runs(*watt, cell.store.max_discharge_kw)
            }
            Command::Balance(limits) => {
                [limits.max_charge_w, limits.max_discharge_w].into_iter().flatten().all(|w| w.is_finite() && w >= 0.0)
            }
            Command::Hold => true,
            _ => false,
        }
    }

    /// All that may be best. Of equal ones the first is taken: a charge that may come at any time comes now, before
    /// forecasts change; else the simplest.
    fn options(&self) -> Vec<Command> {
        let Scene { cell, worth, t, slot, stored_kwh } = self;
        let store = &cell.store;
        let mut options = Vec::with_capacity(16);
        let best_kw = |chance: &Chance| worth.best_kw(store, *t, slot, chance, *stored_kwh);
        let expected = slot.expected();
        let sun_kw = if cell.carries_solar { expected.solar_kw } else { 0.0 };

        let mut sales = Vec::new();
        let mut add = |power_kw: f64, chance: &Chance| {
            let taken_kw = -power_kw - sun_kw;
            if store.grid_charging && taken_kw >= cell.least_kw && taken_kw > -chance.net_kw {
                options.push(Command::Charge(tens_up(taken_kw).min(store.max_charge_kw * 1000.0)));
            }
            let given_kw = power_kw + sun_kw;
            if store.grid_export && power_kw >= cell.least_kw && given_kw > chance.net_kw + sun_kw {
                sales.push(Command::Discharge(tens_up(given_kw).min(store.max_discharge_kw * 1000.0)));
            }
        };
        add(best_kw(&expected), &expected);
        for chance in slot.chances.iter().filter(|_| slot.chances.len() > 1) {
            add(best_kw(chance), chance);
        }
        options.extend([FOLLOW, TAKE, GIVE, Command::Hold]);
        if cell.reserve {
            options.extend([balance(None, Some(tens_down(self.most_given_kw())))]);
        }

        // As much as stored energy is worth less than import now, and more than what feeding in would earn.
        let lacking = Chance { net_kw: store.max_discharge_kw + 1e-3, ..expected };
        let spare = Chance { net_kw: -store.max_charge_kw - 1e-3, ..expected };
        let (give_kw, take_kw) = (best_kw(&lacking).max(0.0), (-best_kw(&spare)).max(0.0));
        let give_w = (give_kw >= cell.least_kw).then(|| tens_up(give_kw + sun_kw));
        let take_w = (take_kw >= cell.least_kw).then(|| tens_up(take_kw));
        options.extend(give_w.map(|watt| balance(None, Some(watt))));
        options.extend(give_w.map(|watt| balance(Some(0.0), Some(watt))));
        options.extend(take_w.map(|watt| balance(Some(watt), None)));
        options.extend(take_w.map(|watt| balance(Some(watt), Some(0.0))));
        options.extend(sales);
        options.retain(|option| self.keeps_reserve(option));
        options
    }
}

/// Watts, rounded down to tens.
fn tens_down(kw: f64) -> f64 {
    (kw * 100.0 + 1e-6).floor().max(0.0) * 10.0
}

/// Watts, rounded up to tens.
fn tens_up(kw: f64) -> f64 {
    (kw * 100.0 - 1e-6).ceil().max(0.0) * 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Market, Store};

    #[test]
    fn what_the_guard_would_refuse_is_not_kept() {
        let store = Store {
            stored_kwh: 1.0,
            floor_kwh: 0.2,
            ceiling_kwh: 2.0,
            max_charge_kw: 1.0,
            max_discharge_kw: 0.8,
            charge_efficiency: 0.95,
            discharge_efficiency: 0.95,
            wear_cost_per_kwh: 0.0,
            grid_charging: true,
            grid_export: true,
            gain_per_kwh: 0.0,
        };
        let cell =
            Cell { store, capacity_kwh: 2.0, reserve: false, least_kw: 0.02, carries_solar: false, by_hand: None };
        let market =
            Market { hours: 0.25, import_price: 0.3, export_price: 0.3, import_limit_kw: 1e3, export_limit_kw: 1e3 };
        // Neither use nor sun: at the ends nothing that is told makes a difference.
        let slot = Slot { market, chances: vec![Chance { weight: 1.0, ..Chance::default() }] };
        let worth = Worth::of(&store, std::slice::from_ref(&slot), 0.3);
        let (charge, discharge) = (Command::Charge(500.0), Command::Discharge(500.0));
        for (in_force, stored_kwh) in [(&charge, 2.0), (&discharge, 0.2)] {
            let scene = Scene { cell: &cell, worth: &worth, t: 0, slot: &slot, stored_kwh };
            assert!(scene.choose(Some(in_force), 1.0) != *in_force, "{in_force:?}");
        }
        let scene = Scene { cell: &cell, worth: &worth, t: 0, slot: &slot, stored_kwh: 1.0 };
        assert_eq!(scene.choose(Some(&charge), 1.0), charge);
    }
}
