//! Asks one source, whatever kind it is.

use std::path::Path;
use std::time::Duration;

use forecast::solar::outlook::{Outlook, SolarPeriod, sum_of_slots};
use forecast::solar::panel::{self, Plant};
use forecast::solar::sun::Place;
use forecast::solar::{forecast_solar, home_assistant, solcast};
use forecast::weather::{self, open_meteo};
use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::Problem;
use serde_json::{Value, json};
use url::Url;

use super::question::Question;
use super::said::Said;
use super::source::Site;
use crate::feed::FetchError;
use crate::http::{Http, HttpError};
use crate::port::HomePort;
use crate::query::secret;

const OPEN_METEO: &str = "temperature_2m,cloud_cover,direct_normal_irradiance,diffuse_radiation";
/// Whatever a server says, it is asked again after this long.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(24);
/// Of Forecast.Solar's limit, where a refusal does not say it.
const FORECAST_SOLAR_PERIOD: Duration = Duration::from_secs(3_600);
/// No panels give so much more than their peak power.
const MOST_OF_PEAK: f64 = 1.5;

/// What a source answers.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// What it says.
    pub said: Said,
    /// How long it wants to be left alone.
    pub rest: Option<SignedDuration>,
}

/// What asking takes.
pub(crate) struct Asking<'a> {
    pub http: &'a Http,
    pub home: Option<&'a dyn HomePort>,
    pub site: &'a Site,
    /// Where the home is, as far as it is known.
    pub place: Option<Place>,
    pub now: Timestamp,
}

impl Asking<'_> {
    pub(crate) async fn ask(&self, question: &Question) -> Result<Answer, FetchError> {
        let mut answer = match question {
            Question::HomeWeather { entity } => self.home_weather(entity).await,
            Question::HomeSolar { config_entries } => self.home_solar(config_entries).await,
            Question::OpenMeteo { base, model } => self.open_meteo(base, model.as_deref()).await,
            Question::ForecastSolar { base, api_key_file } => self.forecast_solar(base, api_key_file.as_deref()).await,
            Question::Solcast { base, sites, token_file, .. } => self.solcast(base, sites, token_file).await,
            Question::SolcastSensor { entities } => self.solcast_sensor(entities),
        }?;
        let most_w = answer.said.solar.iter().map(|period| period.power_w).fold(0.0, f64::max);
        let peak_w = self.site.peak_w();
        if peak_w > 0.0 && most_w > MOST_OF_PEAK * peak_w {
            let text =
                format!("it tells up to {most_w:.0} W, and the arrays have {peak_w:.0} W: is its unit another one?");
            return Err(FetchError::Useless(text));
        }
        if let Some(limit_w) = self.site.inverter_limit_w {
            answer.said.solar.iter_mut().for_each(|period| period.power_w = period.power_w.min(limit_w));
        }
        Ok(answer)
    }

    fn home(&self) -> Result<&dyn HomePort, FetchError> {
        self.home.ok_or_else(|| FetchError::Home("there is no connection to one".into()))
    }

    fn attributes(&self, entity: &str) -> Result<Value, FetchError> {
        self.home()?.attributes(entity).ok_or_else(|| FetchError::Home(format!("there is no entity `{entity}`")))
    }

    fn place(&self) -> Result<Place, FetchError> {
        self.place.ok_or(FetchError::Nowhere)
    }

    async fn home_weather(&self, entity: &str) -> Result<Answer, FetchError> {
        let attributes = self.attributes(entity)?;
        let fahrenheit = match attributes.get("temperature_unit").and_then(Value::as_str) {
            Some("°C") => false,
            Some("°F") => true,
            unit => {
                let text = format!("`temperature_unit` of `{entity}` is {unit:?}, expected `°C` or `°F`");
                return Err(FetchError::Useless(text));
            }
        };
        let data = json!({ "type": "hourly", "entity_id": entity });
        let answer = self.home()?.call_action("weather", "get_forecasts", data).await.map_err(FetchError::Home)?;
        let (weather, problems) = weather::parse(&answer, entity, fahrenheit);
        Ok(Answer { said: Said { weather, problems, ..Said::default() }, rest: None })
    }

    async fn home_solar(&self, config_entries: &[String]) -> Result<Answer, FetchError> {
        let answer = self.home()?.solar_forecast().await.map_err(FetchError::Home)?;
        let mut outlooks = home_assistant::parse(&answer);
        if let Some(missing) = config_entries.iter().find(|entry| !outlooks.contains_key(*entry)) {
            let text = format!("the Energy dashboard has no solar forecast of the config entry `{missing}`");
            return Err(FetchError::Useless(text));
        }
        if !config_entries.is_empty() {
            outlooks.retain(|entry, _| config_entries.contains(entry));
        }
        if outlooks.is_empty() {
            let text = "no solar forecast is chosen for the solar panels of the Energy dashboard";
            return Err(FetchError::Useless(text.into()));
        }
        Ok(Answer { said: self.sum(outlooks.into_values().collect(), None), rest: None })
    }

    async fn open_meteo(&self, base: &Url, model: Option<&str>) -> Result<Answer, FetchError> {
        let place = self.place()?;
        let mut url = base.clone();
        url.query_pairs_mut()
            .append_pair("latitude", &degrees(place.latitude))
            .append_pair("longitude", &degrees(place.longitude))
            .append_pair("minutely_15", OPEN_METEO)
            .append_pair("timeformat", "unixtime")
            .append_pair("timezone", "GMT")
            .append_pair("forecast_days", "4")
            .extend_pairs(model.map(|model| ("models", model)));
        let open_meteo::Forecast { sky, weather, mut problems } =
            open_meteo::parse(&json_of(self.http.get(url, self.now).await?)?);
        let plants = [Plant { arrays: self.site.arrays.clone(), inverter_limit_w: self.site.inverter_limit_w }];
        let of_slots = |starts| panel::power_of_slots(&plants, place, &sky, starts);
        let solar = self.slots(sky.first().map(|p| p.start), sky.last().map(|p| p.end), of_slots);
        if !solar.is_empty() {
            // Towards its end a forecast may know one thing and not the other.
            problems.retain(|problem| problem.code != "missing");
        }
        Ok(Answer { said: Said { weather, solar, problems }, rest: None })
    }

    async fn forecast_solar(&self, base: &Url, api_key_file: Option<&Path>) -> Result<Answer, FetchError> {
        let place = self.place()?;
        let key = match api_key_file {
            Some(file) => Some(secret(file).await?),
            None => None,
        };
        let mut outlooks = Vec::new();
        let mut rest = None;
        for array in &self.site.arrays {
            let whole = |degrees: f64| format!("{}", degrees.round() as i64);
            let mut url = base.clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(&key).extend([
                    "estimate",
                    &degrees(place.latitude),
                    &degrees(place.longitude),
                    &whole(array.tilt_deg),
                    &whole(array.azimuth_deg),
                    &format!("{}", array.peak_w / 1_000.0),
                ]);
            }
            // Else times are local and have no offset.
            url.query_pairs_mut().append_pair("time", "iso8601");
            let answer = match self.http.get(url, self.now).await {
                Err(HttpError::Limited { retry_after: None }) => {
                    Err(HttpError::Limited { retry_after: Some(FORECAST_SOLAR_PERIOD) })
                }
                answer => answer,
            };
            let answer = answer.map_err(FetchError::from).and_then(json_of);
            let answer = answer.map_err(|error| without(error, key.as_deref()))?;
            if let Some(limit) = forecast_solar::rate_limit(&answer)
                && usize::try_from(limit.remaining).is_ok_and(|remaining| remaining < self.site.arrays.len())
            {
                rest = Some(limit.period.clamp(SignedDuration::ZERO, LONGEST_REST));
            }
            outlooks.push(forecast_solar::parse(&answer));
        }
        Ok(Answer { rest, said: self.sum(outlooks, key.as_deref()) })
    }

    async fn solcast(&self, base: &Url, sites: &[String], token_file: &Path) -> Result<Answer, FetchError> {
        let token = secret(token_file).await?;
        let mut outlooks = Vec::new();
        for site in sites {
            let mut url = base.clone();
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend([site, "forecasts"]);
            }
            url.query_pairs_mut().append_pair("format", "json").append_pair("hours", "72");
            let answer = self.http.get_with_token(url, &token, self.now).await.map_err(FetchError::from);
            let answer = answer.and_then(json_of).map_err(|error| without(error, Some(&token)))?;
            outlooks.push(solcast::parse(&answer));
        }
        Ok(Answer { said: self.sum(outlooks, Some(&token)), rest: None })
    }

    /// Each sensor has a day of its own.
    fn solcast_sensor(&self, entities: &[String]) -> Result<Answer, FetchError> {
        let mut list = Vec::new();
        for entity in entities {
            match self.attributes(entity)?.get_mut("detailedForecast").map(Value::take) {
                Some(Value::Array(day)) => list.extend(day),
                // The days further on may not be there yet.
                _ if !list.is_empty() => {}
                _ => {
                    let text = format!("`{entity}` has no list `detailedForecast` among its attributes");
                    return Err(FetchError::Useless(text));
                }
            }
        }
        let outlook = solcast::parse(&Value::Array(list));
        Ok(Answer { said: self.sum(vec![outlook], None), rest: None })
    }

    /// What all roofs give together.
    fn sum(&self, outlooks: Vec<Outlook>, key: Option<&str>) -> Said {
        let start = outlooks.iter().filter_map(|outlook| outlook.periods.first()).map(|period| period.start).min();
        let end = outlooks.iter().filter_map(Outlook::known_until).max();
        let solar = self.slots(start, end, |starts| sum_of_slots(&outlooks, starts));
        let mut problems: Vec<Problem> = outlooks.into_iter().flat_map(|outlook| outlook.problems).collect();
        problems.iter_mut().for_each(|problem| problem.text = hidden(&problem.text, key));
        Said { solar, problems, ..Said::default() }
    }

    /// The slots of which something is known, as far as anything can be said now.
    fn slots(
        &self,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
        of_slots: impl FnOnce(Vec<Timestamp>) -> Vec<Option<f64>>,
    ) -> Vec<SolarPeriod> {
        let (from, until) = Said::window(self.now);
        let (Some(start), Some(end)) = (start, end) else { return Vec::new() };
        let starts: Vec<Timestamp> = slot::starts(start.max(from), end.min(until)).collect();
        let powers = of_slots(starts.clone());
        let known = starts.into_iter().zip(powers).filter_map(|(start, power_w)| Some((start, power_w?)));
        known.map(|(start, power_w)| SolarPeriod { start, end: slot::next(start), power_w }).collect()
    }
}

fn json_of(payload: Option<Vec<u8>>) -> Result<Value, FetchError> {
    let payload = payload.ok_or_else(|| FetchError::Useless("the answer is empty (status 204)".into()))?;
    serde_json::from_slice(&payload).map_err(|error| FetchError::Useless(format!("the answer is no JSON: {error}")))
}

/// About a hundred metres are near enough, and say less of who asks.
fn degrees(degrees: f64) -> String {
    format!("{degrees:.3}")
}

fn without(error: FetchError, key: Option<&str>) -> FetchError {
    match error {
        FetchError::Http(HttpError::Refused { status, text }) => {
            FetchError::Http(HttpError::Refused { status, text: hidden(&text, key) })
        }
        FetchError::Useless(text) => FetchError::Useless(hidden(&text, key)),
        error => error,
    }
}

/// Some repeat a wrong key in what they answer.
fn hidden(text: &str, key: Option<&str>) -> String {
    key.map_or_else(|| text.to_owned(), |key| text.replace(key, "(the key)"))
}
