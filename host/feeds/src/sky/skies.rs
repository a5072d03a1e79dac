//! What is known of weather and sun after a step.

use forecast::WeatherHour;
use forecast::solar::outlook::SolarPeriod;
use jiff::Timestamp;
use model::snapshot::Problem;

use super::said::of_slot;
use crate::feeds::SourceStatus;

/// What problems with the weather are about.
pub(super) const WEATHER: &str = "ahead.temperature-c";
/// What problems with the sun are about.
pub(super) const SOLAR: &str = "ahead.solar-w";

/// What is known after a step: for those who must not wait for the next one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Skies {
    /// Slot by slot from the step's one on; an entry without values ends what is known.
    pub weather: Vec<WeatherHour>,
    /// Who says the first of it.
    pub weather_from: Option<String>,
    /// Slots from the step's one on, in order of time; may have gaps.
    pub solar: Vec<SolarPeriod>,
    /// Who says the first of it.
    pub solar_from: Option<String>,
    /// How each source is doing.
    pub status: Vec<SourceStatus>,
    pub(super) named: Vec<Problem>,
    pub(super) asks_weather: bool,
    pub(super) asks_solar: bool,
}

impl Skies {
    /// Mean power of the sun in each slot, watt; `None`: nobody says.
    pub fn solar_of(&self, starts: impl IntoIterator<Item = Timestamp>) -> Vec<Option<f64>> {
        starts.into_iter().map(|start| of_slot(&self.solar, start)).collect()
    }

    /// What is wrong with sources that are needed, and what nobody knows at `now`.
    pub fn problems(&self, now: Timestamp) -> Vec<Problem> {
        let mut problems = self.named.clone();
        let mut unknown = |asks: bool, known: bool, subject: &str, text: &str| {
            if asks && !known && !problems.iter().any(|problem| problem.subject == subject) {
                let (code, subject) = ("missing".to_owned(), subject.to_owned());
                problems.push(Problem { code, subject, text: text.to_owned(), assumed: String::new() });
            }
        };
        let weather = forecast::weather::at(&self.weather, now);
        let weather = weather.is_some_and(|hour| hour.temperature_c.or(hour.cloud_cover_pct).is_some());
        unknown(self.asks_weather, weather, WEATHER, "no weather is known for the present quarter-hour");
        // At night a source may have nothing to say.
        let solar = self.solar.last().is_some_and(|period| period.end > now);
        unknown(self.asks_solar, solar, SOLAR, "no solar forecast is known for the time ahead");
        problems
    }
}
