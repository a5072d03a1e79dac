//! All sources, step by step.

use std::sync::Arc;

use forecast::solar::sun::Place;
use forecast::weather;
use jiff::Timestamp;
use model::snapshot::Problem;
use tokio::sync::watch;

use super::ask::{Answer, Asking};
use super::budget::Spent;
use super::feed::{Feed, Key};
use super::merge::{self, Voice};
use super::question::Question;
use super::said::Said;
use super::skies::{SOLAR, Skies, WEATHER};
use super::source::{RawSolarSource, RawWeatherSource, Site, SolarSource, WeatherSource};
use crate::cache::Kept;
use crate::drive::{self, Driven};
use crate::feeds::{HOME_AGAIN, LOOK, Settings, SourceStatus};
use crate::http::{Http, HttpError};
use crate::port::HomePort;
use crate::schedule::{Health, SPREAD, later};

/// All sources of weather and sun, each kind in order of preference.
pub struct Sky {
    feeds: Vec<Feed>,
    /// Which of them tell the weather, the best first.
    weather: Vec<usize>,
    /// Which of them tell the sun, the best first.
    solar: Vec<usize>,
    site: Site,
    settings: Settings,
    http: Http,
    home: Option<Arc<dyn HomePort>>,
}

impl Sky {
    /// Sources, the best first, with what the cache has of them.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    pub fn new(
        weather: Vec<WeatherSource>,
        solar: Vec<SolarSource>,
        site: Site,
        settings: Settings,
        home: Option<Arc<dyn HomePort>>,
    ) -> Result<Self, HttpError> {
        let http = Http::new(settings.limits)?;
        let mut all = Self { feeds: Vec::new(), weather: Vec::new(), solar: Vec::new(), site, settings, http, home };
        for source in weather {
            let index = all.add(Some(source.raw), None, source.question);
            all.weather.push(index);
        }
        for source in solar {
            // One answer of Open-Meteo has both.
            let twin = all.feeds.iter().position(|feed| match (&feed.key.weather, &source.raw) {
                (
                    Some(RawWeatherSource::OpenMeteo { model, url }),
                    RawSolarSource::OpenMeteo { model: own_model, url: own_url },
                ) => (model, url) == (own_model, own_url),
                _ => false,
            });
            let index = match twin {
                Some(index) => {
                    all.feeds[index].key.solar = Some(source.raw);
                    index
                }
                None => all.add(None, Some(source.raw), source.question),
            };
            all.solar.push(index);
        }
        all.recall();
        Ok(all)
    }

    fn add(&mut self, weather: Option<RawWeatherSource>, solar: Option<RawSolarSource>, question: Question) -> usize {
        self.feeds.push(Feed {
            key: Key { weather, solar, site: self.site.clone() },
            question,
            health: Health::default(),
            said: Said::default(),
            spent: Spent::default(),
            looked_at: None,
            die: (self.settings.dice)(),
        });
        self.feeds.len() - 1
    }

    fn recall(&mut self) {
        let Some(cache) = &self.settings.cache else { return };
        for feed in &mut self.feeds {
            if let Some(kept) = cache.load::<_, (Said, Spent)>(&feed.key) {
                feed.health = kept.health;
                (feed.said, feed.spent) = kept.said;
            }
        }
    }

    /// Where the home is: what is configured, else what Home Assistant says.
    fn place(&self) -> Option<Place> {
        self.site.whereabouts.or_else(|| self.home.as_ref()?.whereabouts())
    }

    /// What is known, what is wrong and how the sources are doing at `now`, to be kept.
    pub fn skies(&self, now: Timestamp) -> Skies {
        let (weather, weather_from) = merge::weather(&self.ranked(&self.weather, now, true), now);
        let (solar, solar_from) = merge::solar(&self.ranked(&self.solar, now, false), now);
        Skies {
            weather,
            weather_from,
            solar,
            solar_from,
            status: (0..self.feeds.len()).map(|index| self.status(index, now)).collect(),
            named: self.problems(now),
            asks_weather: !self.weather.is_empty(),
            asks_solar: !self.solar.is_empty(),
        }
    }

    /// Those that have answered lately first; within these and the others by preference.
    fn ranked(&self, order: &[usize], now: Timestamp, is_weather: bool) -> Vec<Voice<'_>> {
        let all = order.iter().map(|index| &self.feeds[*index]);
        let (fresh, old): (Vec<&Feed>, Vec<&Feed>) = all.partition(|feed| feed.is_fresh(now, &self.site));
        let lasts = |feed: &&Feed| !is_weather || !feed.is_too_old(now);
        fresh.into_iter().chain(old.into_iter().filter(lasts)).map(Feed::voice).collect()
    }

    /// Whether better ones that have answered lately leave something of a kind to it.
    fn is_needed(&self, index: usize, order: &[usize], now: Timestamp, leave: impl Fn(&[Voice]) -> bool) -> bool {
        let Some(rank) = order.iter().position(|own| *own == index) else { return false };
        let better = order[..rank].iter().map(|better| &self.feeds[*better]);
        let voices: Vec<Voice> = better.filter(|feed| feed.is_fresh(now, &self.site)).map(Feed::voice).collect();
        leave(&voices)
    }

    fn is_needed_for_weather(&self, index: usize, now: Timestamp) -> bool {
        self.is_needed(index, &self.weather, now, |voices| merge::leave_weather(voices, now))
    }

    fn is_needed_for_solar(&self, index: usize, now: Timestamp) -> bool {
        self.is_needed(index, &self.solar, now, |voices| merge::leave_solar(voices, self.place(), now))
    }

    fn status(&self, index: usize, now: Timestamp) -> SourceStatus {
        let feed = &self.feeds[index];
        let weather = weather::known_until(&feed.said.weather);
        SourceStatus {
            name: feed.question.name(),
            health: feed.health.clone(),
            due: self.due(index, now),
            known_until: weather.max(feed.said.solar_until()),
        }
    }

    fn problems(&self, now: Timestamp) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, feed) in self.feeds.iter().enumerate() {
            let until = weather::known_until(&feed.said.weather);
            if self.is_needed_for_weather(index, now) {
                problems.extend(feed.problem((WEATHER, "weather"), until, now, feed.is_too_old(now)));
            }
            if self.is_needed_for_solar(index, now) {
                problems.extend(feed.problem((SOLAR, "solar forecast"), feed.said.solar_until(), now, false));
            }
            if self.is_needed_for_weather(index, now) || self.is_needed_for_solar(index, now) {
                problems.extend(feed.said.problems.iter().cloned());
            }
        }
        problems
    }

    /// Steps for good and tells what is known after each step. `clock` tells the time; `wake` changes when Home
    /// Assistant may have something new. Ends when nobody listens any more.
    pub async fn run<T: Send + Sync>(
        self,
        clock: impl Fn() -> Timestamp + Send,
        wake: watch::Receiver<T>,
        told: watch::Sender<Skies>,
    ) {
        drive::run(self, clock, wake, told).await;
    }

    /// Asks whatever is due, in order of preference, and says when to be called again. Calling earlier does
    /// no harm: do so when Home Assistant's attributes have changed or its connection is back.
    pub async fn step(&mut self, now: Timestamp) -> Timestamp {
        for index in 0..self.feeds.len() {
            // Whether a source is needed depends on what the better ones just said.
            if !self.waits_for_home(index) && self.due(index, now) <= now {
                self.ask(index, now).await;
            }
        }
        let next = (0..self.feeds.len()).map(|index| self.due(index, now)).min();
        next.map_or(Timestamp::MAX, |next| next.max(later(now, HOME_AGAIN)))
    }

    /// A source that cannot be asked without the home's connection is not to blame for it.
    fn waits_for_home(&self, index: usize) -> bool {
        let question = &self.feeds[index].question;
        let is_up = self.home.as_ref().map(|home| home.is_up());
        (question.is_at_home() && is_up != Some(true))
            || (question.needs_place() && self.place().is_none() && is_up == Some(false))
    }

    fn due(&self, index: usize, now: Timestamp) -> Timestamp {
        let feed = &self.feeds[index];
        if feed.question.is_at_hand() {
            return feed.looked_at.map_or(now, |at| later(at, LOOK));
        }
        let needed = self.is_needed_for_weather(index, now) || self.is_needed_for_solar(index, now);
        let due = feed.health.due_every(now, feed.question.every(&self.site), needed, feed.die);
        let left = |per_day| feed.spent.until(due.max(now), feed.question.requests(), per_day);
        match feed.question.requests_per_day().and_then(left) {
            Some(midnight) => later(midnight, SPREAD.mul_f64(feed.die)),
            None => due,
        }
    }

    async fn ask(&mut self, index: usize, now: Timestamp) {
        let place = self.place();
        let feed = &mut self.feeds[index];
        feed.looked_at = Some(now);
        let requests = feed.question.requests();
        if requests > 0 {
            // Before they are sent, so that they count also when this is the last that is done.
            feed.spent.add(now, requests);
            self.keep(index).await;
        }
        let feed = &self.feeds[index];
        let asking = Asking { http: &self.http, home: self.home.as_deref(), site: &self.site, place, now };
        let answer = asking.ask(&feed.question).await.and_then(|answer| feed.key.useful(answer, now));
        let feed = &mut self.feeds[index];
        let name = feed.question.name();
        match answer {
            Ok(Answer { said, rest }) => {
                feed.health.success(now);
                feed.health.not_before = rest.map(|rest| later(now, rest));
                tracing::debug!(source = name, hours = said.weather.len(), slots = said.solar.len(), "sky fetched");
                feed.said.replace(said, now);
            }
            Err(error) => {
                feed.health.failure(now, &error, (self.settings.dice)());
                let Health { failures, not_before, error, .. } = &feed.health;
                tracing::debug!(source = name, failures, ?not_before, ?error, "no forecast");
            }
        }
        self.keep(index).await;
    }

    async fn keep(&self, index: usize) {
        let feed = &self.feeds[index];
        // What is at hand need not be kept.
        let Some(cache) = self.settings.cache.as_ref().filter(|_| !feed.question.is_at_hand()) else { return };
        let kept = Kept::new(feed.key.clone(), feed.health.clone(), (&feed.said, feed.spent));
        if let Err(error) = cache.store(&kept).await {
            tracing::warn!(source = feed.question.name(), %error, "a forecast cannot be kept");
        }
    }
}

impl Driven for Sky {
    type Told = Skies;

    fn step(&mut self, now: Timestamp) -> impl Future<Output = Timestamp> + Send {
        self.step(now)
    }

    fn told(&self, now: Timestamp) -> Skies {
        self.skies(now)
    }
}
