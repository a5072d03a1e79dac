//! The answer of Home Assistant's own Nord Pool integration to its action
//! `nordpool.get_prices_for_date`: `{AREA: [{start, end, price}]}`, times in UTC, currency per **MWh**
//! (its sensors are per kWh; home-assistant/core, components/nordpool). One answer is one day of the
//! market; before about 13:00 CET the action fails for tomorrow with `empty_response`, which is for
//! the caller to take as no news.

use serde_json::Value;

use super::tidy::{Listed, tidy};
use super::{Parsed, Rules, nordpool_lists};

/// Reads the answer for one area; `area` may be `None` when there is just one in it.
pub fn parse(answer: &Value, area: Option<&str>, rules: &Rules) -> Parsed {
    let fail = |text: String| Parsed { slots: Vec::new(), problems: vec![rules.problem("shape", text, "")] };
    let Some(areas) = answer.as_object() else {
        return fail("the answer is no object of areas".to_owned());
    };
    let names = || areas.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let list = match area {
        Some(area) => match areas.get(area) {
            Some(list) => list,
            None => {
                return fail(format!("the answer has no area `{area}`; it has: {}", names()));
            }
        },
        None => match areas.values().collect::<Vec<_>>().as_slice() {
            [list] => list,
            _ => {
                return fail(format!("the answer has several areas or none, name one of: {}", names()));
            }
        },
    };
    let mut listed = Listed::default();
    nordpool_lists::read_list(list, "price", 1.0 / 1000.0, rules, &mut listed);
    tidy(listed, rules)
}
