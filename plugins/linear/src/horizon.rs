//! The slots ahead with every gap filled by an assumption, every number checked, and what may happen in each.

use wattwright_strategy::chance::{Range, deviations};
use wattwright_strategy::{Instant, PastSlot, Slot as Ahead, Snapshot};

use crate::market::{Chance, Market, Slot};

/// Beyond these a number is no longer one of a home; it keeps the arithmetic finite.
const MOST_KW: f64 = 1e4;
const MOST_PRICE: f64 = 10.0;
const DAY_S: u32 = 86_400;
/// Outer chances stand for all that lies beyond the marks as well. Measured on a quarter of the shipped year with 10 kWh:
/// 204.25 EUR at 0, 202.20 at 0.5, 201.25 at 1, 200.72 at 1.4, 201.10 at 1.9.
const TAIL: f64 = 1.4;

/// What is expected of one slot, or of what is left of the first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Period {
    pub start: Instant,
    pub end: Instant,
    /// Whether the import price is known, or only assumed.
    pub priced: bool,
    pub solar_kw: f64,
    /// With the flexible loads that are planned.
    pub load_kw: f64,
    pub slot: Slot,
}

impl Period {
    /// Adds a use (or, negative, a supply) that is certain.
    pub fn add_load(&mut self, load_kw: f64) {
        self.load_kw += load_kw;
        self.slot.chances.iter_mut().for_each(|chance| chance.net_kw += load_kw);
    }
}

/// All slots ahead.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Horizon {
    pub periods: Vec<Period>,
    /// Mean of the import prices that are known; `None`: none is.
    pub mean_price: Option<f64>,
}

impl Horizon {
    /// Reads the slots ahead; `caution` is the share of the forecasts' range that is reckoned with. Slots that are
    /// over, empty or out of order are left out.
    pub fn of(snapshot: &Snapshot, caution: f64) -> Self {
        let known = || {
            let past = snapshot.past.iter().filter_map(|slot| Some((slot.start, price(slot.import_price)?)));
            past.chain(snapshot.ahead.iter().filter_map(|slot| Some((slot.start, price(slot.import_price)?))))
        };
        let mean_price = mean(snapshot.ahead.iter().filter_map(|slot| price(slot.import_price)))
            .or_else(|| mean(known().map(|(_, price)| price)));
        // Tomorrow's prices come at noon: until then each hour is expected to be as it was on the other days.
        let usual_price = |start: Instant| {
            let alike = known().filter(|(at, _)| at % DAY_S == start % DAY_S).map(|(_, price)| price);
            // Without any price all slots are alike: the battery then follows the meter.
            mean(alike).or(mean_price).unwrap_or(1.0)
        };
        let export_price = mean(snapshot.ahead.iter().filter_map(|slot| price(slot.export_price)));
        let usual_load_kw = mean(snapshot.past.iter().filter_map(|slot| power(slot.load_w)))
            .or(power(snapshot.load_power_w))
            .unwrap_or(0.0);

        let mut periods: Vec<Period> = Vec::with_capacity(snapshot.ahead.len());
        for slot in &snapshot.ahead {
            let start = slot.start.max(snapshot.now);
            if slot.end <= start || periods.last().is_some_and(|before| slot.start < before.end) {
                continue;
            }
            let import_price = price(slot.import_price);
            let market = Market {
                hours: f64::from(slot.end - start) / 3600.0,
                import_price: import_price.unwrap_or_else(|| usual_price(slot.start)),
                export_price: price(slot.export_price).or(export_price).unwrap_or(0.0),
                import_limit_kw: limit(snapshot.import_limit_w(slot)),
                export_limit_kw: limit(snapshot.export_limit_w(slot)),
            };
            let yesterday = snapshot.past.iter().rev().find(|was| was.start == slot.start.saturating_sub(DAY_S));
            let (load, solar) = expected(snapshot, slot, yesterday, usual_load_kw);
            periods.push(Period {
                start: slot.start,
                end: slot.end,
                priced: import_price.is_some(),
                solar_kw: solar.mean,
                load_kw: load.mean,
                slot: Slot { market, chances: chances(load, solar, caution) },
            });
        }
        Self { periods, mean_price }
    }

    /// The slots alone.
    pub fn slots(&self) -> Vec<Slot> {
        self.periods.iter().map(|period| period.slot.clone()).collect()
    }
}

fn range_kw(mean_kw: f64, low_w: Option<f64>, high_w: Option<f64>) -> Range {
    Range::of(mean_kw, power(low_w), power(high_w))
}

fn expected(snapshot: &Snapshot, slot: &Ahead, yesterday: Option<&PastSlot>, usual_load_kw: f64) -> (Range, Range) {
    let measured = if slot.contains(snapshot.now) { power(snapshot.solar_power_w) } else { None };
    let solar = match measured {
        Some(now) if slot.solar_w.is_none() => range_kw(now, None, None),
        _ => range_kw(
            power(slot.solar_w).or_else(|| power(yesterday?.solar_w)).unwrap_or(0.0),
            slot.solar_low_w,
            slot.solar_high_w,
        ),
    };
    let load = power(slot.load_w).or_else(|| power(yesterday?.load_w)).unwrap_or(usual_load_kw);
    (range_kw(load, slot.load_low_w, slot.load_high_w), solar)
}

/// What may happen, of the same mean as what is forecast.
fn chances(load: Range, solar: Range, caution: f64) -> Vec<Chance> {
    let net_kw = load.mean - solar.mean;
    let [low, middle, high] = deviations(load, solar, caution * TAIL);
    if high.by - low.by < 0.02 {
        return vec![Chance { weight: 1.0, net_kw, solar_kw: solar.mean }];
    }
    [low, middle, high].map(|it| Chance { weight: it.share, net_kw: net_kw + it.by, solar_kw: solar.mean }).to_vec()
}

fn price(value: Option<f64>) -> Option<f64> {
    value.filter(|price| price.is_finite()).map(|price| price.clamp(-MOST_PRICE, MOST_PRICE))
}

fn power(watt: Option<f64>) -> Option<f64> {
    watt.filter(|watt| watt.is_finite()).map(|watt| (watt / 1000.0).clamp(0.0, MOST_KW))
}

fn limit(watt: Option<f64>) -> f64 {
    watt.filter(|watt| watt.is_finite()).map_or(MOST_KW, |watt| (watt.abs() / 1000.0).min(MOST_KW))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}
