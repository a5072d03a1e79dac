//! What every strategy is held against.

use forecast::SeriesRow;
use jiff::tz::TimeZone;
use linear::market::{Chance, Market, Slot, Store};
use linear::worth::{Worth, walk};
use model::slot::SLOT_S;
use serde::Serialize;
use simulator::{Drive, Inputs, ParameterError, Totals};

use crate::books::Books;
use crate::loads::{Loads, placed};
use crate::{House, Played};

/// No limit, kW.
const ANY_KW: f64 = 1e6;

/// The fixed references of a home and a series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct References {
    /// The batteries never do anything.
    pub no_battery: Totals,
    /// They follow the meter.
    pub self_consumption: Totals,
    /// The least that it could have cost for someone who knew the future: with one battery the exact optimum, with
    /// several a bound ([`House::as_if_one`]). Without the guard's limits but those of power and of the state of charge.
    /// Flexible loads are where each costs least by itself, so that with some it is the best found and not always the
    /// very least; in the other references each runs as soon as it may.
    pub perfect_foresight: Totals,
}

impl References {
    /// Works them out.
    ///
    /// # Errors
    /// A battery cannot be.
    pub fn of(house: &House, rows: &[SeriesRow]) -> Result<Self, ParameterError> {
        Ok(Self::played(house, rows)?.0)
    }

    /// The same with what came of each, in the order of the fields, for its days and months. The battery of perfect
    /// foresight is all as one where there are several.
    ///
    /// # Errors
    /// A battery cannot be.
    pub fn played(house: &House, rows: &[SeriesRow]) -> Result<(Self, [Played; 3]), ParameterError> {
        let zone = TimeZone::get(&house.timezone).unwrap_or(TimeZone::UTC);
        let one = House { tasks: Vec::new(), ..house.as_if_one() };
        let placed = placed(&house.tasks, rows, &zone);
        let powers = foresight(&one, &placed);
        let (no_battery, held) = play(house, rows, |_| Drive::Hold)?;
        let (self_consumption, plain) = play(house, rows, |_| Drive::FOLLOW)?;
        let (perfect_foresight, perfect) = play(&one, &placed, |k| match powers.get(k).copied().unwrap_or_default() {
            power_w if power_w < 0.0 => Drive::Charge { power_w: -power_w },
            power_w => Drive::Discharge { power_w },
        })?;
        Ok((Self { no_battery, self_consumption, perfect_foresight }, [held, plain, perfect]))
    }
}

/// Which share of what was to be saved a cost has saved: 0 as plain self-consumption, 1 as perfect foresight.
pub fn share(cost_adjusted: f64, references: &References) -> f64 {
    let base = references.self_consumption.cost_adjusted_eur;
    let achievable = base - references.perfect_foresight.cost_adjusted_eur;
    if achievable.abs() < 1e-9 { 0.0 } else { (base - cost_adjusted) / achievable }
}

/// Plays one drive for each slot.
fn play(house: &House, rows: &[SeriesRow], drive: impl Fn(usize) -> Drive) -> Result<(Totals, Played), ParameterError> {
    let mut home = house.home()?;
    let zone = TimeZone::get(&house.timezone).unwrap_or(TimeZone::UTC);
    let mut books = Books::new(&home, zone.clone());
    let mut loads = Loads::new(&house.tasks, zone);
    let mut played = Played::default();
    for (k, row) in rows.iter().enumerate() {
        books.begin(row.start, &home, &mut played);
        home.command(drive(k));
        loads.begin(row.start);
        loads.switch_all_on();
        let plugs_w = loads.pass(row.start);
        let step = home.step(Inputs { load_w: row.load_w, solar_w: row.solar_w, plugs_w }, SLOT_S as f64);
        books.add(&step, &home, row);
    }
    let totals = books.close(&mut played);
    Ok((totals, played))
}

/// The power of the only battery in each slot of the cheapest way, watt.
fn foresight(house: &House, rows: &[SeriesRow]) -> Vec<f64> {
    let Some(battery) = house.batteries.first() else { return Vec::new() };
    let p = &battery.parameters;
    let kwh = |pct: f64| p.capacity_wh * pct / 100_000.0;
    let store = Store {
        stored_kwh: kwh(battery.start_soc_pct),
        floor_kwh: kwh(p.min_soc_pct),
        ceiling_kwh: kwh(p.max_soc_pct),
        max_charge_kw: p.max_charge_w / 1000.0,
        max_discharge_kw: p.max_discharge_w / 1000.0,
        charge_efficiency: p.charge_efficiency,
        discharge_efficiency: p.discharge_efficiency,
        // As in the references: what is accounted is money at the meter.
        wear_cost_per_kwh: 0.0,
        grid_charging: true,
        grid_export: true,
        gain_per_kwh: 0.0,
    };
    let hours = SLOT_S as f64 / 3600.0;
    let slot = |row: &SeriesRow| Slot {
        market: Market {
            hours,
            import_price: row.import_price,
            export_price: row.export_price,
            import_limit_kw: house.limits.grid.import_limit_w.map_or(ANY_KW, |watt| watt / 1000.0),
            export_limit_kw: house.limits.grid.feed_in_limit_w.map_or(ANY_KW, |watt| watt / 1000.0),
        },
        chances: vec![Chance {
            weight: 1.0,
            net_kw: (row.load_w - row.solar_w) / 1000.0,
            solar_kw: row.solar_w / 1000.0,
        }],
    };
    let slots: Vec<Slot> = rows.iter().map(slot).collect();
    let mean = rows.iter().map(|row| row.import_price).sum::<f64>() / rows.len().max(1) as f64;
    let worth = Worth::of(&store, &slots, store.discharge_efficiency * mean);
    walk(&store, &slots, &worth).into_iter().map(|step| step.power_kw * 1000.0).collect()
}
