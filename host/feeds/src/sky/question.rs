//! What is asked, and how often.

use std::path::PathBuf;

use jiff::SignedDuration;
use url::Url;

use super::source::Site;

/// Home Assistant has what its integrations fetched.
const HOME_EVERY: SignedDuration = SignedDuration::from_mins(30);
/// Open-Meteo's models are calculated anew every one to three hours.
const OPEN_METEO_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Forecast.Solar gives 12 answers an hour to an address without an account; an array takes one.
const FORECAST_SOLAR_EVERY: SignedDuration = SignedDuration::from_hours(1);
const FORECAST_SOLAR_EVERY_FOR_AN_ARRAY: SignedDuration = SignedDuration::from_mins(15);

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    HomeWeather { entity: String },
    HomeSolar { config_entries: Vec<String> },
    OpenMeteo { base: Url, model: Option<String> },
    ForecastSolar { base: Url, api_key_file: Option<PathBuf> },
    Solcast { base: Url, sites: Vec<String>, token_file: PathBuf, requests_per_day: u32 },
    SolcastSensor { entities: Vec<String> },
}

impl Question {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::HomeWeather { .. } | Self::HomeSolar { .. } => "home-assistant",
            Self::OpenMeteo { .. } => "open-meteo",
            Self::ForecastSolar { .. } => "forecast-solar",
            Self::Solcast { .. } => "solcast",
            Self::SolcastSensor { .. } => "solcast-sensor",
        }
    }

    pub(crate) fn entities(&self) -> Vec<&str> {
        match self {
            Self::HomeWeather { entity } => vec![entity],
            Self::SolcastSensor { entities } => entities.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is asked through Home Assistant.
    pub(crate) fn is_at_home(&self) -> bool {
        matches!(self, Self::HomeWeather { .. } | Self::HomeSolar { .. } | Self::SolcastSensor { .. })
    }

    /// Whether asking costs nobody anything.
    pub(crate) fn is_at_hand(&self) -> bool {
        matches!(self, Self::SolcastSensor { .. })
    }

    /// Whether it has to be told where the home is.
    pub(crate) fn needs_place(&self) -> bool {
        matches!(self, Self::OpenMeteo { .. } | Self::ForecastSolar { .. })
    }

    /// The distance at which it has something new, and may be asked.
    pub(crate) fn every(&self, site: &Site) -> SignedDuration {
        match self {
            Self::OpenMeteo { .. } => OPEN_METEO_EVERY,
            Self::ForecastSolar { .. } => {
                let arrays = i32::try_from(site.arrays.len()).unwrap_or(i32::MAX);
                FORECAST_SOLAR_EVERY.max(FORECAST_SOLAR_EVERY_FOR_AN_ARRAY.saturating_mul(arrays))
            }
            Self::Solcast { requests_per_day, .. } => {
                let share = f64::from(self.requests()) / f64::from(*requests_per_day);
                SignedDuration::from_hours(24).mul_f64(share)
            }
            Self::HomeWeather { .. } | Self::HomeSolar { .. } | Self::SolcastSensor { .. } => HOME_EVERY,
        }
    }

    /// How many requests asking takes, where they are counted.
    pub(crate) fn requests(&self) -> u32 {
        match self {
            Self::Solcast { sites, .. } => u32::try_from(sites.len()).unwrap_or(u32::MAX),
            _ => 0,
        }
    }

    /// How many requests a day may have; `None`: nobody counts.
    pub(crate) fn requests_per_day(&self) -> Option<u32> {
        match self {
            Self::Solcast { requests_per_day, .. } => Some(*requests_per_day),
            _ => None,
        }
    }
}
