//! Prices from a CSV: one line a range, its start under `timestamp_utc`, its price under a
//! column of any name (such as `import_price_eur_per_kwh`), and where there is a column `end_utc`, its
//! end; without one, each line is a slot of a quarter of an hour. Further columns are ignored, so a
//! series is one, too.

use ::csv::{Position, ReaderBuilder, StringRecord, Trim};
use jiff::Timestamp;
use model::slot;

use super::tidy::{Listed, Raw, tidy};
use super::{Document, Heading, Rules, Unit};

const START: &str = "timestamp_utc";
const END: &str = "end_utc";

/// Reads the prices under `column`, counted in `unit`. An empty field is an unknown price.
pub fn parse(text: &str, column: &str, unit: Unit, rules: &Rules) -> Document {
    let heading = Heading { origin: "csv".into(), unit: Some(unit), ..Heading::default() };
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let find = |name: &str| header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
    let (Some(start), Some(price)) = (find(START), find(column)) else {
        let found = header.iter().collect::<Vec<_>>().join(",");
        let text = format!("expected the columns `{START}` and `{column}`, the header is `{found}`");
        return Document::failed(heading, rules, "shape", text);
    };
    let end = find(END);

    let mut listed = Listed::default();
    let mut unreadable: Vec<String> = Vec::new();
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                unreadable.push(error.to_string());
                continue;
            }
        }
        let line = record.position().map_or(0, Position::line);
        match read_line(&record, start, end, price) {
            Ok(raw) => {
                listed.ranges.push(Raw { price: raw.price.map(|amount| unit.per_kwh(amount)), ..raw });
            }
            Err(what) => unreadable.push(format!("line {line}: {what}")),
        }
    }
    if let Some(first) = unreadable.first() {
        listed.problems.push(rules.problem(
            "shape",
            format!("{} of the lines cannot be read, the first is {first}", unreadable.len()),
            "",
        ));
    }
    tidy(listed, heading, rules)
}

fn read_line(record: &StringRecord, start: usize, end: Option<usize>, price: usize) -> Result<Raw, String> {
    let time = |index: usize| {
        let text = record.get(index).unwrap_or_default();
        text.parse::<Timestamp>().map_err(|_| format!("`{text}` is no time in UTC such as `2026-01-31T12:15:00Z`"))
    };
    let start = time(start)?;
    let end = end.map_or(Ok(slot::next(start)), time)?;
    let price = match record.get(price).unwrap_or_default() {
        "" => None,
        text => match text.parse::<f64>() {
            Ok(price) if price.is_finite() => Some(price),
            _ => return Err(format!("`{text}` is no finite number")),
        },
    };
    Ok(Raw { start, end, price })
}
