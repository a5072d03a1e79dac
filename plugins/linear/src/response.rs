//! What a slot costs by the load that the home has in it, when batteries answer at what stored energy is worth to
//! them.

use crate::curve::Curve;
use crate::market::{Chance, IDLE_PER_KWH, Market, Store};

/// A battery that answers, and what a stored kWh is worth to it at the end of the slot.
pub(crate) type Answer<'a> = (&'a Store, f64);

/// The cost by net load, kW, in a range; what the batteries take from what they store counts at its worth.
pub(crate) fn response(market: &Market, chance: &Chance, answers: &[Answer<'_>], from_kw: f64, until_kw: f64) -> Curve {
    let hours = market.hours;
    let give: f64 = answers.iter().map(|(store, _)| store.max_discharge_kw).sum();
    let take: f64 = answers.iter().map(|(store, _)| store.max_charge_kw).sum();
    let (least, most) = (from_kw - give, until_kw + take);
    let mut corners = [
        least,
        -market.export_limit_kw - chance.solar_kw.max(0.0),
        -market.export_limit_kw,
        0.0,
        market.import_limit_kw,
        most,
    ];
    corners.iter_mut().for_each(|kw| *kw = kw.clamp(least, most));
    corners.sort_by(f64::total_cmp);
    let mut curve = Curve::through(corners.map(|kw| (kw, market.cost(kw, chance.solar_kw))));
    let (mut least, mut most) = (least, most);
    for (store, worth) in answers {
        let cost = |power_kw: f64| {
            let own = power_kw.max(0.0) * store.wear_cost_per_kwh + power_kw.abs() * IDLE_PER_KWH;
            (power_kw, own * hours + worth * store.spent_kwh(power_kw, hours))
        };
        let own = Curve::through([-store.max_charge_kw, 0.0, store.max_discharge_kw].map(cost));
        least += store.max_discharge_kw;
        most -= store.max_charge_kw;
        curve = own.share(&curve, least, most);
    }
    curve
}
