//! Where weather and sun ahead come from, as the owner writes it, and checked.

use std::path::{Path, PathBuf};

use forecast::solar::panel::Array;
use forecast::solar::sun::Place;
use serde::{Deserialize, Serialize};
use url::Url;

use super::question::Question;

/// A source of weather.
///
/// ```toml
/// [[weather.source]]
/// source = "home-assistant"
/// entity = "weather.home"
///
/// [[weather.source]]            # when the first does not know
/// source = "open-meteo"
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RawWeatherSource {
    /// The action `weather.get_forecasts`.
    HomeAssistant {
        /// A weather entity with hourly forecasts.
        entity: String,
    },
    /// Open-Meteo.
    OpenMeteo {
        /// Such as `icon_d2`; else the best for the place.
        model: Option<String>,
        /// Else the usual one.
        url: Option<String>,
    },
}

/// A source of what the sun will give.
///
/// ```toml
/// [[solar.source]]
/// source = "home-assistant"     # what the Energy dashboard uses
///
/// [[solar.source]]              # when the first does not know
/// source = "open-meteo"
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RawSolarSource {
    /// The forecasts of Home Assistant's Energy dashboard, whoever provides them.
    HomeAssistant {
        /// Ids of the integrations' entries; none: all of the dashboard. They are added up.
        #[serde(default)]
        config_entries: Vec<String>,
    },
    /// Forecast.Solar; asked once for each array.
    ForecastSolar {
        /// A file with the key of an account.
        api_key_file: Option<PathBuf>,
        /// Else the usual one.
        url: Option<String>,
    },
    /// Solcast's rooftop sites, which are added up.
    Solcast {
        /// Their resource ids.
        sites: Vec<String>,
        /// A file with the key.
        token_file: PathBuf,
        /// What the account allows; a site takes one.
        #[serde(default = "ten")]
        requests_per_day: u32,
        /// Else the usual one.
        url: Option<String>,
    },
    /// The sensors of Solcast from HACS, with the attribute `detailedForecast`.
    SolcastSensor {
        /// Those of today, tomorrow and further days.
        entities: Vec<String>,
    },
    /// Irradiance from Open-Meteo, and a model of the panels.
    OpenMeteo {
        /// Such as `icon_d2`; else the best for the place.
        model: Option<String>,
        /// Else the usual one.
        url: Option<String>,
    },
}

fn ten() -> u32 {
    10
}

/// Why a source cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SkySourceError {
    /// The address is none.
    #[error("url: `{0}` is no address such as `https://example.org/`")]
    Address(String),
    /// No such model.
    #[error("model: `{0}` is no name such as `icon_d2`")]
    Model(String),
    /// No sites.
    #[error("sites: name at least one resource id of Solcast")]
    Sites,
    /// A site that is none.
    #[error("sites: `{0}` is no resource id such as `1a2b-3c4d-5e6f-7a8b`")]
    Site(String),
    /// More sites than requests.
    #[error("requests_per_day: {requests} are not enough for {sites} sites")]
    Requests {
        /// Of a day.
        requests: u32,
        /// How many.
        sites: usize,
    },
    /// No entities.
    #[error("entities: name the sensor of today and that of tomorrow")]
    Entities,
}

/// Where the home is and what is on its roof.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// None: Home Assistant's.
    pub whereabouts: Option<Place>,
    /// What looks which way.
    pub arrays: Vec<Array>,
    /// The most that the inverter gives, watt.
    pub inverter_limit_w: Option<f64>,
}

impl Site {
    pub(crate) fn peak_w(&self) -> f64 {
        self.arrays.iter().map(|array| array.peak_w).sum()
    }
}

/// A checked source of weather.
#[derive(Clone, Debug)]
pub struct WeatherSource {
    pub(crate) raw: RawWeatherSource,
    pub(crate) question: Question,
}

/// A checked source of what the sun will give.
#[derive(Clone, Debug)]
pub struct SolarSource {
    pub(crate) raw: RawSolarSource,
    pub(crate) question: Question,
}

impl RawWeatherSource {
    /// Checks the source.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(self) -> Result<WeatherSource, SkySourceError> {
        let question = match &self {
            Self::HomeAssistant { entity } => Question::HomeWeather { entity: entity.clone() },
            Self::OpenMeteo { model, url } => open_meteo(model.as_deref(), url.as_deref())?,
        };
        Ok(WeatherSource { raw: self, question })
    }
}

impl RawSolarSource {
    /// Checks the source. Files are relative to `folder`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(self, folder: &Path) -> Result<SolarSource, SkySourceError> {
        let question = match &self {
            Self::HomeAssistant { config_entries } => Question::HomeSolar { config_entries: config_entries.clone() },
            Self::ForecastSolar { api_key_file, url } => Question::ForecastSolar {
                base: address(url.as_deref(), "https://api.forecast.solar/")?,
                api_key_file: api_key_file.as_ref().map(|file| folder.join(file)),
            },
            Self::Solcast { sites, .. } if sites.is_empty() => return Err(SkySourceError::Sites),
            Self::Solcast { sites, token_file, requests_per_day, url } => {
                let good = |site: &&String| site.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                if let Some(site) = sites.iter().find(|site| site.is_empty() || !good(site)) {
                    return Err(SkySourceError::Site(site.clone()));
                }
                if usize::try_from(*requests_per_day).is_ok_and(|requests| requests < sites.len()) {
                    return Err(SkySourceError::Requests { requests: *requests_per_day, sites: sites.len() });
                }
                Question::Solcast {
                    base: address(url.as_deref(), "https://api.solcast.com.au/rooftop_sites/")?,
                    sites: sites.clone(),
                    token_file: folder.join(token_file),
                    requests_per_day: *requests_per_day,
                }
            }
            Self::SolcastSensor { entities } if entities.is_empty() => return Err(SkySourceError::Entities),
            Self::SolcastSensor { entities } => Question::SolcastSensor { entities: entities.clone() },
            Self::OpenMeteo { model, url } => open_meteo(model.as_deref(), url.as_deref())?,
        };
        Ok(SolarSource { raw: self, question })
    }
}

fn open_meteo(model: Option<&str>, url: Option<&str>) -> Result<Question, SkySourceError> {
    // Several would give a column each.
    let good = |model: &str| !model.is_empty() && model.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if let Some(model) = model.filter(|model| !good(model)) {
        return Err(SkySourceError::Model(model.to_owned()));
    }
    let base = address(url, "https://api.open-meteo.com/v1/forecast")?;
    Ok(Question::OpenMeteo { base, model: model.map(str::to_owned) })
}

fn address(url: Option<&str>, usual: &str) -> Result<Url, SkySourceError> {
    let text = url.unwrap_or(usual);
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| SkySourceError::Address(text.to_owned()))
}

impl WeatherSource {
    /// Its name: `home-assistant`, `open-meteo`.
    pub fn name(&self) -> &'static str {
        self.question.name()
    }

    /// The entity that Home Assistant has to tell the attributes of.
    pub fn entities(&self) -> Vec<&str> {
        self.question.entities()
    }
}

impl SolarSource {
    /// Its name: `forecast-solar`, `solcast` …
    pub fn name(&self) -> &'static str {
        self.question.name()
    }

    /// The entities that Home Assistant has to tell the attributes of.
    pub fn entities(&self) -> Vec<&str> {
        self.question.entities()
    }

    /// Whether it has to be told what is on the roof.
    pub fn needs_arrays(&self) -> bool {
        self.question.needs_place()
    }
}

#[cfg(test)]
mod tests;
