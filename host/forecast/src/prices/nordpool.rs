//! The answer of Home Assistant's own Nord Pool integration to its action
//! `nordpool.get_prices_for_date`: `{AREA: [{start, end, price}]}`, times in UTC, currency per **MWh**
//! (its sensors are per kWh; home-assistant/core, components/nordpool). One answer is one day of the
//! market; before about 13:00 CET the action fails for tomorrow with `empty_response`, which is for
//! the caller to take as no news. `nordpool.get_price_indices_for_date` answers in the same shape.

use serde_json::Value;

use super::entries::{Clock, Keys, Open};
use super::tidy::tidy;
use super::{Document, Heading, Rules, Unit};

/// Reads the answer for one area; `area` may be `None` when there is just one in it. The currency is
/// that which the action was asked for, since the answer does not tell.
pub fn parse(answer: &Value, area: Option<&str>, currency: Option<&str>, rules: &Rules) -> Document {
    let heading = |zone: Option<&str>| Heading {
        origin: "nordpool".into(),
        zone: zone.map(str::to_owned),
        currency: currency.map(str::to_owned),
        unit: Some(Unit::PER_MWH),
        ..Heading::default()
    };
    let Some(areas) = answer.as_object() else {
        return Document::failed(heading(area), rules, "shape", "the answer is no object of areas".to_owned());
    };
    let names = || areas.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (name, list) = match area {
        Some(area) => match areas.get(area) {
            Some(list) => (area, list),
            None => {
                let text = format!("the answer has no area `{area}`; it has: {}", names());
                return Document::failed(heading(Some(area)), rules, "zone", text);
            }
        },
        None => match areas.iter().collect::<Vec<_>>().as_slice() {
            [(name, list)] => (name.as_str(), *list),
            _ => {
                let text = format!("the answer has several areas or none, name one of: {}", names());
                return Document::failed(heading(None), rules, "zone", text);
            }
        },
    };
    let keys = Keys { start: "start", end: Some("end"), price: "price", unit: Unit::PER_MWH, clock: Clock::Instants };
    let mut open = Open::default();
    open.read(list, &keys);
    tidy(open.close(rules), heading(Some(name)), rules)
}
