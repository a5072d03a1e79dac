//! A battery with every number checked.

use wattwright_strategy::{Battery, Commands, InForce, Instant};

use crate::horizon::Horizon;
use crate::market::{Slot, Store};
use crate::settings::Settings;

/// Below this a battery does not run well, and it is not worth the switching, kW.
const LEAST_KW: f64 = 0.02;

/// A battery that can be planned for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub store: Store,
    pub capacity_kwh: f64,
    /// Whether the floor is the owner's reserve, not the battery's own limit.
    pub reserve: bool,
    /// Of less power the inverter makes none.
    pub least_kw: f64,
    /// Whether the sun comes in behind its inverter.
    pub carries_solar: bool,
    /// Set by hand: until when, and to what.
    pub by_hand: Option<InForce>,
}

impl Cell {
    /// Checks a battery.
    ///
    /// # Errors
    ///
    /// Why nothing can be planned for it: a code and a sentence.
    pub fn of(battery: &Battery, settings: &Settings, now: Instant) -> Result<Self, (&'static str, String)> {
        let Some(soc_pct) = battery.soc_pct.filter(|pct| pct.is_finite()) else {
            return Err(("soc-unknown", "hold: the state of charge is unknown".into()));
        };
        let capacity_kwh = checked(battery.capacity_wh / 1000.0, 0.0, 1e6);
        if capacity_kwh < 1e-3 {
            return Err(("no-capacity", format!("hold: a capacity of {} Wh stores nothing", battery.capacity_wh)));
        }
        let share = |pct: f64| capacity_kwh * checked(pct, 0.0, 100.0) / 100.0;
        let ceiling_kwh = share(battery.max_soc_pct);
        let own_floor_kwh = share(battery.min_soc_pct).min(ceiling_kwh);
        let floor_kwh = share(settings.reserve_pct).clamp(own_floor_kwh, ceiling_kwh);
        let discharge_efficiency = checked(battery.discharge_efficiency, 0.05, 1.0);
        let gain_per_kwh = checked(settings.min_gain_per_kwh, 0.0, 1e3) * discharge_efficiency;
        Ok(Self {
            store: Store {
                stored_kwh: share(soc_pct),
                floor_kwh,
                ceiling_kwh,
                max_charge_kw: checked(battery.max_charge_w / 1000.0, 0.0, 1e4),
                max_discharge_kw: checked(battery.max_discharge_w / 1000.0, 0.0, 1e4),
                charge_efficiency: checked(battery.charge_efficiency, 0.05, 1.0),
                discharge_efficiency,
                wear_cost_per_kwh: checked(battery.wear_cost_per_kwh, 0.0, 1e3),
                grid_charging: settings.grid_charging
                    && battery.grid_charging
                    && battery.commands.contains(Commands::CHARGE),
                grid_export: settings.grid_export
                    && battery.grid_export
                    && battery.commands.contains(Commands::DISCHARGE),
                gain_per_kwh,
            },
            capacity_kwh,
            reserve: floor_kwh > own_floor_kwh,
            least_kw: LEAST_KW.max(checked(battery.min_power_w / 1000.0, 0.0, 1e4)),
            carries_solar: battery.carries_solar,
            by_hand: battery.in_force.clone().filter(|it| it.until.is_some_and(|until| until > now)),
        })
    }

    /// Percent of the capacity.
    pub fn pct(&self, kwh: f64) -> f64 {
        100.0 * kwh / self.capacity_kwh
    }

    /// The slots as this battery meets them. What comes in behind its inverter and is not used is stored: following
    /// the meter feeds nothing in.
    pub fn slots(&self, horizon: &Horizon) -> Vec<Slot> {
        let mut slots = horizon.slots();
        if self.carries_solar {
            slots.iter_mut().for_each(|slot| slot.market.export_price = 0.0);
        }
        slots
    }
}

/// A number in its range; one that is not finite becomes the lower end.
pub(crate) fn checked(value: f64, least: f64, most: f64) -> f64 {
    if value.is_finite() { value.clamp(least, most) } else { least }
}
