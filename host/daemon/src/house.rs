//! The home that the simulator plays, as it is configured.

use backtest::{House, HouseBattery};
use control::Setup;
use guard::{GridLimits, Limits};
use model::TargetId;
use simulator::BatteryParameters;

/// The home with its batteries and flexible loads, whatever its entities. `start_soc_pct` tells of each what it holds at the beginning;
/// `None`, when that is not known of one.
pub fn of(setup: &Setup, limits: Limits, start_soc_pct: impl Fn(&TargetId) -> Option<f64>) -> Option<House> {
    // Neither is known of a past; without it, nothing is forbidden that was allowed then.
    let grid = GridLimits { external: None, phase_limit_a: None, ..limits.grid.clone() };
    let limits = Limits { grid, ..limits };
    let battery = |own: &control::BatterySetup| {
        let limits = limits.batteries.get(&own.id)?;
        let parameters = BatteryParameters {
            capacity_wh: limits.capacity_wh,
            min_soc_pct: limits.min_soc_pct.max(limits.outage_reserve_pct),
            max_soc_pct: limits.max_soc_pct,
            max_charge_w: limits.max_charge_w,
            max_discharge_w: limits.max_discharge_w,
            charge_efficiency: own.charge_efficiency,
            discharge_efficiency: own.discharge_efficiency,
            ramp_w_per_s: None,
            latency_s: 0.0,
        };
        Some(HouseBattery {
            id: own.id.clone(),
            parameters,
            start_soc_pct: start_soc_pct(&own.id)?,
            wear_cost_per_kwh: own.wear_cost_per_kwh,
        })
    };
    Some(House {
        timezone: setup.timezone.clone().unwrap_or_else(|| "UTC".into()),
        currency: setup.currency.clone().unwrap_or_else(|| "EUR".into()),
        batteries: setup.batteries.iter().map(battery).collect::<Option<_>>()?,
        tasks: setup.tasks.clone(),
        limits,
    })
}
