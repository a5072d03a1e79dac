//! Four weeks that the home lived before it was started.

use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::PastSlot;
use simulator::{Battery, BatteryParameters, Drive, Home, Inputs};

use super::SimulatedError;
use super::layout::Layout;
use super::year::Year;

/// Enough to know the days of the week.
const DAYS: i64 = 28;
/// Where the battery stood before.
const FIRST_SOC_PCT: f64 = 50.0;

pub(super) struct Lived {
    /// Oldest first, until the slot that is running.
    pub slots: Vec<PastSlot>,
    /// Now.
    pub soc_pct: f64,
}

/// Self-consumption, slot by slot.
pub(super) fn lived(year: &Year, now: Timestamp) -> Result<Lived, SimulatedError> {
    let layout = Layout::default();
    let parameters = BatteryParameters { ramp_w_per_s: None, latency_s: 0.0, ..layout.battery.parameters };
    let plugs_w = layout.plugs.iter().filter(|plug| plug.starts_on).map(|plug| plug.power_w).sum();
    let mut home = Home::new(Battery::new(parameters, FIRST_SOC_PCT)?, None);
    home.command(Drive::FOLLOW);

    let running = slot::start_of(now);
    let from = running.checked_sub(SignedDuration::from_hours(24 * DAYS))?;
    let mut slots = Vec::new();
    for start in slot::starts(from, running) {
        let row = year.row(start);
        let inputs = Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w };
        let step = home.step(inputs, slot::SLOT_S as f64);
        slots.push(PastSlot {
            start,
            end: slot::next(start),
            import_price: Some(row.import_price),
            export_price: Some(row.export_price),
            solar_w: Some(step.solar_w),
            load_w: Some(step.load_w),
            grid_w: Some(step.grid_w),
            battery_w: Some(step.battery_w),
            soc_pct: Some(step.soc_pct),
            temperature_c: Some(row.temperature_c),
            extras: Vec::new(),
        });
    }
    let row = year.row(running);
    let since_s = now.duration_since(running).as_secs_f64();
    if since_s > 0.0 {
        home.step(Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w }, since_s);
    }
    Ok(Lived { slots, soc_pct: home.soc_pct() })
}
