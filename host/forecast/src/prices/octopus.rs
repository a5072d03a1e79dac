//! Octopus Energy: totals with VAT, half-hours in UTC.
//!
//! - [`event`]: the attribute `rates` of the events `…_current_day_rates` and `…_next_day_rates`
//!   (BottlecapDave/HomeAssistant-OctopusEnergy, _docs/entities/electricity.md): `{start, end,
//!   value_inc_vat}` in **pounds**.
//! - [`rates`]: `…/standard-unit-rates/` of Octopus itself: `results[]` of `{value_exc_vat,
//!   value_inc_vat, valid_from, valid_to, payment_method}` in **pence**, newest first, paged. Where the
//!   price depends on the way of payment, each range is listed once for each of them. `valid_to` is null
//!   for a price without end (docs.octopus.energy/rest/guides/endpoints).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::entries::{Clock, Keys, Open, instant, json, shown};
use super::tidy::tidy;
use super::{Basis, Document, Heading, Rules, Unit};

/// What most customers do, and what most prices are for.
pub const DIRECT_DEBIT: &str = "DIRECT_DEBIT";
/// Prices of months or without end are taken this far back …
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// … and this far ahead of now, so that a fixed price is known as far as anyone plans, and not for ever.
const AHEAD: SignedDuration = SignedDuration::from_hours(72);
/// Longer ranges are entered day by day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn heading(unit: Unit) -> Heading {
    Heading {
        origin: "octopus".into(),
        currency: Some("GBP".into()),
        unit: Some(unit),
        basis: Basis::Total,
        ..Heading::default()
    }
}

/// Reads the attributes of an event entity.
pub fn event(attributes: &Value, rules: &Rules) -> Document {
    let heading = heading(Unit::PER_KWH);
    let Some(list) = attributes.get("rates") else {
        return Document::failed(heading, rules, "shape", "the attribute `rates` is not there".to_owned());
    };
    let keys =
        Keys { start: "start", end: Some("end"), price: "value_inc_vat", unit: Unit::PER_KWH, clock: Clock::Instants };
    let mut open = Open::default();
    open.read(list, &keys);
    tidy(open.close(rules), heading, rules)
}

/// Reads one page of unit rates, for one way of payment; and the address of the next page.
pub fn rates(payload: &[u8], payment: &str, rules: &Rules) -> (Document, Option<String>) {
    let unit = Unit::HUNDREDTHS_PER_KWH;
    let answer = match json(payload) {
        Ok(answer) => answer,
        Err(text) => return (Document::failed(heading(unit), rules, "shape", text), None),
    };
    let Some(results) = answer.get("results").and_then(Value::as_array) else {
        let text = match answer.get("detail").and_then(Value::as_str) {
            Some(detail) => format!("Octopus answers: {detail}"),
            None => "the answer has no `results`".to_owned(),
        };
        return (Document::failed(heading(unit), rules, "shape", text), None);
    };
    let mut open = Open::default();
    // Oldest first, as everywhere else.
    for rate in results.iter().rev() {
        let way = rate.get("payment_method").and_then(Value::as_str);
        if way.is_some_and(|way| way != payment) {
            continue;
        }
        match range(rate, rules.around) {
            Some(Some((mut start, end))) => {
                while start < end {
                    let until = start.checked_add(DAY).unwrap_or(end).min(end);
                    open.push(start, Some(until), rate.get("value_inc_vat"), unit);
                    start = until;
                }
            }
            // Altogether outside of what is of interest.
            Some(None) => {}
            None => open.unreadable(shown(rate)),
        }
    }
    let next = answer.get("next").and_then(Value::as_str).map(str::to_owned);
    (tidy(open.close(rules), heading(unit), rules), next)
}

/// From when until when; the inner `None`: nothing of it is near now.
fn range(rate: &Value, now: Option<Timestamp>) -> Option<Option<(Timestamp, Timestamp)>> {
    let start = instant(rate.get("valid_from")?, Clock::Instants, None)?;
    let end = match rate.get("valid_to")? {
        Value::Null => None,
        value => Some(instant(value, Clock::Instants, None)?),
    };
    let Some(now) = now.map(model::slot::start_of) else {
        return Some(Some((start, end?)));
    };
    let start = start.max(now.checked_sub(BACK).ok()?);
    let end = end.unwrap_or(Timestamp::MAX).min(now.checked_add(AHEAD).ok()?);
    Some((start < end).then_some((start, end)))
}
