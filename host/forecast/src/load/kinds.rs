//! How much days of another kind say about a day.
//!
//! A home may be the same on all days of the week, or an office that is empty on two of them. So it is
//! measured: when days of another kind differ by `δ` in the mean and days of one kind scatter by `σ`, then
//! of `n` other days each should count `1 / (1 + n δ²/σ²)` (the weights that make the mean square error of
//! a weighted mean the least, from `δ` as bias and `σ²` as variance).

use jiff::civil::{Date, Weekday};

use super::{CHANNELS, LOAD};
use crate::history::{History, QUARTERS};

/// Days that are compared.
const DAYS: usize = 56;
/// Parts of a day that are compared one by one.
const PARTS: usize = 8;
/// How many days of another kind count at most in a forecast, about.
const OTHERS: f64 = 12.0;
/// What is taken for `δ²/σ²` as long as little is known, as if from so many days.
const USUAL: (f64, f64) = (1.0, 8.0);

/// What makes days alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    weekday: Weekday,
    holiday: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Working,
    Saturday,
    Free,
}

impl Kind {
    pub(super) fn new(date: Date, holiday: bool) -> Self {
        Self { weekday: date.weekday(), holiday }
    }

    fn class(self) -> Class {
        match self.weekday {
            _ if self.holiday => Class::Free,
            Weekday::Sunday => Class::Free,
            Weekday::Saturday => Class::Saturday,
            _ => Class::Working,
        }
    }
}

/// What a day counts for another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likeness {
    weekdays: f64,
    saturday: f64,
    free: f64,
    weekend: f64,
}

/// Count, mean and sum of squares about it, of each part of the day.
#[derive(Clone, Copy, Default)]
struct Group {
    days: f64,
    means: [f64; PARTS],
    squares: [f64; PARTS],
}

impl Group {
    fn add(&mut self, parts: &[f64; PARTS]) {
        self.days += 1.0;
        for ((mean, squares), part) in self.means.iter_mut().zip(&mut self.squares).zip(parts) {
            let off = part - *mean;
            *mean += off / self.days;
            *squares += off * (part - *mean);
        }
    }
}

impl Likeness {
    /// From the days before `now`, of which `kinds` has the kinds.
    pub(super) fn learn(history: &History<CHANNELS>, kinds: &[Kind], now: usize) -> Self {
        let today = now / QUARTERS;
        let mut weekdays = [Group::default(); 5];
        let mut classes = [Group::default(); 3];
        for day in today.saturating_sub(DAYS)..today {
            let part = |part: usize| {
                let first = day * QUARTERS + part * (QUARTERS / PARTS);
                history.channel(LOAD).mean(first, first + QUARTERS / PARTS).map(|mean| mean.max(1.0).ln())
            };
            let mut parts = [0.0; PARTS];
            let known =
                parts.iter_mut().enumerate().all(|(index, value)| part(index).map(|mean| *value = mean).is_some());
            let Some(kind) = kinds.get(day).filter(|_| known) else { continue };
            let class = kind.class();
            classes[class as usize].add(&parts);
            if class == Class::Working {
                weekdays[usize::try_from(kind.weekday.to_monday_zero_offset()).unwrap_or(0)].add(&parts);
            }
        }
        let [working, saturday, free] = classes;
        let between = |a: &Group, b: &Group| likeness(&[difference(a, b)]);
        let mut pairs = Vec::new();
        for (index, a) in weekdays.iter().enumerate() {
            pairs.extend(weekdays[index + 1..].iter().map(|b| difference(a, b)));
        }
        Self {
            weekdays: likeness(&pairs),
            saturday: between(&working, &saturday),
            free: between(&working, &free),
            weekend: between(&saturday, &free),
        }
    }

    /// What a day of kind `there` counts for one of kind `here`; 1 for the same.
    pub(super) fn of(&self, here: Kind, there: Kind) -> f64 {
        if here == there {
            return 1.0;
        }
        match (here.class(), there.class()) {
            (Class::Working, Class::Working) => self.weekdays,
            (Class::Free, Class::Free) => 1.0,
            (Class::Working, Class::Saturday) | (Class::Saturday, Class::Working) => self.saturday,
            (Class::Working, Class::Free) | (Class::Free, Class::Working) => self.free,
            _ => self.weekend,
        }
    }
}

/// `δ²/σ²`, and the days that it is known from.
fn difference(a: &Group, b: &Group) -> (f64, f64) {
    if a.days < 2.0 || b.days < 2.0 {
        return (0.0, 0.0);
    }
    let ratio: f64 = (0..PARTS)
        .map(|part| {
            let variance = (a.squares[part] + b.squares[part]) / (a.days + b.days - 2.0);
            // Of the difference of the means, what is there by chance alone is taken off.
            let by_chance = variance * (1.0 / a.days + 1.0 / b.days);
            ((a.means[part] - b.means[part]).powi(2) - by_chance) / variance.max(1e-4)
        })
        .sum::<f64>()
        / PARTS as f64;
    (ratio, a.days.min(b.days))
}

fn likeness(differences: &[(f64, f64)]) -> f64 {
    let (usual, weight) = USUAL;
    let weights = weight + differences.iter().map(|(_, days)| days).sum::<f64>();
    let sum = usual * weight + differences.iter().map(|(ratio, days)| ratio * days).sum::<f64>();
    1.0 / (1.0 + OTHERS * (sum / weights).max(0.0))
}
