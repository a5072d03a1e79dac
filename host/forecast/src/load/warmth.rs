//! What cold and heat add to the use, where they do.
//!
//! From one day to the next the mean use of 24 hours is set against how far the day was below
//! [`HEATING_C`] and above [`COOLING_C`]. Differences, so that a season in which the home is used more for
//! other reasons is not taken for the cold. The slope counts only as far as it stands out from its own
//! uncertainty, so a home that does not heat with electricity gets none.

use super::{CHANNELS, LOAD, TEMPERATURE};
use crate::history::{Channel, History, QUARTERS};

/// Mean of a day below which homes are heated (the usual base of heating degree days in Europe).
const HEATING_C: f64 = 15.0;
/// Mean of a day above which homes are cooled.
const COOLING_C: f64 = 22.0;
/// Days that are compared.
const DAYS: usize = 90;
/// Fewer differences say nothing.
const LEAST_DAYS: usize = 14;
/// A slope counts from this many standard errors on, and from about twice as many almost fully.
const LEAST_T: f64 = 2.0;

/// Kelvin below and above the comfortable range.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Degrees {
    heating: f64,
    cooling: f64,
}

impl Degrees {
    pub(super) fn of(temperature_c: f64) -> Self {
        Self { heating: (HEATING_C - temperature_c).max(0.0), cooling: (temperature_c - COOLING_C).max(0.0) }
    }

    pub(super) fn add(&mut self, other: Self, weight: f64) {
        self.heating += weight * other.heating;
        self.cooling += weight * other.cooling;
    }
}

/// Watt per kelvin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slopes {
    heating: f64,
    cooling: f64,
}

impl Slopes {
    /// From what was measured before `now`.
    pub(super) fn learn(history: &History<CHANNELS>, now: usize) -> Self {
        let days: Vec<Option<(f64, Degrees)>> = (0..=DAYS)
            .map_while(|ago| now.checked_sub((ago + 1) * QUARTERS))
            .map(|first| {
                let of = |channel: &Channel| channel.mean(first, first + QUARTERS);
                Some((of(history.channel(LOAD))?, Degrees::of(of(history.channel(TEMPERATURE))?)))
            })
            .collect();
        let differences: Vec<(f64, Degrees)> = days
            .windows(2)
            .filter_map(|pair| {
                let ((load, mut degrees), (load_before, before)) = (pair[0]?, pair[1]?);
                degrees.add(before, -1.0);
                Some((load - load_before, degrees))
            })
            .collect();
        Self {
            heating: slope(&differences, |degrees| degrees.heating),
            cooling: slope(&differences, |degrees| degrees.cooling),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What `here` takes more than `there`.
    pub(super) fn more_w(&self, here: Degrees, there: Degrees) -> f64 {
        self.heating * (here.heating - there.heating) + self.cooling * (here.cooling - there.cooling)
    }
}

/// Least squares through the origin, shrunk.
fn slope(differences: &[(f64, Degrees)], of: fn(&Degrees) -> f64) -> f64 {
    let used: Vec<(f64, f64)> =
        differences.iter().map(|(y, degrees)| (of(degrees), *y)).filter(|(x, _)| *x != 0.0).collect();
    if used.len() < LEAST_DAYS {
        return 0.0;
    }
    let xx: f64 = used.iter().map(|(x, _)| x * x).sum();
    let slope = used.iter().map(|(x, y)| x * y).sum::<f64>() / xx;
    let rest: f64 = used.iter().map(|(x, y)| (y - slope * x).powi(2)).sum();
    let t_squared = slope * slope * xx * (used.len() - 1) as f64 / rest.max(f64::MIN_POSITIVE);
    slope.max(0.0) * (1.0 - LEAST_T * LEAST_T / t_squared).max(0.0)
}
