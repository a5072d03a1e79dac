use std::ops::Range;
use std::sync::Arc;

use forecast::prices::{Basis, Document, Heading, Rules};
use forecast::{PriceSlot, Shelf};
use jiff::{SignedDuration, Timestamp};
use model::snapshot::Problem;
use serde::Serialize;
use tokio::sync::watch;

use crate::cache::{Cache, Kept};
use crate::drive::{self, Driven};
use crate::feed::{self, FetchError};
use crate::http::{Http, HttpError, HttpLimits};
use crate::port::HomePort;
use crate::schedule::Health;
use crate::source::Source;

/// Attributes, files and figures are at hand, so they are looked at often.
pub(crate) const LOOK: SignedDuration = SignedDuration::from_secs(15);
/// A source through Home Assistant is asked again this soon after the connection was not there.
pub(crate) const HOME_AGAIN: SignedDuration = SignedDuration::from_secs(10);
/// Prices are kept this long after they are over, for the past slots.
const KEEP: SignedDuration = SignedDuration::from_hours(48);

/// Gives a number from 0 to 1, each time another: random, but in tests.
pub type Dice = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What all sources have in common.
#[derive(Clone)]
pub struct Settings {
    /// Bounds on answers over HTTP.
    pub limits: HttpLimits,
    /// Where things are remembered across restarts; `None`: nowhere.
    pub cache: Option<Cache>,
    /// Spreads what many homes would do at once.
    pub dice: Dice,
}

impl Default for Settings {
    /// With the usual bounds, without a cache.
    fn default() -> Self {
        // Without random numbers nothing is spread, and nothing else is lost.
        let dice = || getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
        Self { limits: HttpLimits::default(), cache: None, dice: Arc::new(dice) }
    }
}

/// How a source is doing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceStatus {
    /// `tibber`, `energy-charts` …
    pub name: &'static str,
    /// When it answered, when it failed, when it may be asked again.
    pub health: Health,
    /// When it will be asked next.
    pub due: Timestamp,
    /// The end of what it has said.
    pub known_until: Option<Timestamp>,
}

/// What is known after a step: for those who must not wait for the next one.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// All prices.
    pub shelf: Shelf,
    /// How each source is doing.
    pub status: Vec<SourceStatus>,
    failures: Vec<Problem>,
}

impl Prices {
    /// Prices that need not be fetched.
    pub fn known(shelf: Shelf) -> Self {
        Self { shelf, status: Vec::new(), failures: Vec::new() }
    }

    /// What is wrong with the prices of `[from, until)` and with their sources.
    pub fn problems(&self, from: Timestamp, until: Timestamp) -> Vec<Problem> {
        let mut problems = self.shelf.problems(from, until);
        problems.extend(self.failures.iter().cloned());
        problems
    }
}

/// All sources of one kind of price (import, or what is fed in), in order of preference.
pub struct Feeds {
    feeds: Vec<Feed>,
    shelf: Shelf,
    rules: Rules,
    settings: Settings,
    http: Http,
    home: Option<Arc<dyn HomePort>>,
}

struct Feed {
    source: Source,
    health: Health,
    /// Its places on the shelf.
    places: Range<usize>,
    /// When it was last looked at, for sources that are at hand.
    looked_at: Option<Timestamp>,
    /// 0 to 1; always the same, so that a time that was spread does not move.
    die: f64,
    problem: Option<Problem>,
}

impl Feeds {
    /// Sources, the best first, with what the cache has of them. `rules` judge payloads: what problems are
    /// about, the currency, the exchange rate.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    pub fn new(
        sources: Vec<Source>,
        rules: Rules,
        settings: Settings,
        home: Option<Arc<dyn HomePort>>,
    ) -> Result<Self, HttpError> {
        let http = Http::new(settings.limits)?;
        let mut places = Vec::new();
        let mut feeds = Vec::new();
        for source in sources {
            let first = places.len();
            places.extend(source.bases().into_iter().map(|basis| (source.name().to_owned(), basis)));
            let places = first..places.len();
            let health = Health::default();
            feeds.push(Feed { source, health, places, looked_at: None, die: (settings.dice)(), problem: None });
        }
        let shelf = Shelf::new(places, rules.clone());
        let mut all = Self { feeds, shelf, rules, settings, http, home };
        all.recall();
        Ok(all)
    }

    fn recall(&mut self) {
        let Some(cache) = &self.settings.cache else {
            return;
        };
        for feed in &mut self.feeds {
            let Some(kept) = cache.load::<_, Vec<Vec<PriceSlot>>>(&feed.source.raw) else {
                continue;
            };
            feed.health = kept.health;
            for ((place, basis), slots) in feed.places.clone().zip(feed.source.bases()).zip(kept.said) {
                let heading = Heading { origin: feed.source.name().into(), basis, ..Heading::default() };
                self.shelf.put(place, &Document { heading, slots, problems: Vec::new() });
            }
        }
    }

    /// What is known.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// How each source is doing at `now`.
    pub fn status(&self, now: Timestamp) -> Vec<SourceStatus> {
        let status = |index: usize| {
            let feed = &self.feeds[index];
            let known_until =
                feed.places.clone().filter_map(|place| self.shelf.slots(place).last().map(|s| s.end)).max();
            SourceStatus {
                name: feed.source.name(),
                health: feed.health.clone(),
                due: self.due(index, now),
                known_until,
            }
        };
        (0..self.feeds.len()).map(status).collect()
    }

    /// What is known, what is wrong and how the sources are doing at `now`, to be kept.
    pub fn prices(&self, now: Timestamp) -> Prices {
        let failures = self.feeds.iter().filter_map(|feed| feed.problem.clone()).collect();
        Prices { shelf: self.shelf.clone(), status: self.status(now), failures }
    }

    /// What is wrong with the prices of `[from, until)` and with their sources.
    pub fn problems(&self, from: Timestamp, until: Timestamp) -> Vec<Problem> {
        self.prices(from).problems(from, until)
    }

    /// Steps for good and tells what is known after each step. `clock` tells the time; `wake` changes when Home
    /// Assistant may have something new. Ends when nobody listens any more.
    pub async fn run<T: Send + Sync>(
        self,
        clock: impl Fn() -> Timestamp + Send,
        wake: watch::Receiver<T>,
        told: watch::Sender<Prices>,
    ) {
        drive::run(self, clock, wake, told).await;
    }

    /// Asks whatever is due, in order of preference, and says when to be called again. Calling earlier does
    /// no harm: do so when Home Assistant's attributes have changed or its connection is back.
    pub async fn step(&mut self, now: Timestamp) -> Timestamp {
        for index in 0..self.feeds.len() {
            let at_home = self.feeds[index].source.is_at_home();
            if at_home && !self.home.as_ref().is_some_and(|home| home.is_up()) {
                continue;
            }
            // Whether a source is needed depends on what the better ones just said.
            if self.due(index, now) <= now {
                self.ask(index, now).await;
            }
        }
        if let Ok(before) = now.checked_sub(KEEP) {
            self.shelf.forget_before(before);
        }
        let next = (0..self.feeds.len()).map(|index| self.due(index, now)).min();
        let soonest = now.checked_add(HOME_AGAIN).unwrap_or(Timestamp::MAX);
        next.map_or(Timestamp::MAX, |next| next.max(soonest))
    }

    fn due(&self, index: usize, now: Timestamp) -> Timestamp {
        let feed = &self.feeds[index];
        if feed.source.is_at_hand() {
            return feed.looked_at.map_or(now, |at| at.checked_add(LOOK).unwrap_or(Timestamp::MAX));
        }
        let knowable = feed.source.horizon.knowable_until(now, feed.die);
        let covered = self.shelf.covered_until(now, feed.places.end) >= knowable;
        let needed = self.shelf.covered_until(now, feed.places.start) < knowable
            || (feed.source.bases().contains(&Basis::Market) && !self.knows_market_without(index, knowable));
        feed.health.due(now, &feed.source.horizon, covered, needed, feed.die)
    }

    /// Whether a better source tells the market's prices until then: one of totals only does not.
    fn knows_market_without(&self, index: usize, until: Timestamp) -> bool {
        let better = self.feeds[..index].iter().filter(|feed| feed.source.bases().contains(&Basis::Market));
        better
            .flat_map(|feed| feed.places.clone())
            .any(|place| self.shelf.slots(place).last().is_some_and(|last| last.end >= until))
    }

    async fn ask(&mut self, index: usize, now: Timestamp) {
        let feed = &mut self.feeds[index];
        let name = feed.source.name();
        feed.looked_at = Some(now);
        let rules = self.rules.clone().around(now);
        let answer = feed::ask(&feed.source, &self.http, self.home.as_ref(), &rules, now).await;
        match answer.and_then(|documents| useful(&documents).map(|()| documents)) {
            Ok(documents) => {
                feed.health.success(now);
                feed.problem = None;
                for (place, document) in feed.places.clone().zip(&documents) {
                    self.shelf.put(place, document);
                }
                tracing::debug!(source = name, documents = documents.len(), "prices fetched");
            }
            Err(error) => {
                feed.health.failure(now, &error, (self.settings.dice)());
                let text = format!("`{name}` gave no prices: {}", error.with_causes());
                tracing::debug!(failures = feed.health.failures, not_before = ?feed.health.not_before, "{text}");
                let assumed = self
                    .shelf
                    .slots(feed.places.start)
                    .last()
                    .map_or(String::new(), |last| format!("what it said before, until {}", last.end));
                feed.problem =
                    Some(Problem { code: "missing".into(), subject: self.rules.subject.clone(), text, assumed });
            }
        }
        self.keep(index).await;
    }

    async fn keep(&self, index: usize) {
        let feed = &self.feeds[index];
        // What is at hand need not be kept.
        let Some(cache) = self.settings.cache.as_ref().filter(|_| !feed.source.is_at_hand()) else {
            return;
        };
        let slots: Vec<_> = feed.places.clone().map(|place| self.shelf.slots(place)).collect();
        let kept = Kept::new(feed.source.raw.clone(), feed.health.clone(), slots);
        if let Err(error) = cache.store(&kept).await {
            tracing::warn!(source = feed.source.name(), %error, "prices cannot be kept");
        }
    }
}

impl Driven for Feeds {
    type Told = Prices;

    fn step(&mut self, now: Timestamp) -> impl Future<Output = Timestamp> + Send {
        self.step(now)
    }

    fn told(&self, now: Timestamp) -> Prices {
        self.prices(now)
    }
}

/// An answer whose every price had to be put aside is a failure.
fn useful(documents: &[Document]) -> Result<(), FetchError> {
    let empty = documents.iter().all(|document| document.slots.is_empty());
    match documents.iter().flat_map(|document| &document.problems).next() {
        Some(problem) if empty => Err(FetchError::Useless(problem.text.clone())),
        _ => Ok(()),
    }
}
