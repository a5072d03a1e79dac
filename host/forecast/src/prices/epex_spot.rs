//! The attribute `data` of the sensors of EPEX Spot (mampfes/ha_epex_spot, custom_components/epex_spot/
//! sensor.py), `forecast` of those of aWATTar (openkfw/smartenergy.awattar): lists of `{start_time,
//! end_time, …}`, local times with their offset, 15, 30 or 60 minutes, today and tomorrow in one list.
//! The name of the price says its unit; it changed between versions.

use serde_json::Value;

use super::entries::{Clock, Keys, Open};
use super::tidy::tidy;
use super::{Basis, Document, Heading, Rules, Unit};

/// Names of the price in the order in which they are looked for, with unit and currency.
const NAMES: [(&str, Unit, Option<&str>); 7] = [
    ("price_per_kwh", Unit::PER_KWH, None),
    ("price_eur_per_mwh", Unit::PER_MWH, Some("EUR")),
    ("price_gbp_per_mwh", Unit::PER_MWH, Some("GBP")),
    ("price_ct_per_kwh", Unit::HUNDREDTHS_PER_KWH, Some("EUR")),
    ("price_pence_per_kwh", Unit::HUNDREDTHS_PER_KWH, Some("GBP")),
    ("marketprice", Unit::PER_MWH, Some("EUR")),
    ("price", Unit::PER_KWH, None),
];

/// Reads the attributes of a sensor. The `basis` is for the owner to tell: the integration has a sensor
/// of the market's price and one with the owner's surcharges and taxes, in the same shape.
pub fn parse(attributes: &Value, basis: Basis, rules: &Rules) -> Document {
    let mut heading = Heading { origin: "epex-spot".into(), basis, ..Heading::default() };
    let Some(list) = ["data", "forecast"].iter().find_map(|name| attributes.get(*name)) else {
        let text = "neither of the attributes `data` and `forecast` is there".to_owned();
        return Document::failed(heading, rules, "shape", text);
    };
    let first = list.get(0);
    let named = NAMES.iter().find(|(name, ..)| first.is_some_and(|first| first.get(name).is_some()));
    let (price, unit) = match (first, named) {
        (_, Some((name, unit, currency))) => {
            heading.unit = Some(*unit);
            heading.currency = currency.map(str::to_owned);
            (*name, *unit)
        }
        (Some(first), None) => {
            let names = NAMES.map(|(name, ..)| format!("`{name}`")).join(", ");
            let text = format!("the entries have none of {names}: {}", super::entries::shown(first));
            return Document::failed(heading, rules, "unit", text);
        }
        (None, None) => ("price_per_kwh", Unit::PER_KWH),
    };
    let keys = Keys { start: "start_time", end: Some("end_time"), price, unit, clock: Clock::Instants };
    let mut open = Open::default();
    open.read(list, &keys);
    tidy(open.close(rules), heading, rules)
}
