//! A battery with every number checked, and what it can do in a slot.

use wattwright_strategy::{Battery, Commands};

use crate::horizon::{Horizon, Period};
use crate::settings::Settings;
use crate::worth::{Offer, Piece};

/// A battery that can be planned for. Energies are stored Wh, from empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub capacity_wh: f64,
    /// What it holds now.
    pub stored_wh: f64,
    pub floor_wh: f64,
    pub ceiling_wh: f64,
    /// The grid charges up to here.
    pub grid_ceiling_wh: f64,
    /// Whether the floor is the owner's reserve, not the battery's own limit.
    pub reserve: bool,
    pub max_charge_w: f64,
    /// With the sun, where that comes through its inverter.
    pub max_discharge_w: f64,
    /// Below this it does not run.
    pub least_w: f64,
    /// Whether the sun comes in behind its inverter.
    pub carries_solar: bool,
    pub charge_efficiency: f64,
    pub discharge_efficiency: f64,
    pub wear_cost_per_kwh: f64,
    pub grid_charging: bool,
    pub min_gain_per_kwh: f64,
}

impl Cell {
    /// Checks a battery.
    ///
    /// # Errors
    ///
    /// Why nothing can be planned for it: a code and a sentence.
    pub fn of(battery: &Battery, settings: &Settings) -> Result<Self, (&'static str, String)> {
        let Some(soc_pct) = battery.soc_pct.filter(|pct| pct.is_finite()) else {
            return Err(("soc-unknown", "hold: the state of charge is unknown".into()));
        };
        let capacity_wh = checked(battery.capacity_wh, 0.0, 1e9);
        if capacity_wh < 1.0 {
            return Err(("no-capacity", format!("hold: a capacity of {} Wh stores nothing", battery.capacity_wh)));
        }
        let share = |pct: f64| capacity_wh * checked(pct, 0.0, 100.0) / 100.0;
        let ceiling_wh = share(battery.max_soc_pct);
        let own_floor_wh = share(battery.min_soc_pct).min(ceiling_wh);
        let floor_wh = share(settings.reserve_pct).clamp(own_floor_wh, ceiling_wh);
        Ok(Self {
            capacity_wh,
            stored_wh: share(soc_pct),
            floor_wh,
            ceiling_wh,
            grid_ceiling_wh: share(settings.max_grid_charge_soc_pct).clamp(floor_wh, ceiling_wh),
            reserve: floor_wh > own_floor_wh,
            max_charge_w: checked(battery.max_charge_w, 0.0, 1e7),
            max_discharge_w: checked(battery.max_discharge_w, 0.0, 1e7),
            least_w: LEAST_W.max(checked(battery.min_power_w, 0.0, 1e7)),
            carries_solar: battery.carries_solar,
            charge_efficiency: checked(battery.charge_efficiency, 0.05, 1.0),
            discharge_efficiency: checked(battery.discharge_efficiency, 0.05, 1.0),
            wear_cost_per_kwh: checked(battery.wear_cost_per_kwh, 0.0, 1e6),
            grid_charging: settings.grid_charging
                && battery.grid_charging
                && battery.commands.contains(Commands::CHARGE),
            min_gain_per_kwh: checked(settings.min_gain_per_kwh, 0.0, 1e6),
        })
    }

    /// What a stored kWh is worth when it saves import at this price.
    pub fn spend_worth(&self, import_price: f64) -> f64 {
        (import_price - self.wear_cost_per_kwh) * self.discharge_efficiency
    }

    /// What a stored kWh costs when it is bought at this price, with the least gain that it must bring. Where
    /// the grid pays, nothing has to be gained on top.
    pub fn buy_cost(&self, import_price: f64) -> f64 {
        let gain = if import_price < 0.0 { 0.0 } else { self.min_gain_per_kwh * self.discharge_efficiency };
        import_price / self.charge_efficiency + gain
    }

    /// What a stored kWh of sun costs: what feeding it in would have earned.
    pub fn sun_cost(&self, export_price: f64) -> f64 {
        export_price / self.charge_efficiency
    }

    /// Losses and wear of a kWh bought at this price, per kWh used.
    pub fn losses_and_wear(&self, import_price: f64) -> f64 {
        import_price.abs() * (1.0 / (self.charge_efficiency * self.discharge_efficiency) - 1.0) + self.wear_cost_per_kwh
    }

    /// The sun that comes through its inverter to the home's use.
    pub fn through_w(&self, period: &Period) -> f64 {
        if self.carries_solar { period.solar_w.min(period.load_w).max(0.0) } else { 0.0 }
    }

    /// What it can do in a slot.
    pub fn offer(&self, period: &Period) -> Offer {
        let stored_per_w = period.hours * self.charge_efficiency;
        let surplus_w = |net_w: f64| (-net_w).clamp(0.0, self.max_charge_w);
        // Behind its inverter, what the home does not use is stored: following the meter feeds nothing in.
        let free_w = if self.carries_solar { 0.0 } else { period.export_limit_w };
        let lost_w = period.mean(|net_w| (-net_w - free_w).clamp(0.0, surplus_w(net_w)));
        let surplus_w = period.mean(surplus_w);
        let buy_w = (self.max_charge_w - surplus_w).min(period.import_limit_w - period.net_w().max(0.0)).max(0.0);
        // Where the grid pays for use, using the battery instead would cost.
        let most_w = (self.max_discharge_w - self.through_w(period)).max(0.0);
        let spend_w = if period.import_price > 0.0 { period.mean(|net_w| net_w.clamp(0.0, most_w)) } else { 0.0 };
        Offer {
            spend_wh: spend_w * period.hours / self.discharge_efficiency,
            spend_worth: self.spend_worth(period.import_price),
            sun_wh: (surplus_w - lost_w) * stored_per_w,
            sun_cost: self.sun_cost(period.export_price),
            lost_wh: lost_w * stored_per_w,
            buy_wh: if self.grid_charging && period.priced { buy_w * stored_per_w } else { 0.0 },
            buy_cost: self.buy_cost(period.import_price),
        }
    }

    /// The worth after the last slot, from [`Cell::base_wh`] up: what is below the floor must be refilled
    /// whatever it costs; above it, a kWh will save import at the mean price one day.
    pub fn last(&self, horizon: &Horizon) -> [Piece; 2] {
        let dearest = horizon.periods.iter().fold(0.0_f64, |most, period| most.max(period.import_price));
        let refill = self.buy_cost(dearest) + 1.0 + dearest;
        let later = self.spend_worth(horizon.mean_price.unwrap_or(1.0)).max(0.0) * LATER_SHARE;
        [
            Piece { wh: self.floor_wh - self.base_wh(), worth: refill },
            Piece { wh: self.ceiling_wh.max(self.stored_wh) - self.floor_wh, worth: later },
        ]
    }

    /// Where the lists of worth begin: the floor, or what is stored when that is below it.
    pub fn base_wh(&self) -> f64 {
        self.floor_wh.min(self.stored_wh)
    }

    /// Percent of the capacity.
    pub fn pct(&self, wh: f64) -> f64 {
        100.0 * wh / self.capacity_wh
    }
}

/// Below this a battery does not run well, and it is not worth the switching, watt.
const LEAST_W: f64 = 20.0;
/// Of the mean import price: some of what is left will be there when the sun comes, and save nothing.
const LATER_SHARE: f64 = 0.8;

/// A number in its range; one that is not finite becomes the lower end.
fn checked(value: f64, least: f64, most: f64) -> f64 {
    if value.is_finite() { value.clamp(least, most) } else { least }
}
