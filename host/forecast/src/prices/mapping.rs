//! Any list with times and prices, by a mapping that the owner declares: for sensors of Home Assistant
//! that no module here knows.
//!
//! ```toml
//! lists = ["prices_today", "prices_tomorrow"]   # attributes; the first has to be there
//! start = "from"
//! end = "till"                                  # where there is none: the usual step
//! price = "price"
//! unit = "EUR/kWh"
//! includes = "total"                            # or "market", the default
//! times = "text"                                # or "seconds", "milliseconds"
//! timezone = "Europe/Amsterdam"                 # where times have no offset
//! ```
//!
//! Lists of bare numbers are not taken: by position nobody can tell which hour is missing or double on a
//! day with a clock change.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entries::{Clock, Keys, Open};
use super::tidy::tidy;
use super::{Basis, Document, Heading, Rules, Unit, UnitError};

/// The mapping as it is written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Where the lists are: names of attributes, or paths such as `/data/0/rates`. The first has to be
    /// there, the others may be missing or null (tomorrow, before it is out).
    pub lists: Vec<String>,
    /// Under what name an entry has its start.
    #[serde(default = "start")]
    pub start: String,
    /// Under what name it has its end; without one, it holds for the usual step.
    pub end: Option<String>,
    /// Under what name it has its price.
    #[serde(default = "price")]
    pub price: String,
    /// What prices are counted in: `EUR/MWh`, `ct/kWh` …
    pub unit: String,
    /// What is in the prices.
    #[serde(default)]
    pub includes: Basis,
    /// How times are written.
    #[serde(default)]
    pub times: Times,
    /// IANA name of the zone that times without an offset are in.
    pub timezone: Option<String>,
}

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    /// ISO 8601, with or without an offset.
    #[default]
    Text,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
}

/// Why a mapping cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// There are no lists.
    #[error("`lists` is empty, name at least one attribute")]
    Lists,
    /// The unit is not known.
    #[error("`unit`: {0}")]
    Unit(#[from] UnitError),
    /// The zone is not known.
    #[error("`timezone`: `{0}` is no IANA time zone, such as `Europe/Berlin`")]
    Timezone(String),
}

fn start() -> String {
    "start".into()
}

fn price() -> String {
    "price".into()
}

/// A mapping that was checked.
#[derive(Clone, Debug)]
pub struct Mapped {
    mapping: Mapping,
    unit: Unit,
    currency: Option<String>,
    zone: Option<TimeZone>,
}

impl Mapping {
    /// Checks the mapping.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(self) -> Result<Mapped, MappingError> {
        if self.lists.is_empty() {
            return Err(MappingError::Lists);
        }
        let (unit, currency) = Unit::parse(&self.unit)?;
        let zone = match &self.timezone {
            None => None,
            Some(name) => Some(TimeZone::get(name).map_err(|_| MappingError::Timezone(name.clone()))?),
        };
        Ok(Mapped { mapping: self, unit, currency, zone })
    }
}

impl Mapped {
    /// Reads a payload.
    pub fn parse(&self, payload: &Value, rules: &Rules) -> Document {
        let mapping = &self.mapping;
        let heading = Heading {
            origin: "mapping".into(),
            zone: None,
            currency: self.currency.clone(),
            unit: Some(self.unit),
            basis: mapping.includes,
        };
        let clock = match (mapping.times, &self.zone) {
            (Times::Text, None) => Clock::Instants,
            (Times::Text, Some(zone)) => Clock::Local(zone),
            (Times::Seconds, _) => Clock::Seconds,
            (Times::Milliseconds, _) => Clock::Milliseconds,
        };
        let keys =
            Keys { start: &mapping.start, end: mapping.end.as_deref(), price: &mapping.price, unit: self.unit, clock };
        let mut open = Open::default();
        for (index, name) in mapping.lists.iter().enumerate() {
            let list = if name.starts_with('/') { payload.pointer(name) } else { payload.get(name) };
            match list.filter(|list| !list.is_null()) {
                Some(list) => open.read(list, &keys),
                None if index == 0 => {
                    return Document::failed(heading, rules, "shape", format!("`{name}` is not there"));
                }
                None => {}
            }
        }
        tidy(open.close(rules), heading, rules)
    }
}
