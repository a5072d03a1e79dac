//! Where weather and sun ahead come from.

use std::path::Path;

use feeds::{RawSolarSource, Site, SolarSource, WeatherSource};
use forecast::solar::panel::Array;
use forecast::solar::sun::Place;

use super::Check;
use super::raw::{RawHome, RawSolar, RawWeather};

/// Where weather and sun ahead come from, the best first.
#[derive(Clone, Debug, Default)]
pub struct SkySources {
    /// Of temperature and clouds.
    pub weather: Vec<WeatherSource>,
    /// Of the sun's power.
    pub solar: Vec<SolarSource>,
    /// Where the home is and what is on its roof.
    pub site: Site,
}

impl Check {
    pub(super) fn site(&mut self, home: &RawHome, solar: Option<&RawSolar>) -> Site {
        let whereabouts = match (home.latitude, home.longitude) {
            (Some(latitude), Some(longitude)) => {
                self.within("home.latitude", latitude, -90.0, 90.0);
                self.within("home.longitude", longitude, -180.0, 180.0);
                Some(Place { latitude, longitude })
            }
            (None, None) => None,
            (latitude, _) => {
                let (field, other) =
                    if latitude.is_some() { ("latitude", "longitude") } else { ("longitude", "latitude") };
                let text = format!("set `{other}` as well, or neither: then it is Home Assistant's place");
                self.problem(&format!("home.{field}"), text);
                None
            }
        };
        let Some(solar) = solar else { return Site { whereabouts, ..Site::default() } };
        let arrays = solar.array.iter().enumerate().map(|(index, raw)| {
            let field = |name: &str| format!("solar.array, number {}: {name}", index + 1);
            let usual = Array::new(raw.peak_w, raw.tilt_deg, raw.azimuth_deg);
            let array = Array { losses: raw.losses.unwrap_or(usual.losses), ..usual };
            self.positive(&field("peak_w"), array.peak_w);
            self.within(&field("tilt_deg"), array.tilt_deg, 0.0, 90.0);
            self.within(&field("azimuth_deg"), array.azimuth_deg, -180.0, 180.0);
            self.within(&field("losses"), array.losses, 0.0, 0.9);
            array
        });
        let arrays = arrays.collect();
        let inverter_limit_w = solar.inverter_limit_w.inspect(|w| self.positive("solar.inverter_limit_w", *w));
        Site { whereabouts, arrays, inverter_limit_w }
    }

    pub(super) fn sky(
        &mut self,
        weather: RawWeather,
        solar: Vec<RawSolarSource>,
        site: Site,
        folder: &Path,
    ) -> SkySources {
        if let Some(entity) = weather.entity {
            let text = format!(
                "there may be several sources now; write [[weather.source]] with source = \"home-assistant\" and \
                 entity = \"{entity}\""
            );
            self.problem("weather.entity", text);
        }
        let mut sources = SkySources { site, ..SkySources::default() };
        for (index, source) in weather.source.into_iter().enumerate() {
            match source.check() {
                Ok(source) => sources.weather.push(source),
                Err(error) => self.problem(&format!("weather.source, number {}", index + 1), error.to_string()),
            }
        }
        for (index, source) in solar.into_iter().enumerate() {
            let field = format!("solar.source, number {}", index + 1);
            match source.check(folder) {
                Ok(source) if source.needs_arrays() && sources.site.arrays.is_empty() => {
                    let text = format!(
                        "`{}` has to be told of the panels; add [[solar.array]] with `peak_w`, `tilt_deg` and \
                         `azimuth_deg` (from south, west positive)",
                        source.name()
                    );
                    self.problem(&field, text);
                }
                Ok(source) => sources.solar.push(source),
                Err(error) => self.problem(&field, error.to_string()),
            }
        }
        sources
    }
}
