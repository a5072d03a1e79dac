//! Figures of the whole plan: what it is expected to cost, and what it saves against self-consumption, the
//! battery that just follows the meter.

use wattwright_strategy::Fact;

use super::Planned;
use crate::battery::Cell;
use crate::horizon::{Horizon, Period};
use wattwright_strategy::text::Clock;

/// The figures; none without prices. What is left in a battery at the end counts at the mean import price.
pub(super) fn of(
    horizon: &Horizon,
    cells: &[&Cell],
    seen: &Horizon,
    planned: &[Planned<'_>],
    clock: &Clock<'_>,
) -> Vec<Fact> {
    let Some(mean_price) = horizon.mean_price.filter(|_| !horizon.periods.is_empty()) else { return Vec::new() };
    let cost: f64 = seen.periods.iter().map(|period| cost(period, period.net_w())).sum();
    let left: f64 = planned
        .iter()
        .filter_map(|one| {
            let cell = one.cell.as_ref()?;
            Some(left_value(cell, one.steps.last()?.soc_pct / 100.0 * cell.capacity_wh, mean_price))
        })
        .sum();
    let (plain_cost, plain_left) = self_consumption(horizon, cells, mean_price);
    let used_kwh: f64 = planned.iter().flat_map(|one| discharged(one, horizon)).sum();
    let plain_saving = (plain_cost - plain_left) - (cost - left);
    vec![
        Fact::new("expected-cost", cost, clock.currency),
        Fact::new("expected-saving", plain_saving, clock.currency),
        Fact::new("expected-battery-use", used_kwh, "kWh"),
    ]
}

fn discharged<'a>(one: &'a Planned<'_>, horizon: &'a Horizon) -> impl Iterator<Item = f64> + 'a {
    one.steps.iter().zip(&horizon.periods).map(|(step, period)| step.power_w.max(0.0) * period.hours / 1000.0)
}

fn cost(period: &Period, grid_w: f64) -> f64 {
    let price = if grid_w > 0.0 { period.import_price } else { period.export_price };
    grid_w.max(-period.export_limit_w) * period.hours / 1000.0 * price
}

fn left_value(cell: &Cell, stored_wh: f64, mean_price: f64) -> f64 {
    stored_wh / 1000.0 * cell.discharge_efficiency * mean_price
}

/// Cost of following the meter in every slot, and the value of what is left at the end.
fn self_consumption(horizon: &Horizon, cells: &[&Cell], mean_price: f64) -> (f64, f64) {
    let mut stored_wh: Vec<f64> = cells.iter().map(|cell| cell.stored_wh).collect();
    let mut total = 0.0;
    for period in &horizon.periods {
        let mut grid_w = period.net_w();
        for (cell, stored_wh) in cells.iter().zip(&mut stored_wh) {
            if grid_w > 0.0 {
                let most_w = (*stored_wh - cell.floor_wh).max(0.0) * cell.discharge_efficiency / period.hours;
                let power_w = grid_w.min(cell.max_discharge_w).min(most_w);
                *stored_wh -= power_w * period.hours / cell.discharge_efficiency;
                grid_w -= power_w;
            } else {
                let most_w = (cell.ceiling_wh - *stored_wh).max(0.0) / cell.charge_efficiency / period.hours;
                let power_w = (-grid_w).min(cell.max_charge_w).min(most_w);
                *stored_wh += power_w * period.hours * cell.charge_efficiency;
                grid_w += power_w;
            }
        }
        total += cost(period, grid_w);
    }
    let left = cells.iter().zip(&stored_wh).map(|(cell, stored_wh)| left_value(cell, *stored_wh, mean_price)).sum();
    (total, left)
}
