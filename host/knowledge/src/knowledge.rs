//! [`Knowledge`]: all of it together, for the control loop.

use std::collections::BTreeMap;
use std::sync::Mutex;

use control::{Data, Known};
use feeds::{Prices, Skies, SourceStatus};
use forecast::prices::{Rules, Shelf};
use forecast::solar::sun::Place;
use forecast::tariff::SlotPrices;
use forecast::{Accumulator, Tariff, weather};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::snapshot::{PastSlot, Problem, Slot, Source, extra};
use model::{Measured, slot};
use tokio::sync::watch;

use crate::doubts;
use crate::learned::Learned;

/// How far a snapshot looks ahead: today and tomorrow, whatever the hour.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(48);
/// How far a snapshot looks back.
pub const BEHIND: SignedDuration = SignedDuration::from_hours(48);
/// A measurement holds for this long when nothing newer comes.
const HOLD: SignedDuration = SignedDuration::from_mins(5);

struct Inner {
    import: Option<Prices>,
    feed_in: Option<Prices>,
    skies: Skies,
    /// What was last said of the sun of each slot before it began.
    said_w: BTreeMap<Timestamp, f64>,
    place: Option<Place>,
    past: Vec<PastSlot>,
    learned: Learned,
    open: Accumulator,
    latest: Option<(Timestamp, Measured)>,
}

/// Prices, forecasts and history of one home.
pub struct Knowledge {
    tariff: Tariff,
    /// For a home whose prices are not fetched, or not yet.
    nothing: Shelf,
    journal: Option<Journal>,
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

impl Knowledge {
    /// Knows nothing of the past yet; see [`Knowledge::learn`]. What will be measured is kept in the journal.
    pub fn new(tariff: Tariff, journal: Option<Journal>) -> Self {
        let inner = Inner {
            import: None,
            feed_in: None,
            skies: Skies::default(),
            said_w: BTreeMap::new(),
            place: None,
            past: Vec::new(),
            learned: Learned::new(TimeZone::UTC, None, &[]),
            open: Accumulator::new(HOLD),
            latest: None,
        };
        let nothing = Shelf::new([], Rules::new(Direction::Import.subject()));
        Self { tariff, nothing, journal, inner: Mutex::new(inner), changes: watch::Sender::new(0) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing here panics halfway through a change, so the content is good even after a panic.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Enters what is known of the prices of one direction at `now`, in place of what was.
    pub fn prices(&self, direction: Direction, prices: Prices, now: Timestamp) {
        let mut inner = self.lock();
        let before = self.ahead(&inner, now).0;
        match direction {
            Direction::Import => inner.import = Some(prices),
            Direction::FeedIn => inner.feed_in = Some(prices),
        }
        // Prices of the past that are forgotten, and how the sources are doing, are no reason to decide anew.
        if self.ahead(&inner, now).0 != before {
            self.changes.send_modify(|version| *version += 1);
        }
    }

    /// Takes what was learned from `past`, oldest first, in place of what was; the newest of it is what strategies
    /// see of the past. What was measured here since is kept.
    pub fn learn(&self, mut learned: Learned, past: &[PastSlot], now: Timestamp) {
        let from = now.checked_sub(BEHIND).unwrap_or(Timestamp::MIN);
        let mut inner = self.lock();
        let mut seen: BTreeMap<Timestamp, PastSlot> =
            past.iter().filter(|slot| slot.end > from).map(|slot| (slot.start, slot.clone())).collect();
        for slot in std::mem::take(&mut inner.past) {
            learned.push(&slot);
            // What is in the journal is this one, and what the recorder adds to it.
            seen.entry(slot.start).or_insert(slot);
        }
        inner.past = seen.into_values().collect();
        inner.learned = learned;
        drop(inner);
        self.changes.send_modify(|version| *version += 1);
    }

    /// How each source is doing that is asked for prices, and each for weather and sun.
    pub fn fetched(&self) -> Vec<(Fetched, SourceStatus)> {
        let inner = self.lock();
        let of = |what: Fetched, status: &[SourceStatus]| -> Vec<_> {
            status.iter().map(|status| (what, status.clone())).collect()
        };
        let prices = |prices: &Option<Prices>| prices.as_ref().map(|p| p.status.clone()).unwrap_or_default();
        let import = of(Fetched::ImportPrices, &prices(&inner.import));
        let feed_in = of(Fetched::FeedInPrices, &prices(&inner.feed_in));
        [import, feed_in, of(Fetched::Sky, &inner.skies.status)].concat()
    }

    /// Enters where the home is.
    pub fn place(&self, place: Place) {
        self.lock().place = Some(place);
    }

    /// Today's prices for people to read, with their components.
    pub fn table(&self, now: Timestamp, zone: &TimeZone) -> String {
        let inner = self.lock();
        let day = zone.to_datetime(now).date();
        let begin = |day: Date| zone.to_timestamp(day.to_datetime(Time::midnight()));
        let (Ok(start), Ok(end)) = (begin(day), day.tomorrow().and_then(begin)) else { return String::new() };
        let slots: Vec<_> = slot::starts(start, end).map(|at| (at, self.priced(&inner, at))).collect();
        forecast::tariff::table(&slots, zone)
    }

    /// Enters what is known of weather and sun at `now`, in place of what was.
    pub fn sky(&self, skies: Skies, now: Timestamp) {
        let mut inner = self.lock();
        // What is over, and how the sources are doing, is no reason to decide anew.
        let is_new = said_of_ahead(&inner.skies, now) != said_of_ahead(&skies, now);
        inner.skies = skies;
        let present = slot::start_of(now);
        let starts: Vec<Timestamp> = slot::starts(present, end_of_ahead(now)).collect();
        for (start, said_w) in starts.iter().zip(inner.skies.solar_of(starts.iter().copied())) {
            let Some(said_w) = said_w else { continue };
            // What is said of the present slot now was not said before it began, but is better than nothing.
            if *start > present || !inner.said_w.contains_key(start) {
                inner.said_w.insert(*start, said_w);
            }
        }
        let forgotten = now.checked_sub(BEHIND).unwrap_or(Timestamp::MIN);
        inner.said_w = inner.said_w.split_off(&forgotten);
        drop(inner);
        if is_new {
            self.changes.send_modify(|version| *version += 1);
        }
    }

    fn priced(&self, inner: &Inner, at: Timestamp) -> SlotPrices {
        let import = inner.import.as_ref().map_or(&self.nothing, |prices| &prices.shelf);
        self.tariff.prices(at, import, inner.feed_in.as_ref().map(|prices| &prices.shelf))
    }

    /// The slots ahead with nothing but their prices, and whose these are.
    fn ahead(&self, inner: &Inner, now: Timestamp) -> (Vec<Slot>, String) {
        let mut origin = None;
        let priced = |start| {
            let prices = self.priced(inner, start);
            // Later slots may be known from another source; the first is what counts now.
            origin = origin.take().or(prices.origin);
            Slot { import_price: prices.import.per_kwh, export_price: prices.export.per_kwh, ..Slot::unknown(start) }
        };
        let ahead = slot::starts(now, end_of_ahead(now)).map(priced).collect();
        (ahead, origin.unwrap_or_else(|| "tariff".into()))
    }

    fn price_problems(&self, inner: &Inner, now: Timestamp) -> Vec<Problem> {
        let fetched = [&inner.import, &inner.feed_in].into_iter().flatten();
        let mut problems: Vec<Problem> = fetched.flat_map(|prices| prices.problems(now, end_of_ahead(now))).collect();
        if self.priced(inner, now).import.per_kwh.is_none() {
            let text = match inner.import.as_ref().and_then(|prices| prices.shelf.known_until()) {
                Some(until) if until > now => "there is no import price for the present quarter-hour".to_owned(),
                Some(until) => format!("import prices are known until {until} only"),
                None => "no import prices are known".to_owned(),
            };
            problems.push(Problem {
                code: "missing".into(),
                subject: "ahead.import-price".into(),
                text,
                assumed: String::new(),
            });
        }
        problems
    }
}

/// What others say of the slots ahead.
fn said_of_ahead(skies: &Skies, now: Timestamp) -> (Vec<Slot>, Vec<Option<f64>>) {
    let mut ahead: Vec<Slot> = slot::starts(now, end_of_ahead(now)).map(Slot::unknown).collect();
    weather::fill(&mut ahead, &skies.weather);
    let solar_w = skies.solar_of(ahead.iter().map(|slot| slot.start));
    (ahead, solar_w)
}

fn end_of_ahead(now: Timestamp) -> Timestamp {
    now.checked_add(AHEAD).unwrap_or(Timestamp::MAX)
}

/// What a source is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// What energy from the grid costs.
    ImportPrices,
    /// What energy to the grid is worth.
    FeedInPrices,
    /// Weather and sun.
    Sky,
}

/// Which way energy goes that has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the grid.
    Import,
    /// To the grid, where that has prices of its own.
    FeedIn,
}

impl Direction {
    /// What problems with its prices are about.
    pub fn subject(self) -> &'static str {
        match self {
            Direction::Import => "ahead.import-price",
            Direction::FeedIn => "ahead.export-price",
        }
    }
}

impl Data for Knowledge {
    fn observe(&self, at: Timestamp, measured: &Measured) {
        let mut inner = self.lock();
        inner.latest = Some((at, *measured));
        let mut done = inner.open.push(at, *measured);
        if done.is_empty() {
            return;
        }
        for slot in &mut done {
            let prices = self.priced(&inner, slot.start);
            slot.import_price = prices.import.per_kwh;
            slot.export_price = prices.export.per_kwh;
            slot.set_extra_w(extra::SOLAR_FORECAST_W, inner.said_w.remove(&slot.start));
        }
        if let Some(journal) = &self.journal
            && let Err(error) = journal.record_past(&done)
        {
            tracing::error!(%error, "past slots could not be kept");
        }
        let first = at.checked_sub(BEHIND).unwrap_or(Timestamp::MIN);
        // A slot that was begun before a restart is measured in two parts; the longer one would be
        // better, the later one is what there is.
        inner.past.retain(|slot| slot.end > first && !done.iter().any(|new| new.start == slot.start));
        for slot in done {
            inner.learned.push(&slot);
            inner.past.push(slot);
        }
    }

    fn known(&self, now: Timestamp) -> Known {
        let inner = self.lock();
        let (mut ahead, origin) = self.ahead(&inner, now);
        weather::fill(&mut ahead, &inner.skies.weather);
        let said_w = inner.skies.solar_of(ahead.iter().map(|slot| slot.start));
        let unsure = inner.learned.fill(&mut ahead, &said_w);

        let known = |of: fn(&Slot) -> Option<f64>| ahead.iter().rev().find(|slot| of(slot).is_some()).map(|s| s.end);
        let source = |column: &str, origin: &str, known_until| Source {
            column: column.into(),
            origin: origin.into(),
            known_until,
        };
        let weather = inner.skies.weather_from.as_deref().unwrap_or_default();
        let solar = match &inner.skies.solar_from {
            Some(origin) if said_w.iter().any(Option::is_some) => format!("{origin}, corrected by what was measured"),
            _ => "learned".to_owned(),
        };
        let mut sources = vec![
            source("import-price", &origin, known(|s| s.import_price)),
            source("export-price", &origin, known(|s| s.export_price)),
            source("solar", &solar, known(|s| s.solar_w)),
            source("load", "learned", known(|s| s.load_w)),
            source("temperature", weather, known(|s| s.temperature_c)),
            source("cloud-cover", weather, known(|s| s.cloud_cover_pct)),
        ];
        sources.retain(|source| source.known_until.is_some());

        let mut problems = self.price_problems(&inner, now);
        problems.extend(inner.skies.problems(now));
        problems.extend(unsure);
        problems.extend(doubts::unexplained(&inner.past));
        let fresh = inner.latest.filter(|(at, _)| now.duration_since(*at) < HOLD);
        let night = inner.place.zip(fresh).and_then(|(place, (_, m))| doubts::sun_at_night(place, now, m.solar_w));
        problems.extend(night);
        Known { past: inner.past.clone(), sources, problems, ahead }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use forecast::ExportTariff;
    use forecast::prices::{Basis, Document, PriceSlot};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hour(start: &str, price_per_kwh: f64) -> Prices {
        let start = at(start);
        let end = start.checked_add(SignedDuration::from_hours(1)).unwrap();
        let mut shelf = Shelf::new([("csv".to_owned(), Basis::Market)], Rules::new("x"));
        let slots = vec![PriceSlot { start, end, price_per_kwh }];
        shelf.put(0, &Document { slots, ..Document::default() });
        Prices::known(shelf)
    }

    fn knowledge() -> Knowledge {
        Knowledge::new(Tariff::simple(0.1, 10.0, ExportTariff::Fixed(0.0)), None)
    }

    /// Nothing was measured of this home.
    fn codes(known: &Known) -> Vec<&str> {
        known.problems.iter().map(|problem| problem.code.as_str()).collect()
    }

    const NOW: &str = "2100-01-01T10:07:00Z";

    #[test]
    fn the_tariff_is_on_every_price_and_the_horizon_is_marked() {
        let knowledge = knowledge();
        knowledge.prices(Direction::Import, hour("2100-01-01T10:00:00Z", 0.2), at(NOW));
        let known = knowledge.known(at(NOW));
        assert_eq!(known.ahead.len(), 193);
        assert_eq!(known.ahead[0].start, at("2100-01-01T10:00:00Z"));
        assert!((known.ahead[3].import_price.unwrap() - 0.33).abs() < 1e-12);
        assert_eq!(known.ahead[4].import_price, None);
        assert_eq!(known.sources[0].known_until, Some(at("2100-01-01T11:00:00Z")));
        assert_eq!(codes(&known), ["cold-start"]);
    }

    #[test]
    fn a_missing_present_price_is_a_problem_not_a_zero() {
        let known = knowledge().known(at(NOW));
        assert_eq!(known.ahead[0].import_price, None);
        assert_eq!(known.problems[0].code, "missing");
    }

    #[test]
    fn prices_that_say_nothing_new_change_nothing() {
        let knowledge = knowledge();
        let changes = knowledge.changes();
        knowledge.prices(Direction::Import, hour("2100-01-01T10:00:00Z", 0.2), at(NOW));
        knowledge.prices(Direction::Import, hour("2100-01-01T10:00:00Z", 0.2), at(NOW));
        assert_eq!(*changes.borrow(), 1);
    }

    #[test]
    fn forgetting_prices_of_the_past_changes_nothing_for_those_ahead() {
        let knowledge = knowledge();
        knowledge.prices(Direction::Import, hour("2099-12-31T10:00:00Z", 0.2), at(NOW));
        let changes = knowledge.changes();
        let before = *changes.borrow();
        knowledge.prices(Direction::Import, Prices::known(Shelf::new([], Rules::new("x"))), at(NOW));
        assert_eq!(*changes.borrow(), before);
        knowledge.prices(Direction::Import, hour("2100-01-01T11:00:00Z", 0.2), at(NOW));
        assert_eq!(*changes.borrow(), before + 1);
    }

    #[test]
    fn a_tariff_of_fixed_rates_needs_no_market() {
        let raw = toml::from_str("import = { component = [{ name = 'all', rate = 0.3 }] }").unwrap();
        let tariff = Tariff::new(&raw, &TimeZone::UTC).unwrap();
        let known = Knowledge::new(tariff, None).known(at(NOW));
        assert_eq!(codes(&known), ["cold-start"], "{:?}", known.problems);
        assert_eq!((known.ahead[0].import_price, known.ahead[192].import_price), (Some(0.3), Some(0.3)));
        assert_eq!(known.sources[0].origin, "tariff");
    }

    #[test]
    fn what_the_recorder_adds_to_a_slot_is_seen_and_what_was_measured_since_stays() {
        let knowledge = knowledge();
        let load = Measured { load_w: Some(400.0), ..Measured::default() };
        for minute in 0..=30 {
            knowledge.observe(at(&format!("2100-01-01T10:{minute:02}:00Z")), &load);
        }
        let mut first = knowledge.known(at("2100-01-01T10:31:00Z")).past[0].clone();
        first.solar_w = Some(70.0);
        let past = [first];
        knowledge.learn(Learned::new(TimeZone::UTC, None, &past), &past, at("2100-01-01T10:31:00Z"));
        let past = knowledge.known(at("2100-01-01T10:31:00Z")).past;
        assert_eq!(past.iter().map(|slot| slot.solar_w).collect::<Vec<_>>(), [Some(70.0), None]);
    }

    #[test]
    fn measurements_become_the_past_and_the_forecast() {
        let knowledge = knowledge();
        let load = |w: f64| Measured { load_w: Some(w), ..Measured::default() };
        for minute in 0..=15 {
            knowledge.observe(at(&format!("2100-01-01T10:{minute:02}:00Z")), &load(400.0));
        }
        let known = knowledge.known(at("2100-01-01T10:16:00Z"));
        assert_eq!(known.past[0].load_w, Some(400.0));
        let tomorrow = known.ahead.iter().find(|s| s.start == at("2100-01-02T10:00:00Z")).unwrap();
        assert_eq!(tomorrow.load_w, Some(400.0));
    }
}
