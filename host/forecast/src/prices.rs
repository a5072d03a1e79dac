//! Day-ahead prices: from the shapes in which others publish them to documents, and the shelf that
//! keeps them.
//!
//! Each source has a parser in a module of its own. It turns its payload into ranges of time with a
//! price, and `tidy` brings all of them into order, by the same rules, naming what it had to do.
//!
//! | module | payload |
//! |---|---|
//! | [`nordpool`] | answer of Home Assistant's action `nordpool.get_prices_for_date` |
//! | [`nordpool_lists`] | attributes of the Nord Pool sensor from HACS |
//! | [`tibber`] | answers of Home Assistant's action `tibber.get_prices` and of Tibber itself |
//! | [`epex_spot`] | attributes of the EPEX Spot and aWATTar sensors from HACS |
//! | [`octopus`] | attributes of the Octopus Energy events from HACS, answers of Octopus itself |
//! | [`entsoe`] | attributes of the ENTSO-e sensor from HACS, XML of the Transparency Platform |
//! | [`energi_data_service`] | attributes of the sensor from HACS, answers of Energi Data Service itself |
//! | [`energy_charts`], [`awattar`], [`smard`] | answers of these |
//! | [`mapping`] | any list with times and prices, by a mapping that the owner declares |
//! | [`csv`] | a file |

pub mod awattar;
mod book;
pub mod csv;
pub mod energi_data_service;
pub mod energy_charts;
mod entries;
pub mod entsoe;
pub mod epex_spot;
pub mod mapping;
pub mod nordpool;
pub mod nordpool_lists;
pub mod octopus;
mod shelf;
pub mod smard;
pub mod tibber;
mod tidy;
mod unit;

pub use book::PriceBook;
pub use shelf::{Quote, Shelf};
pub use unit::{Unit, UnitError};

use jiff::Timestamp;
use model::snapshot::Problem;
use serde::{Deserialize, Serialize};

/// The price of a range of time `[start, end)`; both at a quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceSlot {
    /// First instant.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
    /// In the document's currency.
    pub price_per_kwh: f64,
}

/// What a source's prices have in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// What the exchange says: the tariff comes on top.
    #[default]
    Market,
    /// What the owner pays, fees and taxes included: no tariff comes on top.
    Total,
}

/// Where a document comes from and what its prices are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heading {
    /// The source, such as `energy-charts`.
    pub origin: String,
    /// Bidding zone, region or home, where the payload says it.
    pub zone: Option<String>,
    /// ISO 4217, where the payload says it.
    pub currency: Option<String>,
    /// What the payload counted in before it was converted.
    pub unit: Option<Unit>,
    /// What is in the prices.
    pub basis: Basis,
}

/// What a payload says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Where it comes from.
    pub heading: Heading,
    /// In order of time, without overlap, each price finite and plausible.
    pub slots: Vec<PriceSlot>,
    /// Whatever was wrong, and what was done about it.
    pub problems: Vec<Problem>,
}

impl Document {
    /// A document without prices, since the payload is not what it should be.
    pub fn failed(heading: Heading, rules: &Rules, code: &str, text: String) -> Self {
        Self { heading, slots: Vec::new(), problems: vec![rules.problem(code, text, "")] }
    }
}

/// How to turn amounts of another currency into the home's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// ISO 4217: what the source counts in.
    pub from: String,
    /// How much of the home's currency one of `from` is worth.
    pub rate: f64,
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
    /// The home's currency, ISO 4217: a payload that says another one is put aside. `None`: any.
    pub currency: Option<String>,
    /// The owner's rate for a source in another currency.
    pub exchange: Option<Exchange>,
    /// When the payload was fetched: prices of some other year are put aside. `None`: any time.
    pub around: Option<Timestamp>,
}

impl Rules {
    /// The rules for currencies of about the worth of a euro: −0.6 to 2.0 per kWh. European day-ahead
    /// auctions accept −0.5 to 4 EUR/kWh and have hardly ever gone beyond 1; a list in MWh or cents
    /// lies outside.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            least_per_kwh: -0.6,
            most_per_kwh: 2.0,
            currency: None,
            exchange: None,
            around: None,
        }
    }

    /// The same for a home in this currency: limits by its worth, and no payload in another one.
    #[must_use]
    pub fn in_currency(self, currency: &str) -> Self {
        let worth = euro_in(currency);
        Self {
            least_per_kwh: -0.6 * worth,
            most_per_kwh: 2.0 * worth,
            currency: Some(currency.to_ascii_uppercase()),
            ..self
        }
    }

    /// The same for a payload that was fetched at `now`.
    #[must_use]
    pub fn around(self, now: Timestamp) -> Self {
        Self { around: Some(now), ..self }
    }

    fn plausible(&self, price_per_kwh: f64) -> bool {
        (self.least_per_kwh..=self.most_per_kwh).contains(&price_per_kwh)
    }

    pub(crate) fn problem(&self, code: &str, text: String, assumed: &str) -> Problem {
        Problem { code: code.into(), subject: self.subject.clone(), text, assumed: assumed.into() }
    }
}

/// What a euro is worth, to one digit: for limits of what is plausible, never for money.
fn euro_in(currency: &str) -> f64 {
    match currency.to_ascii_uppercase().as_str() {
        "DKK" => 7.0,
        "SEK" | "NOK" => 10.0,
        "PLN" => 4.0,
        "RON" => 5.0,
        "CZK" => 25.0,
        "HUF" => 400.0,
        "ISK" => 150.0,
        "JPY" => 150.0,
        _ => 1.0,
    }
}
