//! Errors, added up.

use crate::estimate::Estimate;

/// How far ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The first hour.
    FirstHour,
    /// Hours 1 to 3.
    ToThreeHours,
    /// Hours 3 to 6.
    ToSixHours,
    /// Hours 6 to 24.
    ToOneDay,
    /// Hours 24 to 48.
    ToTwoDays,
}

impl Range {
    /// All of them, nearest first.
    pub const ALL: [Self; 5] = [Self::FirstHour, Self::ToThreeHours, Self::ToSixHours, Self::ToOneDay, Self::ToTwoDays];

    fn of(ahead: usize) -> Self {
        match ahead {
            0..4 => Self::FirstHour,
            4..12 => Self::ToThreeHours,
            12..24 => Self::ToSixHours,
            24..96 => Self::ToOneDay,
            _ => Self::ToTwoDays,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: f64,
    absolute: f64,
    square: f64,
    bias: f64,
    pinball_low: f64,
    pinball_high: f64,
    below_low: f64,
    above_high: f64,
}

/// How far off a forecast was.
#[derive(Clone, Debug, Default)]
pub struct Score {
    sums: [Sum; Range::ALL.len()],
    unknown: u64,
}

impl Score {
    pub(super) fn add(&mut self, ahead: usize, came: f64, estimate: Option<Estimate>) {
        let Some(estimate) = estimate else {
            self.unknown += 1;
            return;
        };
        let pinball = |share: f64, value: f64| (share * (came - value)).max((share - 1.0) * (came - value));
        let sum = &mut self.sums[Range::of(ahead) as usize];
        sum.count += 1.0;
        sum.absolute += (came - estimate.median_w).abs();
        sum.square += (came - estimate.mean_w).powi(2);
        sum.bias += estimate.mean_w - came;
        sum.pinball_low += pinball(0.1, estimate.low_w);
        sum.pinball_high += pinball(0.9, estimate.high_w);
        sum.below_low += f64::from(came < estimate.low_w);
        sum.above_high += f64::from(came > estimate.high_w);
    }

    fn total(&self, of: fn(&Sum) -> f64) -> f64 {
        self.sums.iter().map(of).sum::<f64>() / self.sums.iter().map(|sum| sum.count).sum::<f64>()
    }

    /// Slots for which nothing was forecast though something came.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Mean absolute error of the median.
    pub fn mae_w(&self) -> f64 {
        self.total(|sum| sum.absolute)
    }

    /// Root of the mean square error of the mean.
    pub fn rmse_w(&self) -> f64 {
        self.total(|sum| sum.square).sqrt()
    }

    /// Mean of forecast less measured.
    pub fn bias_w(&self) -> f64 {
        self.total(|sum| sum.bias)
    }

    /// Pinball loss of the low estimate at 0.1.
    pub fn pinball_low_w(&self) -> f64 {
        self.total(|sum| sum.pinball_low)
    }

    /// Pinball loss of the high estimate at 0.9.
    pub fn pinball_high_w(&self) -> f64 {
        self.total(|sum| sum.pinball_high)
    }

    /// Share below the low estimate, and share above the high one.
    pub fn outside(&self) -> (f64, f64) {
        (self.total(|sum| sum.below_low), self.total(|sum| sum.above_high))
    }

    /// Mean absolute error of the median, and root of the mean square error of the mean, in one range.
    pub fn of_range_w(&self, range: Range) -> (f64, f64) {
        let sum = &self.sums[range as usize];
        (sum.absolute / sum.count, (sum.square / sum.count).sqrt())
    }
}
