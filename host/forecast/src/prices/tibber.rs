//! Tibber: totals with fees and taxes, local times with their offset, no ends; 60 or 15 minutes.
//!
//! - [`action`]: Home Assistant's `tibber.get_prices` answers `{prices: {NICKNAME: [{start_time,
//!   price}]}}` (home-assistant/core, components/tibber/services.py); older versions add `level`.
//! - [`graphql`]: Tibber's own API answers `data.viewer.homes[].currentSubscription.priceInfo` with
//!   `today[]` and `tomorrow[] {total, energy, tax, startsAt}` (developer.tibber.com); `tomorrow` is
//!   empty until about 13:00. `energy` is the exchange's price, so an answer gives two documents.

use serde_json::Value;

use super::entries::{Clock, Keys, Open, json};
use super::tidy::tidy;
use super::{Basis, Document, Heading, Rules, Unit};

fn heading(home: Option<&str>, currency: Option<&str>, basis: Basis) -> Heading {
    Heading {
        origin: "tibber".into(),
        zone: home.map(str::to_owned),
        currency: currency.map(str::to_owned),
        unit: Some(Unit::PER_KWH),
        basis,
    }
}

fn keys(start: &'static str, price: &'static str) -> Keys<'static> {
    Keys { start, end: None, price, unit: Unit::PER_KWH, clock: Clock::Instants }
}

/// Reads the action's answer for a home by its nickname; `None` when there is just one.
pub fn action(answer: &Value, home: Option<&str>, rules: &Rules) -> Document {
    let failed = |code: &str, text: String| Document::failed(heading(home, None, Basis::Total), rules, code, text);
    let Some(homes) = answer.get("prices").and_then(Value::as_object) else {
        return failed("shape", "the answer has no `prices`".to_owned());
    };
    let chosen = match home {
        Some(home) => homes.get_key_value(home),
        None if homes.len() == 1 => homes.iter().next(),
        None => None,
    };
    let Some((name, list)) = chosen else {
        let names = homes.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let asked = home.map_or("no home is named".to_owned(), |home| format!("there is no home `{home}`"));
        return failed("zone", format!("{asked}; the answer has: {names}"));
    };
    let mut open = Open::default();
    open.read(list, &keys("start_time", "price"));
    tidy(open.close(rules), heading(Some(name), None, Basis::Total), rules)
}

/// What an answer of Tibber's API has.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What the owner pays.
    pub total: Document,
    /// What the exchange says.
    pub market: Document,
}

/// Reads the API's answer for a home by its id; `None` when just one has a subscription.
pub fn graphql(payload: &[u8], home: Option<&str>, rules: &Rules) -> Answer {
    let failed = |code: &str, text: String| Answer {
        total: Document::failed(heading(home, None, Basis::Total), rules, code, text),
        market: Document { heading: heading(home, None, Basis::Market), ..Document::default() },
    };
    let answer = match json(payload) {
        Ok(answer) => answer,
        Err(text) => return failed("shape", text),
    };
    // GraphQL answers with status 200 when it refuses.
    if let Some(message) = answer.pointer("/errors/0/message").and_then(Value::as_str) {
        return failed("refused", format!("Tibber answers: {message}"));
    }
    let Some(homes) = answer.pointer("/data/viewer/homes").and_then(Value::as_array) else {
        return failed("shape", "the answer has no `data.viewer.homes`".to_owned());
    };
    let subscribed = |home: &Value| home.pointer("/currentSubscription/priceInfo").is_some_and(|info| !info.is_null());
    let of_home = |value: &Value| home.is_none_or(|id| value.get("id").and_then(Value::as_str) == Some(id));
    let chosen: Vec<&Value> = homes.iter().filter(|home| subscribed(home) && of_home(home)).collect();
    let [chosen] = chosen.as_slice() else {
        let ids: Vec<&str> = homes.iter().filter_map(|home| home.get("id")?.as_str()).collect();
        let text = format!("{} homes have prices and fit, name one of: {}", chosen.len(), ids.join(", "));
        return failed("zone", text);
    };
    let info = chosen.pointer("/currentSubscription/priceInfo").unwrap_or(&Value::Null);
    let id = chosen.get("id").and_then(Value::as_str);
    let currency = ["/current/currency", "/today/0/currency", "/tomorrow/0/currency"]
        .iter()
        .find_map(|pointer| info.pointer(pointer).and_then(Value::as_str));
    let read = |price: &'static str, basis: Basis| {
        let mut open = Open::default();
        for day in ["today", "tomorrow"] {
            match info.get(day) {
                None | Some(Value::Null) if day == "tomorrow" => {}
                list => open.read(list.unwrap_or(&Value::Null), &keys("startsAt", price)),
            }
        }
        tidy(open.close(rules), heading(id, currency, basis), rules)
    };
    let total = read("total", Basis::Total);
    // Asked for without `energy`, an answer has no market prices, and that is no problem.
    let has_energy = info.pointer("/today/0/energy").is_some();
    let market = if has_energy {
        read("energy", Basis::Market)
    } else {
        Document { heading: heading(id, currency, Basis::Market), ..Document::default() }
    };
    Answer { total, market }
}
