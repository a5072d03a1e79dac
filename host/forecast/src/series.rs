//! A series: what a home used, got from the sun and paid, slot by slot, without a gap.
//!
//! As CSV, one line a slot, with the columns `timestamp_utc`, `import_price_eur_per_kwh`,
//! `export_price_eur_per_kwh`, `solar_w`, `load_w` and `temperature_c` in any order; further columns are
//! ignored. May be compressed with gzip.

use std::io::Read;

use jiff::Timestamp;
use model::slot;

/// A series unpacks to no more than this: some fifty years.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

const TIMESTAMP: &str = "timestamp_utc";
const NUMBERS: [&str; 5] =
    ["import_price_eur_per_kwh", "export_price_eur_per_kwh", "solar_w", "load_w", "temperature_c"];

/// One slot of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesRow {
    /// First instant of the slot.
    pub start: Timestamp,
    /// Per kWh, all included.
    pub import_price: f64,
    /// Per kWh.
    pub export_price: f64,
    /// Mean, zero or more.
    pub solar_w: f64,
    /// Mean, zero or more.
    pub load_w: f64,
    /// Outside.
    pub temperature_c: f64,
}

/// Slots in order of time, at least one, without gaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    rows: Vec<SeriesRow>,
}

/// Why a file is no series.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// It cannot be unpacked.
    #[error("{file}: cannot be unpacked as gzip")]
    Gzip {
        /// Name of the file.
        file: String,
        /// What went wrong.
        source: std::io::Error,
    },
    /// It is larger than any series.
    #[error("{file}: unpacks to more than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLarge {
        /// Name of the file.
        file: String,
    },
    /// It is no CSV.
    #[error("{file}, line {line}: {text}")]
    Csv {
        /// Name of the file.
        file: String,
        /// From 1.
        line: u64,
        /// What is wrong.
        text: String,
    },
    /// A column is not there.
    #[error("{file}, line 1: no column `{column}`; the header is `{header}`")]
    Column {
        /// Name of the file.
        file: String,
        /// Which column.
        column: &'static str,
        /// The header line.
        header: String,
    },
    /// A value does not fit its column.
    #[error("{file}, line {line}, column `{column}`: `{value}` is {problem}")]
    Value {
        /// Name of the file.
        file: String,
        /// From 1.
        line: u64,
        /// Which column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// Why it does not fit, and what would.
        problem: String,
    },
    /// There are no slots in it.
    #[error("{file}: no line after the header")]
    Empty {
        /// Name of the file.
        file: String,
    },
}

impl Series {
    /// Reads a CSV, packed or not. `file` is only for the messages.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line and column.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, SeriesError> {
        let unpacked;
        let text = if bytes.starts_with(&[0x1f, 0x8b]) {
            unpacked = unpack(file, bytes)?;
            unpacked.as_slice()
        } else {
            bytes
        };
        parse_csv(file, text)
    }

    /// All slots.
    pub fn rows(&self) -> &[SeriesRow] {
        &self.rows
    }
}

fn unpack(file: &str, bytes: &[u8]) -> Result<Vec<u8>, SeriesError> {
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(MAX_BYTES + 1)
        .read_to_end(&mut unpacked)
        .map_err(|source| SeriesError::Gzip { file: file.into(), source })?;
    if unpacked.len() as u64 > MAX_BYTES {
        return Err(SeriesError::TooLarge { file: file.into() });
    }
    Ok(unpacked)
}

fn parse_csv(file: &str, text: &[u8]) -> Result<Series, SeriesError> {
    let csv_error = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        let text = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} values, expected {expected_len} as in the header")
            }
            csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        SeriesError::Csv { file: file.into(), line, text }
    };

    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let header = reader.headers().map_err(csv_error)?.clone();
    let find = |column: &'static str| {
        header.iter().position(|name| name.trim_start_matches('\u{feff}') == column).ok_or_else(|| {
            SeriesError::Column { file: file.into(), column, header: header.iter().collect::<Vec<_>>().join(",") }
        })
    };
    let timestamp = find(TIMESTAMP)?;
    let mut columns = [0; NUMBERS.len()];
    for (index, name) in columns.iter_mut().zip(NUMBERS) {
        *index = find(name)?;
    }

    let mut rows: Vec<SeriesRow> = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(csv_error)? {
        let line = record.position().map_or(0, csv::Position::line);
        let at = |column, value: &str, problem: String| SeriesError::Value {
            file: file.into(),
            line,
            column,
            value: value.into(),
            problem,
        };

        let value = record.get(timestamp).unwrap_or_default();
        let start = parse_start(value, rows.last()).map_err(|problem| at(TIMESTAMP, value, problem))?;
        let mut numbers = [0.0; NUMBERS.len()];
        for ((number, name), index) in numbers.iter_mut().zip(NUMBERS).zip(columns) {
            let value = record.get(index).unwrap_or_default();
            *number = parse_number(name, value).map_err(|problem| at(name, value, problem))?;
        }
        let [import_price, export_price, solar_w, load_w, temperature_c] = numbers;
        rows.push(SeriesRow { start, import_price, export_price, solar_w, load_w, temperature_c });
    }
    if rows.is_empty() {
        return Err(SeriesError::Empty { file: file.into() });
    }
    Ok(Series { rows })
}

fn parse_start(value: &str, before: Option<&SeriesRow>) -> Result<Timestamp, String> {
    let start: Timestamp = value.parse().map_err(|_| "no time in UTC such as `2026-01-31T12:15:00Z`".to_owned())?;
    match before.map(|row| slot::next(row.start)) {
        Some(expected) if expected != start => Err(format!("not the next slot, expected `{expected}`")),
        None if slot::start_of(start) != start => Err("not at a quarter of an hour".to_owned()),
        _ => Ok(start),
    }
}

fn parse_number(column: &str, value: &str) -> Result<f64, String> {
    match value.parse::<f64>() {
        Ok(number) if !number.is_finite() => Err("not finite".to_owned()),
        Ok(number) if number < 0.0 && matches!(column, "solar_w" | "load_w") => {
            Err("negative, expected 0 or more".to_owned())
        }
        Ok(number) => Ok(number),
        Err(_) => Err("no number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "timestamp_utc,import_price_eur_per_kwh,export_price_eur_per_kwh,solar_w,load_w,temperature_c\n";

    fn error(lines: &str) -> String {
        Series::parse("year.csv", lines.as_bytes()).unwrap_err().to_string()
    }

    fn error_after_header(lines: &str) -> String {
        error(&format!("{HEADER}{lines}"))
    }

    #[test]
    fn the_shipped_year_is_whole() {
        let bytes = include_bytes!("../../../examples/data/home-a.csv.gz");
        let series = Series::parse("home-a.csv.gz", bytes).unwrap();
        assert_eq!(series.rows().len(), 35_136);
        let first = series.rows()[0];
        assert_eq!(first.start.to_string(), "2023-06-30T22:00:00Z");
        assert_eq!((first.import_price, first.load_w, first.temperature_c), (0.29644, 709.0, 19.9));
        let last = series.rows()[35_135];
        assert_eq!(last.start.to_string(), "2024-06-30T21:45:00Z");
        assert_eq!((last.load_w, last.temperature_c), (694.0, 17.8));
    }

    #[test]
    fn columns_are_found_by_name() {
        let text = "\u{feff}load_w,solar_w,note,timestamp_utc,temperature_c,export_price_eur_per_kwh,import_price_eur_per_kwh\n\
                    1,2,x,2026-01-31T12:15:00Z,3,4,-0.5\n";
        let row = Series::parse("x", text.as_bytes()).unwrap().rows()[0];
        assert_eq!((row.load_w, row.solar_w, row.temperature_c), (1.0, 2.0, 3.0));
        assert_eq!((row.export_price, row.import_price), (4.0, -0.5));
    }

    #[test]
    fn what_is_wrong_is_named_with_file_line_and_column() {
        insta::assert_snapshot!(error("timestamp_utc,load_w\n"), @"year.csv, line 1: no column `import_price_eur_per_kwh`; the header is `timestamp_utc,load_w`");
        insta::assert_snapshot!(error(HEADER), @"year.csv: no line after the header");
        insta::assert_snapshot!(error(""), @"year.csv, line 1: no column `timestamp_utc`; the header is ``");
        insta::assert_snapshot!(error_after_header("2026-01-31T12:15:00Z,1,2,3,NaN,5\n"), @"year.csv, line 2, column `load_w`: `NaN` is not finite");
        insta::assert_snapshot!(error_after_header("2026-01-31T12:15:00Z,1,2,-3,4,5\n"), @"year.csv, line 2, column `solar_w`: `-3` is negative, expected 0 or more");
        insta::assert_snapshot!(error_after_header("2026-01-31T12:15:00Z,\"0,31\",2,3,4,5\n"), @"year.csv, line 2, column `import_price_eur_per_kwh`: `0,31` is no number");
        insta::assert_snapshot!(error_after_header("31.01.2026 12:15,1,2,3,4,5\n"), @"year.csv, line 2, column `timestamp_utc`: `31.01.2026 12:15` is no time in UTC such as `2026-01-31T12:15:00Z`");
        insta::assert_snapshot!(error_after_header("2026-01-31T12:10:00Z,1,2,3,4,5\n"), @"year.csv, line 2, column `timestamp_utc`: `2026-01-31T12:10:00Z` is not at a quarter of an hour");
        insta::assert_snapshot!(error_after_header("2026-01-31T12:15:00Z,1,2,3,4,5\n2026-01-31T12:45:00Z,1,2,3,4,5\n"), @"year.csv, line 3, column `timestamp_utc`: `2026-01-31T12:45:00Z` is not the next slot, expected `2026-01-31T12:30:00Z`");
        insta::assert_snapshot!(error_after_header("2026-01-31T12:15:00Z,1,2,3\n"), @"year.csv, line 2: 4 values, expected 6 as in the header");
    }

    #[test]
    fn a_broken_archive_is_named() {
        let bytes = &include_bytes!("../../../examples/data/home-a.csv.gz")[..1_000];
        let error = Series::parse("half.csv.gz", bytes).unwrap_err();
        assert_eq!(error.to_string(), "half.csv.gz: cannot be unpacked as gzip");
    }
}
