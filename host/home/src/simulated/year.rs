//! The embedded year of data, laid onto the calendar.

use forecast::{PriceSlot, Series, SeriesError, SeriesRow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::slot;

use super::SimulatedError;

const DATA: &[u8] = include_bytes!("../../../../examples/data/home-a.csv.gz");

/// Central European time as a rule, so that it needs no time zone database.
const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

const SLOTS_PER_WEEK: usize = 7 * 96;
/// Local hour from which tomorrow's prices are there.
const PUBLISHED_HOUR: i8 = 13;

pub(super) fn series() -> Result<Series, SeriesError> {
    Series::parse("home-a.csv.gz", DATA)
}

/// What a home meets at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub load_w: f64,
    pub solar_w: f64,
    pub temperature_c: f64,
}

/// Data that goes on for ever: what it has is repeated every 52 weeks, so that weekdays stay weekdays.
/// In the days between the clock changes of two years, wall clocks are off by an hour.
#[derive(Clone, Debug)]
pub(super) struct Year {
    rows: Vec<SeriesRow>,
    zone: TimeZone,
    seed: u64,
}

impl Year {
    pub fn embedded(seed: u64) -> Result<Self, SimulatedError> {
        let series = series()?;
        let slots = series.rows().len();
        let whole = slots - slots % SLOTS_PER_WEEK;
        if whole == 0 {
            return Err(SimulatedError::Short { slots });
        }
        Ok(Self { rows: series.rows()[..whole].to_vec(), zone: TimeZone::posix(ZONE)?, seed })
    }

    /// The slot that contains `at`, with its real time.
    pub fn row(&self, at: Timestamp) -> SeriesRow {
        let start = slot::start_of(at);
        let slots = (start.as_second() - self.rows[0].start.as_second()).div_euclid(slot::SLOT_S);
        // The remainder is below the length, which is a `usize`.
        let index = slots.rem_euclid(self.rows.len() as i64) as usize;
        SeriesRow { start, ..self.rows[index] }
    }

    /// Between the means of the slots, with noise, so that the meter lives.
    pub fn moment(&self, at: Timestamp) -> Moment {
        let row = self.row(at);
        let within = (at.as_second() - row.start.as_second()) as f64 / slot::SLOT_S as f64;
        let before_s = row.start.as_second() - slot::SLOT_S;
        let other = |s| Timestamp::from_second(s).map_or(row, |at| self.row(at));
        // Each mean stands at the middle of its slot.
        let (from, to, share) = if within < 0.5 {
            (other(before_s), row, within + 0.5)
        } else {
            (row, other(slot::next(row.start).as_second()), within - 0.5)
        };
        let between = |from: f64, to: f64| from + (to - from) * share;

        let second = at.as_second();
        let load_noise = 0.06 * self.noise(0, second, 7) + 0.08 * self.noise(1, second, 90);
        let solar_noise = 0.05 * self.noise(2, second, 20);
        Moment {
            load_w: between(from.load_w, to.load_w) * (1.0 + load_noise),
            solar_w: between(from.solar_w, to.solar_w) * (1.0 + solar_noise),
            temperature_c: between(from.temperature_c, to.temperature_c),
        }
    }

    pub fn prices(&self, now: Timestamp) -> (Vec<PriceSlot>, Vec<PriceSlot>) {
        let Some((from, until)) = self.published(now) else {
            // The calendar ends before tomorrow does.
            return (Vec::new(), Vec::new());
        };
        slot::starts(from, until)
            .map(|start| {
                let row = self.row(start);
                let slot = |price_per_kwh| PriceSlot { start, end: slot::next(start), price_per_kwh };
                (slot(row.import_price), slot(row.export_price))
            })
            .unzip()
    }

    /// From when until when prices are published.
    fn published(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let local = now.to_zoned_datetime(self.zone.clone());
        let from = local.start_of_day().ok()?;
        let tomorrow = from.tomorrow().ok()?;
        let until = if local.hour() >= PUBLISHED_HOUR { tomorrow.tomorrow().ok()? } else { tomorrow };
        Some((from.timestamp(), until.timestamp()))
    }

    /// Smooth noise from −1 to 1: a value for each `period_s`, blended in between. The same second has
    /// the same noise, however often it is asked for.
    fn noise(&self, channel: u64, second: i64, period_s: i64) -> f64 {
        let value = |step: i64| {
            let bits = mix(mix(self.seed ^ (channel << 56)) ^ step as u64);
            (bits >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let step = second.div_euclid(period_s);
        let t = second.rem_euclid(period_s) as f64 / period_s as f64;
        let blend = t * t * (3.0 - 2.0 * t);
        value(step) + (value(step + 1) - value(step)) * blend
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn year() -> Year {
        Year::embedded(1).unwrap()
    }

    #[test]
    fn the_data_repeats_every_52_weeks() {
        let year = year();
        let first = year.row(at("2023-07-01T00:07:00Z"));
        assert_eq!(first.start, at("2023-07-01T00:00:00Z"));
        for same in ["2024-06-29T00:00:00Z", "2022-07-02T00:00:00Z", "2026-06-27T00:00:00Z"] {
            let row = year.row(at(same));
            assert_eq!(row.start, at(same));
            assert_eq!(SeriesRow { start: first.start, ..row }, first);
            assert_eq!(at(same).to_zoned_datetime(TimeZone::UTC).weekday(), Weekday::Saturday);
        }
    }

    #[test]
    fn inside_slots_the_means_are_about_kept() {
        let year = year();
        let (from, until) = (at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
        let rows: Vec<_> = slot::starts(from, until).map(|start| year.row(start)).collect();
        let slots = rows.len() as f64;
        let seconds = until.duration_since(from).as_secs();
        let moments: Vec<_> = (0..seconds).map(|s| year.moment(from + jiff::SignedDuration::from_secs(s))).collect();
        let close = |mean: f64, expected: f64| {
            assert!((mean - expected).abs() < 0.03 * expected.abs() + 1.0, "{mean}, expected {expected}");
        };
        let mean = |value: fn(&Moment) -> f64| moments.iter().map(value).sum::<f64>() / seconds as f64;
        close(mean(|m| m.load_w), rows.iter().map(|r| r.load_w).sum::<f64>() / slots);
        close(mean(|m| m.solar_w), rows.iter().map(|r| r.solar_w).sum::<f64>() / slots);
        close(mean(|m| m.temperature_c), rows.iter().map(|r| r.temperature_c).sum::<f64>() / slots);
        assert!(moments.iter().all(|m| m.load_w > 0.0 && m.solar_w >= 0.0));
    }

    #[test]
    fn noise_is_the_same_for_the_same_seed_only() {
        let now = at("2026-11-24T12:00:03Z");
        assert_eq!(year().moment(now), year().moment(now));
        assert_ne!(year().moment(now), Year::embedded(2).unwrap().moment(now));
        assert_ne!(year().moment(now), year().moment(at("2026-11-24T12:00:04Z")));
        let year = year();
        assert!((0..100_000).all(|second| year.noise(0, second, 7).abs() <= 1.0));
    }

    #[test]
    fn tomorrow_is_published_at_one() {
        let year = year();
        let known = |now: &str| {
            let (import, export) = year.prices(at(now));
            assert_eq!(import.len(), export.len());
            (import.len(), import[0].start, import.last().unwrap().end)
        };
        let midnight = at("2026-11-23T23:00:00Z");
        assert_eq!(known("2026-11-24T11:59:59Z"), (96, midnight, at("2026-11-24T23:00:00Z")));
        assert_eq!(known("2026-11-24T12:00:00Z"), (192, midnight, at("2026-11-25T23:00:00Z")));
        assert_eq!(known("2026-03-29T10:59:59Z").0, 92);
        assert_eq!(known("2026-10-25T11:59:59Z").0, 100);
    }
}
