//! What a slot costs: the grid's prices and limits, and what the home does there.

use crate::curve::Curve;

/// What going beyond a limit of the grid or below the reserve costs, currency per kWh: more than any price, so
/// that it happens only where nothing else is possible, and so that there always is a plan.
pub const SLACK_PER_KWH: f64 = 20.0;
/// What moving energy costs at the least: between plans that cost the same, the one that moves less is taken.
pub(crate) const IDLE_PER_KWH: f64 = 1e-5;

/// The grid in a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    /// Length of the slot.
    pub hours: f64,
    /// Currency per kWh.
    pub import_price: f64,
    /// Currency per kWh.
    pub export_price: f64,
    /// Most that is imported; more costs [`SLACK_PER_KWH`].
    pub import_limit_kw: f64,
    /// Most that is exported; beyond it the sun is curtailed.
    pub export_limit_kw: f64,
}

/// What the home may do by itself in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chance {
    /// How likely it is; those of a slot add up to 1.
    pub weight: f64,
    /// Load less solar.
    pub net_kw: f64,
    /// What of the solar can be curtailed.
    pub solar_kw: f64,
}

/// A slot ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The grid.
    pub market: Market,
    /// What may happen.
    pub chances: Vec<Chance>,
}

impl Slot {
    /// The mean of what may happen.
    pub fn expected(&self) -> Chance {
        let mean = |of: fn(&Chance) -> f64| self.chances.iter().map(|chance| chance.weight * of(chance)).sum();
        Chance { weight: 1.0, net_kw: mean(|chance| chance.net_kw), solar_kw: mean(|chance| chance.solar_kw) }
    }
}

impl Market {
    /// What it costs to import `grid_kw` over the slot (negative: export), when so much sun can be curtailed.
    pub fn cost(&self, grid_kw: f64, solar_kw: f64) -> f64 {
        let imported = grid_kw.max(0.0);
        let beyond = (imported - self.import_limit_kw).max(0.0);
        let exported = (-grid_kw).max(0.0);
        let paid = exported.min(self.export_limit_kw);
        let forced = (exported - paid - solar_kw.max(0.0)).max(0.0);
        let rate = imported * self.import_price + (beyond + forced) * SLACK_PER_KWH - paid * self.export_price;
        rate * self.hours
    }
}

/// A battery that can be planned for. Energy is stored energy, power is at the bus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Store {
    /// What it holds now.
    pub stored_kwh: f64,
    /// The lower limit, or the owner's reserve.
    pub floor_kwh: f64,
    /// The upper limit.
    pub ceiling_kwh: f64,
    /// Most that it takes.
    pub max_charge_kw: f64,
    /// Most that it gives.
    pub max_discharge_kw: f64,
    /// Stored per taken.
    pub charge_efficiency: f64,
    /// Given per taken out of it.
    pub discharge_efficiency: f64,
    /// Currency per kWh given.
    pub wear_cost_per_kwh: f64,
    /// Whether it may take more than the home has to spare.
    pub grid_charging: bool,
    /// Whether it may give more than the home uses.
    pub grid_export: bool,
    /// What each kWh that is bought for it must gain on top, currency per kWh stored.
    pub gain_per_kwh: f64,
}

impl Store {
    /// Where plans begin: the floor, or what is stored when that is below.
    pub fn base_kwh(&self) -> f64 {
        self.floor_kwh.min(self.stored_kwh)
    }

    /// Where plans end.
    pub fn top_kwh(&self) -> f64 {
        self.ceiling_kwh.max(self.stored_kwh).max(self.floor_kwh)
    }

    /// Stored energy that a power takes out over a time; negative: that it puts in.
    pub fn spent_kwh(&self, power_kw: f64, hours: f64) -> f64 {
        if power_kw >= 0.0 {
            power_kw * hours / self.discharge_efficiency
        } else {
            power_kw * hours * self.charge_efficiency
        }
    }

    /// The power that takes so much out.
    pub fn power_kw(&self, spent_kwh: f64, hours: f64) -> f64 {
        if spent_kwh >= 0.0 {
            spent_kwh * self.discharge_efficiency / hours
        } else {
            spent_kwh / self.charge_efficiency / hours
        }
    }

    /// What a slot costs when this power is given (negative: taken) in it.
    pub fn cost(&self, market: &Market, chance: &Chance, power_kw: f64) -> f64 {
        market.cost(chance.net_kw - power_kw, chance.solar_kw) + self.own_cost(chance, power_kw) * market.hours
    }

    /// What this power costs the battery itself, per hour.
    pub(crate) fn own_cost(&self, chance: &Chance, power_kw: f64) -> f64 {
        let bought_kw = (-power_kw).max(0.0) - (-chance.net_kw).clamp(0.0, (-power_kw).max(0.0));
        power_kw.max(0.0) * self.wear_cost_per_kwh
            + power_kw.abs() * IDLE_PER_KWH
            + bought_kw * self.charge_efficiency * self.gain_per_kwh
    }

    /// Least and most power that may be planned.
    pub fn range_kw(&self, chance: &Chance) -> (f64, f64) {
        let take =
            if self.grid_charging { self.max_charge_kw } else { self.max_charge_kw.min((-chance.net_kw).max(0.0)) };
        let give =
            if self.grid_export { self.max_discharge_kw } else { self.max_discharge_kw.min(chance.net_kw.max(0.0)) };
        (-take, give)
    }

    /// What a slot costs for each kWh that is taken out of the battery in it.
    pub fn slot_cost(&self, market: &Market, chance: &Chance) -> Curve {
        let (least, most) = self.range_kw(chance);
        let (net, sold) = (chance.net_kw, chance.net_kw + market.export_limit_kw);
        let mut corners = [least, most, 0.0, net, net - market.import_limit_kw, sold, sold + chance.solar_kw.max(0.0)];
        corners.iter_mut().for_each(|power_kw| *power_kw = power_kw.clamp(least, most));
        corners.sort_by(f64::total_cmp);
        let hours = market.hours;
        Curve::through(corners.map(|power_kw| (self.spent_kwh(power_kw, hours), self.cost(market, chance, power_kw))))
    }
}
