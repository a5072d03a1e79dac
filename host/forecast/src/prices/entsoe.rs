//! ENTSO-E.
//!
//! - [`sensor`]: the attributes `prices_today` and `prices_tomorrow` of the integration from HACS
//!   (JaccoR/hass-entso-e): lists of `{time, price}`, times with their offset after a space, no ends.
//! - [`document`]: the XML of the Transparency Platform's day-ahead prices (document type A44, IEC
//!   62325-451-3), with these traps:
//!   - several `TimeSeries` in one answer: other auctions of the same zone (the *classification sequence*;
//!     1 is the coupled auction, 2 in Germany and Austria that of EXAA) and other resolutions;
//!   - curve type A03: a position that is left out has the price of the one before, also at the end of
//!     the period (evcc-io/evcc#16519, JaccoR/hass-entso-e#319); with A01 it is missing;
//!   - an answer without prices is another document, an acknowledgement with a reason.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::Problem;
use roxmltree::{Document as Xml, Node};
use serde_json::Value;

use super::entries::{Clock, Keys, Open};
use super::tidy::{Listed, Raw, tidy};
use super::{Basis, Document, Heading, Rules, Unit};

/// The EIC codes of the bidding zones by the names that exchanges use (ENTSO-E, list of approved codes, type
/// Y).
const ZONES: [(&str, &str); 33] = [
    ("AT", "10YAT-APG------L"),
    ("BE", "10YBE----------2"),
    ("BG", "10YCA-BULGARIA-R"),
    ("CH", "10YCH-SWISSGRIDZ"),
    ("CZ", "10YCZ-CEPS-----N"),
    ("DE-LU", "10Y1001A1001A82H"),
    ("DK1", "10YDK-1--------W"),
    ("DK2", "10YDK-2--------M"),
    ("EE", "10Y1001A1001A39I"),
    ("ES", "10YES-REE------0"),
    ("FI", "10YFI-1--------U"),
    ("FR", "10YFR-RTE------C"),
    ("GR", "10YGR-HTSO-----Y"),
    ("HR", "10YHR-HEP------M"),
    ("HU", "10YHU-MAVIR----U"),
    ("IT-North", "10Y1001A1001A73I"),
    ("LT", "10YLT-1001A0008Q"),
    ("LV", "10YLV-1001A00074"),
    ("NL", "10YNL----------L"),
    ("NO1", "10YNO-1--------2"),
    ("NO2", "10YNO-2--------T"),
    ("NO3", "10YNO-3--------J"),
    ("NO4", "10YNO-4--------9"),
    ("NO5", "10Y1001A1001A48H"),
    ("PL", "10YPL-AREA-----S"),
    ("PT", "10YPT-REN------W"),
    ("RO", "10YRO-TEL------P"),
    ("SE1", "10Y1001A1001A44P"),
    ("SE2", "10Y1001A1001A45N"),
    ("SE3", "10Y1001A1001A46L"),
    ("SE4", "10Y1001A1001A47J"),
    ("SI", "10YSI-ELES-----O"),
    ("SK", "10YSK-SEPS-----K"),
];

/// The EIC code of a bidding zone by its name; a code itself is taken as it is.
pub fn zone_code(zone: &str) -> Option<&str> {
    let named = ZONES.iter().find(|(name, _)| *name == zone).map(|(_, code)| *code);
    let is_code = zone.len() == 16 && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    named.or(is_code.then_some(zone))
}

/// More positions than the longest period has, a week of quarter-hours.
const MOST_POSITIONS: i64 = 7 * 100;

/// Reads the attributes of the sensor; the `unit` is that of the sensor's `unit_of_measurement`.
pub fn sensor(attributes: &Value, unit: &str, basis: Basis, rules: &Rules) -> Document {
    let mut heading = Heading { origin: "entsoe".into(), basis, ..Heading::default() };
    let unit = match Unit::parse(unit) {
        Ok((unit, currency)) => {
            heading.currency = currency;
            unit
        }
        Err(error) => return Document::failed(heading, rules, "unit", error.to_string()),
    };
    heading.unit = Some(unit);
    let Some(today) = attributes.get("prices_today") else {
        return Document::failed(heading, rules, "shape", "the attribute `prices_today` is not there".to_owned());
    };
    let keys = Keys { start: "time", end: None, price: "price", unit, clock: Clock::Instants };
    let mut open = Open::default();
    open.read(today, &keys);
    if let Some(tomorrow) = attributes.get("prices_tomorrow").filter(|list| !list.is_null()) {
        open.read(tomorrow, &keys);
    }
    tidy(open.close(rules), heading, rules)
}

/// Reads the platform's answer for a zone by its EIC code, such as `10Y1001A1001A82H` for DE-LU.
pub fn document(payload: &[u8], zone: &str, rules: &Rules) -> Document {
    let heading = Heading { origin: "entsoe".into(), zone: Some(zone.into()), ..Heading::default() };
    let failed = |code: &str, text: String| Document::failed(heading.clone(), rules, code, text);
    let Ok(text) = std::str::from_utf8(payload) else {
        return failed("shape", "the answer is not UTF-8".to_owned());
    };
    // Without document types: nothing in the answer can make it grow.
    let xml = match Xml::parse(text) {
        Ok(xml) => xml,
        Err(error) => return failed("shape", format!("the answer is no XML ({} bytes, {error})", payload.len())),
    };
    let root = xml.root_element();
    match root.tag_name().name() {
        "Publication_MarketDocument" => {}
        "Acknowledgement_MarketDocument" => {
            let reason = descend(root, &["Reason", "text"]).unwrap_or_default();
            // Tomorrow is not out yet.
            if reason.contains("No matching data") {
                return Document { heading, ..Document::default() };
            }
            return failed("refused", format!("the platform answers: {reason}"));
        }
        other => return failed("shape", format!("the answer is a `{other}`, expected `Publication_MarketDocument`")),
    }

    let mut series = Vec::new();
    let mut problems = Vec::new();
    let mut elsewhere = BTreeSet::new();
    for node in children(root, "TimeSeries") {
        match Series::read(node, rules, &mut problems) {
            Ok(one) if one.zone == zone => series.push(one),
            Ok(one) => {
                elsewhere.insert(one.zone);
            }
            Err(text) => problems.push(rules.problem("shape", text, "")),
        }
    }
    if let (true, Some(other)) = (series.is_empty(), elsewhere.first()) {
        return failed("zone", format!("the prices are of `{other}`, not of `{zone}`"));
    }
    merge(series, problems, heading, rules)
}

/// One auction's prices in one resolution.
struct Series {
    zone: String,
    currency: String,
    unit: Unit,
    /// Which auction, and the minutes: the least is the best.
    rank: (u32, i64),
    ranges: Vec<Raw>,
}

impl Series {
    fn read(node: Node<'_, '_>, rules: &Rules, problems: &mut Vec<Problem>) -> Result<Self, String> {
        let text = |name: &str| descend(node, &[name]).ok_or_else(|| format!("a `TimeSeries` has no `{name}`"));
        let zone = text("in_Domain.mRID")?;
        let currency = text("currency_Unit.name")?;
        let energy = text("price_Measure_Unit.name")?;
        let unit = Unit::of_parts(false, energy).map_err(|error| error.to_string())?;
        let auction = descend(node, &["classificationSequence_AttributeInstanceComponent.position"])
            .map_or(Ok(1), str::parse)
            .map_err(|_| "a classification sequence is no number".to_owned())?;
        let holds = descend(node, &["curveType"]).unwrap_or("A01") == "A03";
        let mut ranges = Vec::new();
        let mut minutes = i64::MAX;
        for period in children(node, "Period") {
            match read_period(period, unit, holds) {
                Ok((step, list, outside)) => {
                    minutes = minutes.min(step);
                    ranges.extend(list);
                    if outside > 0 {
                        let text = format!("{outside} positions lie outside of their period");
                        problems.push(rules.problem("shape", text, ""));
                    }
                }
                Err(text) => problems.push(rules.problem("shape", text, "")),
            }
        }
        Ok(Self { zone: zone.into(), currency: currency.into(), unit, rank: (auction, minutes), ranges })
    }
}

/// The resolution in minutes, the ranges, and how many positions are not within the period.
fn read_period(period: Node<'_, '_>, unit: Unit, holds: bool) -> Result<(i64, Vec<Raw>, usize), String> {
    let time = |name: &str| {
        let text = descend(period, &["timeInterval", name]).unwrap_or_default();
        text.parse::<Timestamp>().map_err(|_| format!("a period's {name}, `{text}`, is no time in UTC"))
    };
    let (start, end) = (time("start")?, time("end")?);
    let resolution = descend(period, &["resolution"]).unwrap_or_default();
    let minutes = match resolution {
        "PT15M" => 15,
        "PT30M" => 30,
        "PT60M" => 60,
        other => return Err(format!("a period's resolution is `{other}`, expected PT15M, PT30M or PT60M")),
    };
    let count = (end.as_second() - start.as_second()) / (minutes * 60);
    if !(1..=MOST_POSITIONS).contains(&count) {
        return Err(format!("a period goes from {start} to {end}"));
    }
    let mut points: Vec<(i64, Option<f64>)> = Vec::new();
    let mut outside = 0;
    for point in children(period, "Point") {
        let position = descend(point, &["position"]).and_then(|text| text.parse::<i64>().ok());
        let amount = descend(point, &["price.amount"]).and_then(|text| text.parse::<f64>().ok());
        match position.filter(|position| (1..=count).contains(position)) {
            Some(position) => {
                let price = amount.filter(|amount| amount.is_finite()).map(|amount| unit.per_kwh(amount));
                points.push((position, price));
            }
            None => outside += 1,
        }
    }
    points.sort_by_key(|(position, _)| *position);
    let at = |position: i64| {
        start.checked_add(SignedDuration::from_mins((position - 1) * minutes)).unwrap_or(Timestamp::MAX)
    };
    let mut ranges = Vec::new();
    for (index, (position, price)) in points.iter().enumerate() {
        let until = match points.get(index + 1) {
            _ if !holds => position + 1,
            Some((next, _)) => (*next).max(position + 1),
            None => count + 1,
        };
        ranges.extend((*position..until).map(|p| Raw { start: at(p), end: at(p + 1), price: *price }));
    }
    Ok((minutes, ranges, outside))
}

/// The best series, and where it has nothing, the next best.
fn merge(mut series: Vec<Series>, problems: Vec<Problem>, mut heading: Heading, rules: &Rules) -> Document {
    series.sort_by_key(|one| one.rank);
    if let Some(best) = series.first() {
        heading.currency = Some(best.currency.clone());
        heading.unit = Some(best.unit);
    }
    let mut listed = Listed { ranges: Vec::new(), problems };
    let mut taken: BTreeSet<Timestamp> = BTreeSet::new();
    let mut rank = None;
    let mut next = BTreeSet::new();
    for one in series {
        if Some(&one.currency) != heading.currency.as_ref() {
            let text = format!("one series is in {}, another in {:?}", one.currency, heading.currency);
            listed.problems.push(rules.problem("currency", text, "the first"));
            continue;
        }
        // Series of equal rank are looked at together, so that what they say twice is named.
        if rank != Some(one.rank) {
            taken.append(&mut next);
            rank = Some(one.rank);
        }
        for raw in one.ranges {
            for start in slot::starts(raw.start, raw.end).filter(|start| !taken.contains(start)) {
                next.insert(start);
                listed.ranges.push(Raw { start, end: slot::next(start), price: raw.price });
            }
        }
    }
    // The order of the series means nothing. Stable: of what is said twice, the last stays last.
    listed.ranges.sort_by_key(|raw| raw.start);
    tidy(listed, heading, rules)
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn descend<'a>(node: Node<'a, '_>, path: &[&str]) -> Option<&'a str> {
    let mut node = node;
    for name in path {
        node = node.children().find(|child| child.tag_name().name() == *name)?;
    }
    node.text().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last character of an EIC code checks the fifteen before it (ENTSO-E, EIC reference manual).
    #[test]
    fn the_codes_are_whole() {
        let value = |c: u8| match c {
            b'0'..=b'9' => i32::from(c - b'0'),
            b'A'..=b'Z' => i32::from(c - b'A') + 10,
            _ => 36,
        };
        for (name, code) in ZONES {
            let bytes = code.as_bytes();
            assert_eq!(bytes.len(), 16, "{name}");
            let sum: i32 = bytes[..15].iter().zip((2..=16).rev()).map(|(c, weight)| value(*c) * weight).sum();
            assert_eq!(36 - (sum - 1).rem_euclid(37), value(bytes[15]), "{name}: {code}");
        }
        assert_eq!(zone_code("DE-LU"), Some("10Y1001A1001A82H"));
        assert_eq!(zone_code("10Y1001A1001A82H"), Some("10Y1001A1001A82H"));
        assert_eq!(zone_code("DE"), None);
    }
}
