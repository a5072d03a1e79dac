//! What the sun will give: from a forecast of others corrected by what past ones got wrong, or without any
//! from what was measured on the last days.
//!
//! Each slot has a *reference*: the forecast for it, or, where there is none, the best that this quarter-hour
//! gave in the last weeks (which is what a clear sky gives, with the home's roof and shade in it). What was
//! measured against its reference on earlier days, the more recent and the more like today the better, is
//! the distribution of what will be measured against the reference of the slot ahead. Alike are days on
//! which the last hours stood against their reference as they do now, and slots for which the forecast was
//! as bright as it is for this one.
//!
//! ```text
//! irradiance ─> panel::power_of_slots ┐
//! Forecast.Solar, Solcast, HA ────────┴> forecast ─> SolarModel::ahead ─> Estimate { mean, low, high }
//! readings ─> PastSlot ────────────────> SolarModel::push ┘
//! ```

pub mod forecast_solar;
pub mod home_assistant;
pub mod outlook;
pub mod panel;
pub mod solcast;
mod stamps;
pub mod sun;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::slot;
use model::snapshot::{Problem, Slot};

use crate::estimate::Estimate;
use crate::history::{Channel, History, QUARTERS};
use crate::spread::Spread;

const CHANNELS: usize = 2;
const MEASURED: usize = 0;
const FORECAST: usize = 1;

/// Days from which a clear sky is learned.
const CLEAR_DAYS: usize = 28;
/// Days that are looked at.
const DAYS: usize = 90;
/// Days after which a day counts for a third.
const RECENT_DAYS: f64 = 20.0;
/// Lengths in quarter-hours over which days are compared.
const WINDOWS: [usize; 3] = [4, 12, 96];
/// How much a difference of a whole reference counts in each of [`WINDOWS`], at once and much later.
const NEAR: [f64; WINDOWS.len()] = [20.0, 10.0, 4.0];
const FAR: [f64; WINDOWS.len()] = [0.0, 0.0, 4.0];
/// Slots after which `NEAR` counts for a third.
const NEAR_SLOTS: f64 = 10.0;
/// How much a difference of brightness of the forecasts counts.
const BRIGHTNESS: f64 = 12.0;
/// How far the ratio is moved to the one of the last hour, after how many slots that is a third, and from which on it is
/// less than a thousandth, and none, as is what is counted at once alone.
const FOLLOW: f64 = 0.8;
const FOLLOW_SLOTS: f64 = 10.0;
const FOLLOWED: usize = 100;
/// Share of the most that was measured which is added to both sides of a ratio, so that dawn does not
/// make ratios of a hundred.
const DAMPING: f64 = 0.03;
/// A ratio beyond this, or its inverse, is an accident.
const MOST_RATIO: f64 = 4.0;
/// Quarter-hours beside the one looked for.
const BESIDE: [(isize, f64); 5] = [(0, 1.0), (-1, 0.6), (1, 0.6), (-2, 0.3), (2, 0.3)];
/// What is taken for the ratio to a forecast that has no record yet, and the weight of each.
const USUAL: [f64; 7] = [0.4, 0.7, 0.85, 0.95, 1.05, 1.15, 1.4];
const USUAL_WEIGHT: f64 = 0.1;
/// The shares that make `low_w`, `median_w` and `high_w`.
const SHARES: [f64; 3] = [0.1, 0.5, 0.9];

/// What was measured and what had been forecast for it.
#[derive(Clone, Debug)]
pub struct SolarModel {
    history: History<CHANNELS>,
}

impl Default for SolarModel {
    fn default() -> Self {
        Self::new()
    }
}

impl SolarModel {
    /// Knows nothing yet.
    pub fn new() -> Self {
        // The sun does not change its clock.
        Self { history: History::new(TimeZone::UTC) }
    }

    /// Adds one slot that is over: the mean that was measured, and the mean that the source of forecasts
    /// in use had said last before it (not what this model made of it).
    pub fn push(&mut self, start: Timestamp, solar_w: Option<f64>, forecast_w: Option<f64>) {
        let positive = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.max(0.0));
        self.history.push(start, [positive(solar_w), positive(forecast_w)]);
    }

    /// What is expected of the slots from the one that contains `from`, of which `forecast_w` has what a
    /// source says of each, as far as one does. Nothing that was measured in this slot or after it is
    /// looked at. `None` where nothing is known to judge from.
    pub fn ahead(&self, from: Timestamp, forecast_w: &[Option<f64>]) -> Vec<Option<Estimate>> {
        let from = slot::start_of(from);
        let starts = std::iter::successors(Some(from), |start| Some(slot::next(*start)));
        let now = self.history.cell(from);
        let record = now.map(|now| Record::new(&self.history, now));
        let believed = record.as_ref().is_none_or(|record| record.believes(forecast_w));
        let mut spread = Spread::new();
        starts
            .zip(forecast_w)
            .enumerate()
            .map(|(index, (start, forecast_w))| {
                spread.clear();
                let forecast_w = forecast_w.filter(|value| believed && value.is_finite()).map(|value| value.max(0.0));
                let most_w = match (&record, self.history.cell(start)) {
                    (Some(record), Some(target)) => record.fill(&mut spread, index, target, forecast_w)?,
                    _ => f64::INFINITY,
                };
                if let Some(forecast_w) = forecast_w {
                    for ratio in USUAL {
                        spread.add((ratio * forecast_w) as f32, 1.0, USUAL_WEIGHT);
                    }
                }
                let [low_w, median_w, high_w] = spread.quantiles_w(SHARES).map(|value| value.min(most_w));
                Some(Estimate { mean_w: spread.mean_w()?.min(most_w), median_w, low_w, high_w })
            })
            .collect()
    }
}

impl SolarModel {
    /// Names a forecast that is not used, because it says that there will be no sun at all where there was
    /// every day: a source that is down often answers with zeros.
    pub fn problem(&self, from: Timestamp, forecast_w: &[Option<f64>]) -> Option<Problem> {
        let record = Record::new(&self.history, self.history.cell(slot::start_of(from))?);
        (!record.believes(forecast_w)).then(|| Problem {
            code: "implausible".into(),
            subject: "ahead.solar-w".into(),
            text: format!("the solar forecast says next to nothing for {} slots", forecast_w.iter().flatten().count()),
            assumed: "it goes on as in the last days".into(),
        })
    }

    /// Fills in the production of slots that do not have it; `forecast_w` as for [`SolarModel::ahead`].
    pub fn fill(&self, ahead: &mut [Slot], forecast_w: &[Option<f64>]) {
        let Some(first) = ahead.first().map(|slot| slot.start) else { return };
        for (slot, estimate) in ahead.iter_mut().zip(self.ahead(first, forecast_w)) {
            if let (None, Some(estimate)) = (slot.solar_w, estimate) {
                estimate.put_solar(slot);
            }
        }
    }
}

/// Against which reference.
#[derive(Clone, Copy, PartialEq)]
enum Against {
    ClearSky = 0,
    Forecast = 1,
}

/// What was measured before `now`.
struct Record<'a> {
    measured: &'a Channel,
    forecast: &'a Channel,
    now: usize,
    /// By quarter-hour; empty without a day behind.
    clear_w: Vec<f64>,
    most_w: f64,
    damping_w: f64,
    /// The days before, by reference.
    days: [Vec<Day>; 2],
    /// By reference, what was measured against it in each quarter-hour from that of `first` on; NaN where that is not
    /// known.
    ratios: [Vec<f64>; 2],
    first: usize,
}

/// An earlier day beside today.
struct Day {
    /// How long ago, in quarter-hours.
    cells: usize,
    /// How little it is like today, for a slot much later …
    distance: f64,
    /// … and what is added to that at once.
    nearer: f64,
    /// What it counts much later.
    weight: f64,
    /// The logarithm of how the last hour stands against its reference, against then.
    gap: f64,
}

impl<'a> Record<'a> {
    fn new(history: &'a History<CHANNELS>, now: usize) -> Self {
        let (measured, forecast) = (history.channel(MEASURED), history.channel(FORECAST));
        let clear_w: Vec<f64> = (0..QUARTERS)
            .map(|quarter| {
                (0..=CLEAR_DAYS)
                    .filter_map(|ago| (now / QUARTERS * QUARTERS + quarter).checked_sub(ago * QUARTERS))
                    .filter(|cell| cell + 2 <= now)
                    .filter_map(|cell| measured.mean(cell.saturating_sub(1), cell + 2))
                    .fold(0.0, f64::max)
            })
            .collect();
        let most_w = clear_w.iter().copied().fold(0.0, f64::max);
        let damping_w = DAMPING * most_w;
        let first = now.saturating_sub((DAYS + 1) * QUARTERS);
        let (days, ratios) = (Default::default(), Default::default());
        let mut record = Self { measured, forecast, now, clear_w, most_w, damping_w, days, ratios, first };
        // A home without a source of forecasts has nothing to hold against one.
        let has_forecasts = !forecast.cells().is_empty();
        for against in [Against::ClearSky].into_iter().chain(has_forecasts.then_some(Against::Forecast)) {
            record.days[against as usize] = record.earlier(against);
            record.ratios[against as usize] =
                (first..now).map(|cell| record.ratio(against, cell).unwrap_or(f64::NAN)).collect();
        }
        record
    }

    fn earlier(&self, against: Against) -> Vec<Day> {
        let state = |cell: usize| WINDOWS.map(|width| self.ratio_before(against, cell, width));
        let here = state(self.now);
        let day = |ago: usize| {
            let cells = ago * QUARTERS;
            let there = state(self.now.checked_sub(cells)?);
            let (mut distance, mut nearer) = (ago as f64 / RECENT_DAYS, 0.0);
            for window in 0..WINDOWS.len() {
                if let (Some(here), Some(there)) = (here[window], there[window]) {
                    let square = (here - there).powi(2);
                    distance += FAR[window] * square;
                    nearer += (NEAR[window] - FAR[window]) * square;
                }
            }
            let gap = match (here[0], there[0]) {
                (Some(here), Some(there)) => (here.max(0.05) / there.max(0.05)).ln(),
                _ => 0.0,
            };
            Some(Day { cells, distance, nearer, weight: (-distance).exp(), gap })
        };
        (1..=DAYS).map_while(day).collect()
    }

    /// Over a day's light a forecast must say more than a hundredth of what a clear sky gives.
    fn believes(&self, forecast_w: &[Option<f64>]) -> bool {
        let clear_wq: f64 = (self.now..)
            .zip(forecast_w)
            .filter(|(_, forecast_w)| forecast_w.is_some())
            .filter_map(|(cell, _)| self.reference_w(Against::ClearSky, cell))
            .sum();
        let day_wq: f64 = self.clear_w.iter().sum();
        clear_wq < 0.9 * day_wq || forecast_w.iter().flatten().sum::<f64>() >= 0.01 * clear_wq
    }

    fn reference_w(&self, against: Against, cell: usize) -> Option<f64> {
        match against {
            Against::ClearSky => self.clear_w.get(cell % QUARTERS).copied(),
            Against::Forecast => {
                self.forecast.cells().get(cell).filter(|value| value.is_finite()).map(|value| f64::from(*value))
            }
        }
    }

    fn measured_w(&self, cell: usize) -> Option<f64> {
        let value = self.measured.cells().get(cell).filter(|value| cell < self.now && value.is_finite())?;
        Some(f64::from(*value))
    }

    fn ratio(&self, against: Against, cell: usize) -> Option<f64> {
        let (measured_w, then_w) = (self.measured_w(cell)?, self.reference_w(against, cell)?);
        Some((measured_w + self.damping_w) / (then_w + self.damping_w).max(1.0))
    }

    /// `None` in the dark.
    fn ratio_before(&self, against: Against, cell: usize, width: usize) -> Option<f64> {
        let (mut sum, mut reference) = (0.0, 0.0);
        for cell in cell.saturating_sub(width)..cell {
            if let (Some(measured_w), Some(reference_w)) = (self.measured_w(cell), self.reference_w(against, cell)) {
                sum += measured_w;
                reference += reference_w;
            }
        }
        let damping = width as f64 * self.damping_w;
        (reference > damping).then(|| ((sum + damping) / (reference + damping)).min(MOST_RATIO))
    }

    /// Fills in what the slot may give and returns the most it can; `None` without any reference.
    fn fill(&self, spread: &mut Spread, index: usize, target: usize, forecast_w: Option<f64>) -> Option<f64> {
        let against = if forecast_w.is_some() { Against::Forecast } else { Against::ClearSky };
        let reference_w = forecast_w.or_else(|| self.reference_w(against, target))?;
        let most_w = if self.days[0].len() > 13 { 1.05 * self.most_w } else { f64::INFINITY };
        if against == Against::ClearSky && self.is_night(target) {
            spread.add(0.0, 1.0, 1.0);
            return Some(most_w);
        }
        let clear_w = self.reference_w(Against::ClearSky, target).unwrap_or_default();
        let (near, follow) = ((-(index as f64) / NEAR_SLOTS).exp(), FOLLOW * (-(index as f64) / FOLLOW_SLOTS).exp());
        let (damping_w, ratios) = (self.damping_w, &self.ratios[against as usize]);
        let brightness = |reference_w: f64, clear_w: f64| (reference_w + damping_w) / (clear_w + damping_w).max(1.0);
        for day in &self.days[against as usize] {
            let Some(source) = target.checked_sub(day.cells) else { break };
            if source >= self.now {
                continue;
            }
            let (alike, moved) = if index < FOLLOWED {
                ((-day.distance - day.nearer * near).exp(), (day.gap * follow).exp())
            } else {
                (day.weight, 1.0)
            };
            for (beside, share) in BESIDE {
                let Some(cell) = source.checked_add_signed(beside) else { continue };
                let ratio = cell.checked_sub(self.first).and_then(|at| ratios.get(at)).copied().unwrap_or(f64::NAN);
                if ratio.is_nan() {
                    continue;
                }
                let mut weight = alike * share;
                if against == Against::Forecast {
                    let [then_w, clear_then_w] = [Against::Forecast, Against::ClearSky]
                        .map(|against| self.reference_w(against, cell).unwrap_or_default());
                    let difference = brightness(reference_w, clear_w) - brightness(then_w, clear_then_w);
                    weight *= (-BRIGHTNESS * difference.powi(2)).exp();
                }
                let ratio = (ratio * moved).clamp(1.0 / MOST_RATIO / MOST_RATIO, MOST_RATIO);
                let value_w = ((reference_w + damping_w) * ratio - damping_w).max(0.0);
                spread.add(value_w as f32, 1.0, weight);
            }
        }
        Some(most_w)
    }

    /// Whether the sun gave nothing at this time of day, nor just before and after, in all the weeks.
    fn is_night(&self, cell: usize) -> bool {
        BESIDE.iter().all(|(beside, _)| {
            let quarter = (cell + QUARTERS).saturating_add_signed(*beside) % QUARTERS;
            self.clear_w.get(quarter).is_some_and(|clear_w| *clear_w <= 0.0)
        })
    }
}

#[cfg(test)]
mod tests;
