//! Day-ahead prices: from the shapes in which others publish them to slots, and the book that keeps
//! them.
//!
//! Each source has a parser in a module of its own. It turns its payload into ranges of time with a
//! price, and `tidy` brings all of them into order, by the same rules, naming what it had to do.

mod book;
pub mod csv;
pub mod nordpool;
pub mod nordpool_lists;
mod tidy;

pub use book::PriceBook;

use jiff::Timestamp;
use model::snapshot::Problem;
use serde::{Deserialize, Serialize};

/// The price of a range of time `[start, end)`; at a quarter of an hour each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceSlot {
    /// First instant.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
    /// In the payload's currency.
    pub price_per_kwh: f64,
}

/// What a payload says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Parsed {
    /// In order of time, without overlap, each price finite and plausible.
    pub slots: Vec<PriceSlot>,
    /// Whatever was wrong, and what was done about it.
    pub problems: Vec<Problem>,
}

/// How to judge a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// What problems are about, such as `prices.import` or the name of the entity.
    pub subject: String,
    /// Lowest price per kWh that can be true.
    pub least_per_kwh: f64,
    /// Highest price per kWh that can be true.
    pub most_per_kwh: f64,
}

impl Rules {
    /// The rules for currencies of about the worth of a euro: −0.6 to 2.0 per kWh. European day-ahead
    /// auctions accept −0.5 to 4 EUR/kWh and have hardly ever gone beyond 1; a list in MWh or cents
    /// lies outside.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), least_per_kwh: -0.6, most_per_kwh: 2.0 }
    }

    fn plausible(&self, price_per_kwh: f64) -> bool {
        (self.least_per_kwh..=self.most_per_kwh).contains(&price_per_kwh)
    }

    fn problem(&self, code: &str, text: String, assumed: &str) -> Problem {
        Problem { code: code.into(), subject: self.subject.clone(), text, assumed: assumed.into() }
    }
}
