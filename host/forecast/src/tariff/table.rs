//! Prices of a day for people to read.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::slot;

use super::{Priced, SlotPrices};

/// A line for each time of equal prices, local times, with what each component adds, VAT included; then what
/// is fed in. Slots have to be in order of time.
pub fn table(slots: &[(Timestamp, SlotPrices)], zone: &TimeZone) -> String {
    let mut rows: Vec<(Timestamp, Timestamp, &SlotPrices)> = Vec::new();
    for (start, prices) in slots {
        let end = slot::next(*start);
        match rows.last_mut() {
            Some((_, until, same)) if *until == *start && **same == *prices => *until = end,
            _ => rows.push((*start, end, prices)),
        }
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, _, prices) in &rows {
        for part in &prices.import.parts {
            if !names.contains(&part.name.as_str()) {
                names.push(&part.name);
            }
        }
    }
    let clock = |at: Timestamp| zone.to_datetime(at).strftime("%H:%M").to_string();
    let mut text = format!("{:<16} {:>8}", "", "import");
    for name in &names {
        write_cell(&mut text, name, name);
    }
    writeln_end(&mut text, "  export  from");
    for (start, end, prices) in rows {
        let day = zone.to_datetime(start).strftime("%a %d");
        let times = format!("{day} {}-{}", clock(start), clock(end));
        let _ = write!(text, "{times:<16} {:>8}", figure(prices.import.per_kwh));
        for name in &names {
            write_cell(&mut text, name, &cell(&prices.import, name));
        }
        let origin = prices.origin.as_deref().unwrap_or("-");
        writeln_end(&mut text, &format!("{:>8}  {origin}", figure(prices.export.per_kwh)));
    }
    text
}

fn write_cell(text: &mut String, name: &str, cell: &str) {
    // Writing to a string cannot fail.
    let _ = write!(text, "  {cell:>width$}", width = name.chars().count().max(8));
}

fn writeln_end(text: &mut String, end: &str) {
    let _ = writeln!(text, "  {}", end.trim_end());
}

fn cell(priced: &Priced, name: &str) -> String {
    match priced.parts.iter().find(|part| part.name == name) {
        None => String::new(),
        Some(part) => figure(part.net.zip(part.vat).map(|(net, vat)| net + vat)),
    }
}

fn figure(per_kwh: Option<f64>) -> String {
    per_kwh.map_or_else(|| "?".into(), |per_kwh| format!("{per_kwh:.4}"))
}

#[cfg(test)]
mod tests {
    use super::super::Tariff;
    use super::*;
    use crate::prices::{Basis, Document, Heading, PriceSlot, Rules, Shelf};

    #[test]
    fn a_line_for_each_time_of_equal_prices() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let raw = toml::from_str(
            "unit = 'ct/kWh'\nimport = { vat_pct = 19, component = [\n\
             { name = 'exchange', market = 1 },\n\
             { name = 'grid fee', rate = 8, windows = [{ rate = 1.4, to = '06:00' }] } ] }\n\
             export = { component = [{ name = 'feed-in', rate = 7.78 }] }",
        )
        .unwrap();
        let tariff = Tariff::new(&raw, &zone).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let document = |basis, start, end, price_per_kwh| Document {
            heading: Heading { basis, ..Heading::default() },
            slots: vec![PriceSlot { start: at(start), end: at(end), price_per_kwh }],
            problems: Vec::new(),
        };
        let sources = [("tibber".to_owned(), Basis::Total), ("energy-charts".to_owned(), Basis::Market)];
        let mut shelf = Shelf::new(sources, Rules::new("prices.import"));
        shelf.put(0, &document(Basis::Total, "2026-11-24T05:30:00Z", "2026-11-24T06:00:00Z", 0.31));
        shelf.put(1, &document(Basis::Market, "2026-11-24T04:00:00Z", "2026-11-24T05:15:00Z", 0.1));
        shelf.put(1, &document(Basis::Market, "2026-11-24T05:15:00Z", "2026-11-24T05:30:00Z", -0.1));
        let starts = slot::starts(at("2026-11-24T04:00:00Z"), at("2026-11-24T06:15:00Z"));
        let slots: Vec<_> = starts.map(|start| (start, tariff.prices(start, &shelf, None))).collect();
        insta::assert_snapshot!(table(&slots, &zone));
    }
}
