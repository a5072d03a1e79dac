//! What is known of the slots ahead and behind: prices that were fetched, what was measured, and what
//! follows from it.

use std::sync::Mutex;

use control::ports::Measured;
use control::{Data, Known};
use forecast::{Accumulator, PriceBook, PriceSlot, Sample, Tariff, WeatherHour, persistence, weather};
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::slot;
use model::snapshot::{PastSlot, Problem, Slot, Source};
use tokio::sync::watch;

/// How far a snapshot looks ahead: today and tomorrow, whatever the hour.
const AHEAD: SignedDuration = SignedDuration::from_hours(48);
/// How far a snapshot looks back: what persistence needs.
const BEHIND: SignedDuration = SignedDuration::from_hours(48);
/// A measurement holds for this long when nothing newer comes.
const HOLD: SignedDuration = SignedDuration::from_mins(5);

#[derive(Default)]
struct Inner {
    import: PriceBook,
    export: Option<PriceBook>,
    origin: String,
    price_problems: Vec<Problem>,
    weather: Vec<WeatherHour>,
    weather_problems: Vec<Problem>,
    past: Vec<PastSlot>,
    open: Option<Accumulator>,
}

/// Prices, forecasts and history of one home.
pub struct Knowledge {
    tariff: Tariff,
    journal: Option<Journal>,
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

impl Knowledge {
    /// Knows the past that the journal has, or that is given.
    pub fn new(tariff: Tariff, journal: Option<Journal>, past: Vec<PastSlot>) -> Self {
        let inner = Inner { past, open: Some(Accumulator::new(HOLD)), ..Inner::default() };
        Self { tariff, journal, inner: Mutex::new(inner), changes: watch::Sender::new(0) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing here panics halfway through a change, so the content is good even after a panic.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Enters market prices. Those known before stay where nothing new is said of them.
    pub fn prices(&self, origin: &str, slots: &[PriceSlot], problems: Vec<Problem>) {
        self.enter(origin, slots, None, problems);
    }

    /// Enters final prices for both directions.
    pub fn both_prices(&self, origin: &str, import: &[PriceSlot], export: &[PriceSlot]) {
        self.enter(origin, import, Some(export), Vec::new());
    }

    /// Enters what the weather will be, in place of what was said before unless nothing is said.
    pub fn weather(&self, hours: Vec<WeatherHour>, problems: Vec<Problem>) {
        let mut inner = self.lock();
        if !hours.is_empty() {
            inner.weather = hours;
        }
        inner.weather_problems = problems;
    }

    fn enter(&self, origin: &str, import: &[PriceSlot], export: Option<&[PriceSlot]>, problems: Vec<Problem>) {
        let mut inner = self.lock();
        let before = (inner.import.clone(), inner.export.clone(), inner.price_problems.clone());
        inner.import.merge(import);
        if let Some(export) = export {
            inner.export.get_or_insert_with(PriceBook::new).merge(export);
        }
        inner.origin = origin.to_owned();
        inner.price_problems = problems;
        if before != (inner.import.clone(), inner.export.clone(), inner.price_problems.clone()) {
            self.changes.send_modify(|version| *version += 1);
        }
    }

    fn import_price(&self, inner: &Inner, at: Timestamp) -> Option<f64> {
        self.tariff.import(at, Some(inner.import.price_at(at)?)).per_kwh
    }

    fn export_price(&self, inner: &Inner, at: Timestamp) -> Option<f64> {
        match &inner.export {
            Some(book) => book.price_at(at),
            None => self.tariff.export(at, inner.import.price_at(at)).per_kwh,
        }
    }

    fn price_problems(&self, inner: &Inner, now: Timestamp) -> Vec<Problem> {
        let mut problems = inner.price_problems.clone();
        if inner.import.price_at(now).is_none() {
            let text = match inner.import.known_until() {
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

impl Data for Knowledge {
    fn observe(&self, at: Timestamp, measured: &Measured) {
        let sample = Sample {
            grid_w: measured.grid_w,
            solar_w: measured.solar_w,
            load_w: measured.load_w,
            battery_w: measured.battery_w,
            soc_pct: measured.soc_pct,
            temperature_c: measured.temperature_c,
        };
        let mut inner = self.lock();
        let mut done = inner.open.as_mut().map(|open| open.push(at, sample)).unwrap_or_default();
        if done.is_empty() {
            return;
        }
        for slot in &mut done {
            slot.import_price = self.import_price(&inner, slot.start);
            slot.export_price = self.export_price(&inner, slot.start);
        }
        if let Some(journal) = &self.journal
            && let Err(error) = journal.record_past(&done)
        {
            tracing::error!(%error, "past slots could not be kept");
        }
        let first = at.checked_sub(BEHIND).unwrap_or(Timestamp::MIN);
        inner.import.forget_before(first);
        if let Some(export) = &mut inner.export {
            export.forget_before(first);
        }
        // A slot that was begun before a restart is measured in two parts; the longer one would be
        // better, the later one is what there is.
        inner.past.retain(|slot| slot.end > first && !done.iter().any(|new| new.start == slot.start));
        inner.past.extend(done);
    }

    fn known(&self, now: Timestamp) -> Known {
        let inner = self.lock();
        let until = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let mut ahead: Vec<Slot> = slot::starts(now, until)
            .map(|start| Slot {
                import_price: self.import_price(&inner, start),
                export_price: self.export_price(&inner, start),
                ..Slot::unknown(start)
            })
            .collect();
        persistence::fill(&mut ahead, &inner.past);
        weather::fill(&mut ahead, &inner.weather);
        let known = |of: fn(&Slot) -> Option<f64>| ahead.iter().rev().find(|slot| of(slot).is_some()).map(|s| s.end);
        let source = |column: &str, origin: &str, known_until| Source {
            column: column.into(),
            origin: origin.into(),
            known_until,
        };
        let mut sources = vec![
            source("import-price", &inner.origin, known(|s| s.import_price)),
            source("export-price", &inner.origin, known(|s| s.export_price)),
        ];
        sources.push(source("solar", "persistence", known(|s| s.solar_w)));
        sources.push(source("load", "persistence", known(|s| s.load_w)));
        sources.push(source("temperature", "home assistant", known(|s| s.temperature_c)));
        sources.push(source("cloud-cover", "home assistant", known(|s| s.cloud_cover_pct)));
        sources.retain(|source| source.known_until.is_some());
        let mut problems = self.price_problems(&inner, now);
        problems.extend(inner.weather_problems.iter().cloned());
        Known { past: inner.past.clone(), sources, problems, ahead }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use forecast::ExportTariff;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hour(start: &str, price_per_kwh: f64) -> PriceSlot {
        let start = at(start);
        PriceSlot { start, end: start.checked_add(SignedDuration::from_hours(1)).unwrap(), price_per_kwh }
    }

    fn knowledge() -> Knowledge {
        Knowledge::new(Tariff::simple(0.1, 10.0, ExportTariff::Fixed(0.0)), None, Vec::new())
    }

    const NOW: &str = "2100-01-01T10:07:00Z";

    #[test]
    fn the_tariff_is_on_every_price_and_the_horizon_is_marked() {
        let knowledge = knowledge();
        knowledge.prices("csv", &[hour("2100-01-01T10:00:00Z", 0.2)], Vec::new());
        let known = knowledge.known(at(NOW));
        assert_eq!(known.ahead.len(), 193);
        assert_eq!(known.ahead[0].start, at("2100-01-01T10:00:00Z"));
        assert!((known.ahead[3].import_price.unwrap() - 0.33).abs() < 1e-12);
        assert_eq!(known.ahead[4].import_price, None);
        assert_eq!(known.sources[0].known_until, Some(at("2100-01-01T11:00:00Z")));
        assert!(known.problems.is_empty());
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
        knowledge.prices("csv", &[hour("2100-01-01T10:00:00Z", 0.2)], Vec::new());
        knowledge.prices("csv", &[hour("2100-01-01T10:00:00Z", 0.2)], Vec::new());
        assert_eq!(*changes.borrow(), 1);
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
