//! Where prices come from, as the owner writes it, and checked.

use std::path::{Path, PathBuf};

use forecast::prices::mapping::{Mapped, Mapping, MappingError};
use forecast::prices::{Basis, Unit, UnitError, entsoe, octopus, smard};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::schedule::Horizon;

/// One source. Those through Home Assistant name an entity or what its action needs; those over HTTP have
/// a `url` only where another than the usual address is to be asked.
///
/// ```toml
/// [[prices.source]]
/// source = "tibber"
/// token_file = "tibber-token"
///
/// [[prices.source]]             # when the first does not know
/// source = "energy-charts"
/// zone = "DE-LU"
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RawSource {
    /// A sensor of Nord Pool from HACS, with `raw_today` and `raw_tomorrow`.
    NordpoolSensor {
        /// Its name.
        entity: String,
        /// What is in its prices.
        #[serde(default)]
        includes: Basis,
    },
    /// The action of Home Assistant's own Nord Pool integration.
    NordpoolAction {
        /// Id of the integration's entry.
        config_entry: String,
        /// Bidding zone: `DE-LU`, `SE3` …
        area: String,
        /// ISO 4217; else the home's.
        currency: Option<String>,
    },
    /// The action of Home Assistant's own Tibber integration.
    TibberAction {
        /// The home's nickname, where there are several.
        home: Option<String>,
    },
    /// A sensor of EPEX Spot or aWATTar from HACS.
    EpexSpotSensor {
        /// Its name.
        entity: String,
        /// What is in its prices.
        #[serde(default)]
        includes: Basis,
    },
    /// The events of Octopus Energy from HACS.
    OctopusEvents {
        /// Those of the current and of the next day.
        entities: Vec<String>,
    },
    /// The sensor of ENTSO-e from HACS.
    EntsoeSensor {
        /// Its name.
        entity: String,
        /// What is in its prices.
        #[serde(default)]
        includes: Basis,
    },
    /// The sensor of Energi Data Service from HACS.
    EnergiDataServiceSensor {
        /// Its name.
        entity: String,
        /// What is in its prices.
        #[serde(default)]
        includes: Basis,
    },
    /// Any sensor with a list of times and prices.
    Sensor {
        /// Its name.
        entity: String,
        /// Where in its attributes is what.
        mapping: Mapping,
    },
    /// Energy-Charts.
    EnergyCharts {
        /// Bidding zone.
        zone: String,
        /// Else the usual one.
        url: Option<String>,
    },
    /// aWATTar.
    Awattar {
        /// `DE-LU` or `AT`.
        zone: String,
        /// Else the usual one.
        url: Option<String>,
    },
    /// ENTSO-E's Transparency Platform.
    Entsoe {
        /// Bidding zone, or its EIC code.
        zone: String,
        /// A file with the security token.
        token_file: PathBuf,
        /// Else the usual one.
        url: Option<String>,
    },
    /// Octopus Energy.
    Octopus {
        /// Product, such as `AGILE-24-10-01`.
        product: String,
        /// Letter of the region, `A` to `P`.
        region: String,
        /// How the bill is paid, where prices depend on it.
        #[serde(default = "direct_debit")]
        payment: String,
        /// Else the usual one.
        url: Option<String>,
    },
    /// Energi Data Service.
    EnergiDataService {
        /// `DK1`, `DK2` and neighbours.
        area: String,
        /// Else the usual one.
        url: Option<String>,
    },
    /// Tibber.
    Tibber {
        /// A file with the access token.
        token_file: PathBuf,
        /// Id of the home, where several have a subscription.
        home: Option<String>,
        /// Else the usual one.
        url: Option<String>,
    },
    /// SMARD.
    Smard {
        /// Bidding zone.
        zone: String,
        /// Else the usual one.
        url: Option<String>,
    },
    /// A file with the columns `timestamp_utc`, `end_utc` (or quarter-hours) and a price; read again
    /// every 15 s.
    Csv {
        /// Which.
        file: PathBuf,
        /// Which column has the price.
        #[serde(default = "price_per_kwh")]
        column: String,
        /// What prices are counted in; else the currency per kWh.
        unit: Option<String>,
        /// What is in the prices.
        #[serde(default)]
        includes: Basis,
    },
    /// Always the same.
    Fixed {
        /// In the currency.
        price_per_kwh: f64,
    },
}

fn direct_debit() -> String {
    octopus::DIRECT_DEBIT.into()
}

fn price_per_kwh() -> String {
    "price_per_kwh".into()
}

/// Why a source cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// The mapping is wrong.
    #[error("mapping: {0}")]
    Mapping(#[from] MappingError),
    /// The unit is not known.
    #[error("unit: {0}")]
    Unit(#[from] UnitError),
    /// The source does not have that zone.
    #[error("zone: `{zone}` is not known to {source_name}; it has {known}")]
    Zone {
        /// What was asked for.
        zone: String,
        /// Which source.
        source_name: &'static str,
        /// What there is.
        known: &'static str,
    },
    /// The address is none.
    #[error("url: `{0}` is no address such as `https://example.org/`")]
    Address(String),
    /// No entities.
    #[error("entities: name the event of the current day and that of the next day")]
    Entities,
    /// A letter that is none.
    #[error("region: `{0}` is no letter from A to P")]
    Region(String),
    /// A number that is none.
    #[error("price_per_kwh: {0} is not finite")]
    Price(f64),
}

/// A checked source.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) raw: RawSource,
    pub(crate) kind: Kind,
    pub(crate) horizon: Horizon,
}

/// What a source needs beyond what the owner wrote.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Attributes or an action of Home Assistant.
    Home,
    Mapped(Box<Mapped>),
    /// An address; for some, a number or code in it.
    Http {
        base: Url,
        code: String,
    },
    Csv {
        unit: Unit,
    },
    Fixed,
}

impl RawSource {
    /// Checks the source. Files are relative to `folder`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(mut self, folder: &Path) -> Result<Source, SourceError> {
        match &mut self {
            Self::Entsoe { token_file: file, .. } | Self::Tibber { token_file: file, .. } | Self::Csv { file, .. } => {
                *file = folder.join(&file);
            }
            _ => {}
        }
        let http = |url: &Option<String>, usual: &str, code: &str| {
            let text = url.as_deref().unwrap_or(usual);
            let base = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let base = base.ok_or_else(|| SourceError::Address(text.to_owned()))?;
            Ok::<_, SourceError>(Kind::Http { base, code: code.to_owned() })
        };
        let kind = match &self {
            Self::NordpoolSensor { .. }
            | Self::NordpoolAction { .. }
            | Self::TibberAction { .. }
            | Self::EpexSpotSensor { .. }
            | Self::EntsoeSensor { .. }
            | Self::EnergiDataServiceSensor { .. } => Kind::Home,
            Self::OctopusEvents { entities } if entities.is_empty() => return Err(SourceError::Entities),
            Self::OctopusEvents { .. } => Kind::Home,
            Self::Sensor { mapping, .. } => Kind::Mapped(Box::new(mapping.clone().check()?)),
            Self::EnergyCharts { zone, url } => http(url, "https://api.energy-charts.info/price", zone)?,
            Self::Awattar { zone, url } => {
                let usual = match zone.as_str() {
                    "DE-LU" | "DE" => "https://api.awattar.de/v1/marketdata",
                    "AT" => "https://api.awattar.at/v1/marketdata",
                    _ => {
                        let zone = zone.clone();
                        return Err(SourceError::Zone { zone, source_name: "aWATTar", known: "`DE-LU` and `AT`" });
                    }
                };
                http(url, usual, "")?
            }
            Self::Entsoe { zone, url, .. } => {
                let code = entsoe::zone_code(zone).ok_or_else(|| SourceError::Zone {
                    zone: zone.clone(),
                    source_name: "ENTSO-E",
                    known: "names such as `DE-LU` or `SE3`, and EIC codes of 16 characters",
                })?;
                http(url, "https://web-api.tp.entsoe.eu/api", code)?
            }
            Self::Octopus { product, region, url, .. } => {
                let letter = region.len() == 1 && region.bytes().all(|b| (b'A'..=b'P').contains(&b));
                if !letter {
                    return Err(SourceError::Region(region.clone()));
                }
                let path = format!("{product}/electricity-tariffs/E-1R-{product}-{region}/standard-unit-rates/");
                http(url, "https://api.octopus.energy/v1/products/", &path)?
            }
            Self::EnergiDataService { area, url } => {
                http(url, "https://api.energidataservice.dk/dataset/DayAheadPrices", area)?
            }
            Self::Tibber { url, .. } => http(url, "https://api.tibber.com/v1-beta/gql", "")?,
            Self::Smard { zone, url } => {
                let filter = smard::filter_of(zone).ok_or_else(|| SourceError::Zone {
                    zone: zone.clone(),
                    source_name: "SMARD",
                    known: "`DE-LU`, `AT` and their neighbours",
                })?;
                http(url, "https://www.smard.de/app/chart_data/", &filter.to_string())?
            }
            Self::Csv { unit, .. } => {
                let unit = unit.as_deref().map(Unit::parse).transpose()?;
                Kind::Csv { unit: unit.map_or(Unit::PER_KWH, |(unit, _)| unit) }
            }
            Self::Fixed { price_per_kwh } if !price_per_kwh.is_finite() => {
                return Err(SourceError::Price(*price_per_kwh));
            }
            Self::Fixed { .. } => Kind::Fixed,
        };
        let horizon = match &self {
            Self::Octopus { .. } | Self::OctopusEvents { .. } => Horizon::octopus(),
            _ => Horizon::europe(),
        };
        Ok(Source { raw: self, kind, horizon })
    }
}

impl Source {
    /// Its name: `tibber`, `energy-charts` …
    pub fn name(&self) -> &'static str {
        match &self.raw {
            RawSource::NordpoolSensor { .. } => "nordpool-sensor",
            RawSource::NordpoolAction { .. } => "nordpool-action",
            RawSource::TibberAction { .. } => "tibber-action",
            RawSource::EpexSpotSensor { .. } => "epex-spot-sensor",
            RawSource::OctopusEvents { .. } => "octopus-events",
            RawSource::EntsoeSensor { .. } => "entsoe-sensor",
            RawSource::EnergiDataServiceSensor { .. } => "energi-data-service-sensor",
            RawSource::Sensor { .. } => "sensor",
            RawSource::EnergyCharts { .. } => "energy-charts",
            RawSource::Awattar { .. } => "awattar",
            RawSource::Entsoe { .. } => "entsoe",
            RawSource::Octopus { .. } => "octopus",
            RawSource::EnergiDataService { .. } => "energi-data-service",
            RawSource::Tibber { .. } => "tibber",
            RawSource::Smard { .. } => "smard",
            RawSource::Csv { .. } => "csv",
            RawSource::Fixed { .. } => "fixed",
        }
    }

    /// What its documents have in them; Tibber itself tells both prices, the total first.
    pub fn bases(&self) -> Vec<Basis> {
        match &self.raw {
            RawSource::NordpoolSensor { includes, .. }
            | RawSource::EpexSpotSensor { includes, .. }
            | RawSource::EntsoeSensor { includes, .. }
            | RawSource::EnergiDataServiceSensor { includes, .. }
            | RawSource::Csv { includes, .. } => vec![*includes],
            RawSource::Sensor { mapping, .. } => vec![mapping.includes],
            RawSource::TibberAction { .. } | RawSource::OctopusEvents { .. } | RawSource::Octopus { .. } => {
                vec![Basis::Total]
            }
            RawSource::Tibber { .. } => vec![Basis::Total, Basis::Market],
            RawSource::NordpoolAction { .. }
            | RawSource::EnergyCharts { .. }
            | RawSource::Awattar { .. }
            | RawSource::Entsoe { .. }
            | RawSource::EnergiDataService { .. }
            | RawSource::Smard { .. }
            | RawSource::Fixed { .. } => vec![Basis::Market],
        }
    }

    /// The entities that Home Assistant has to tell the attributes of.
    pub fn entities(&self) -> Vec<&str> {
        match &self.raw {
            RawSource::NordpoolSensor { entity, .. }
            | RawSource::EpexSpotSensor { entity, .. }
            | RawSource::EntsoeSensor { entity, .. }
            | RawSource::EnergiDataServiceSensor { entity, .. }
            | RawSource::Sensor { entity, .. } => vec![entity],
            RawSource::OctopusEvents { entities } => entities.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether asking costs nobody anything: attributes that are at hand, files, figures.
    pub(crate) fn is_at_hand(&self) -> bool {
        !self.entities().is_empty() || matches!(self.kind, Kind::Csv { .. } | Kind::Fixed)
    }

    /// Whether it is asked through Home Assistant.
    pub(crate) fn is_at_home(&self) -> bool {
        matches!(self.kind, Kind::Home | Kind::Mapped(_))
    }
}

#[cfg(test)]
mod tests;
