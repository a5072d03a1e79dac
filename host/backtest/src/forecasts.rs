//! What the daemon's models would have forecast when each slot of a series began.
//!
//! That takes longer than many a strategy thinks, and is the same for all that are played through one series. So it is
//! made once, a piece at a time, and forgotten when all are past it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use forecast::{Estimate, LoadModel, SeriesRow, SolarModel};
use jiff::tz::TimeZone;
use model::snapshot::Slot;

/// Slots ahead in a snapshot: today and tomorrow, as in the daemon.
pub(crate) const AHEAD: usize = 192;
/// Slots that are forecast together, about 400 kB: enough that the models, some megabytes, may be copied for each piece.
pub(crate) const PIECE: usize = 24;

/// Load and sun of one slot ahead.
type Ahead = [Option<Estimate>; 2];
/// Of each slot of the piece, the slots ahead.
type Piece = Arc<Vec<Vec<Ahead>>>;

/// Forecasts for each slot of a series, from nothing but what lies before it.
pub struct Forecasts<'a> {
    rows: &'a [SeriesRow],
    zone: TimeZone,
    models: Mutex<Models>,
    made: Mutex<BTreeMap<usize, Piece>>,
}

#[derive(Clone)]
struct Models {
    load: LoadModel,
    solar: SolarModel,
    /// Slots that were learned.
    learned: usize,
}

impl Models {
    fn new(zone: TimeZone) -> Self {
        Self { load: LoadModel::new(zone), solar: SolarModel::new(), learned: 0 }
    }

    fn learn_until(&mut self, rows: &[SeriesRow], k: usize) {
        for row in rows.get(self.learned..k).unwrap_or_default() {
            self.load.push(row.start, Some(row.load_w), Some(row.temperature_c));
            self.solar.push(row.start, Some(row.solar_w), None);
        }
        self.learned = self.learned.max(k);
    }

    fn ahead(&self, rows: &[SeriesRow]) -> Vec<Ahead> {
        let Some(first) = rows.first() else { return Vec::new() };
        let load = self.load.ahead(first.start, rows.len());
        let solar = self.solar.ahead(first.start, &vec![None; rows.len()]);
        load.into_iter().zip(solar).map(|(load, solar)| [load, solar]).collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Forecasts<'a> {
    /// Of this series, for a home in this time zone.
    pub fn new(rows: &'a [SeriesRow], zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let models = Mutex::new(Models::new(zone.clone()));
        Self { rows, zone, models, made: Mutex::default() }
    }

    /// The series.
    pub fn rows(&self) -> &'a [SeriesRow] {
        self.rows
    }

    /// Fills in load and sun of the slots ahead of the `k`th; makes them if need be.
    pub(crate) fn fill(&self, k: usize, ahead: &mut [Slot]) {
        let made = locked(&self.made).get(&(k / PIECE)).cloned();
        let piece = made.unwrap_or_else(|| self.make(k / PIECE));
        let Some(forecast) = piece.get(k % PIECE) else { return };
        for (slot, [load, solar]) in ahead.iter_mut().zip(forecast) {
            if let Some(load) = load {
                load.put_load(slot);
            }
            if let Some(solar) = solar {
                solar.put_solar(slot);
            }
        }
    }

    /// Makes a piece.
    pub(crate) fn make(&self, piece: usize) -> Piece {
        let rows = self.rows;
        let begin = (piece * PIECE).min(rows.len());
        let mut models = {
            let mut models = locked(&self.models);
            if models.learned > begin {
                *models = Models::new(self.zone.clone());
            }
            models.learn_until(rows, begin);
            models.clone()
        };
        let forecast = |k: usize| {
            models.learn_until(rows, k);
            models.ahead(&rows[k..(k + AHEAD).min(rows.len())])
        };
        let made: Piece = Arc::new((begin..(begin + PIECE).min(rows.len())).map(forecast).collect());
        locked(&self.made).insert(piece, made.clone());
        made
    }

    /// Whether it is there.
    pub(crate) fn has(&self, piece: usize) -> bool {
        locked(&self.made).contains_key(&piece)
    }

    /// Nobody asks for what lies before this piece any more.
    pub(crate) fn forget_before(&self, piece: usize) {
        let mut made = locked(&self.made);
        *made = made.split_off(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_the_same_whenever_it_is_made_and_knows_nothing_of_what_comes() {
        let text = include_bytes!("../../../examples/data/home-a.csv.gz");
        let series = forecast::Series::parse("home-a.csv.gz", text).unwrap();
        let rows = &series.rows()[..12 * 96];
        let (in_order, at_once) = (Forecasts::new(rows, "Europe/Berlin"), Forecasts::new(rows, "Europe/Berlin"));
        let last = at_once.make(40);
        (0..=40).for_each(|piece| drop(in_order.make(piece)));
        assert_eq!(in_order.make(40), last);
        assert_eq!(at_once.make(7), in_order.make(7));

        let mut other = rows.to_vec();
        other[40 * PIECE + 5..].iter_mut().for_each(|row| (row.load_w, row.solar_w) = (9_000.0, 0.0));
        let changed = Forecasts::new(&other, "Europe/Berlin").make(40);
        assert_eq!(changed[..=5], last[..=5]);
        assert_ne!(changed[6], last[6]);
    }
}
