//! What is measured of a run.

use std::fmt;

use crate::plant::{MAX_CHARGE_W, MAX_DISCHARGE_W};

/// A change of the need by more within a second is a jump, watt.
const JUMP_W: f64 = 200.0;
/// Settled is what stays within this of the need …
const SETTLED_W: f64 = 50.0;
/// … for so many seconds.
const SETTLED_S: usize = 5;
/// Overshoot is looked for this long after a jump, seconds.
const AFTER_S: usize = 60;

#[derive(Default)]
pub struct Score {
    seconds: f64,
    grid_ws: f64,
    deviation_ws: f64,
    settles: Vec<f64>,
    overshoots: Vec<f64>,
    writes: f64,
    turns: f64,
}

impl Score {
    pub fn add(&mut self, other: &Score) {
        self.seconds += other.seconds;
        self.grid_ws += other.grid_ws;
        self.deviation_ws += other.deviation_ws;
        self.settles.extend(&other.settles);
        self.overshoots.extend(&other.overshoots);
        self.writes += other.writes;
        self.turns += other.turns;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = |values: &[f64], decimals: usize| match values.len() {
            0 => "-".to_owned(),
            count => format!("{:.decimals$}", values.iter().sum::<f64>() / count as f64),
        };
        let hours = self.seconds / 3600.0;
        write!(
            f,
            "{:>9.1} {:>11.1} {:>9} {:>9} {:>9.0} {:>9.1}",
            self.grid_ws / self.seconds,
            self.deviation_ws / self.seconds,
            mean(&self.settles, 1),
            mean(&self.overshoots, 0),
            self.writes / hours,
            self.turns / hours
        )
    }
}

/// Takes a run in.
#[derive(Default)]
pub struct Meter {
    score: Score,
    /// In each second: what an ideal battery would give, and what this one gave.
    powers: Vec<(f64, f64)>,
    direction: f64,
}

impl Meter {
    pub fn second(&mut self, lack_w: f64, battery_w: f64) {
        let ideal_w = lack_w.clamp(-MAX_CHARGE_W, MAX_DISCHARGE_W);
        self.score.seconds += 1.0;
        self.score.grid_ws += (lack_w - battery_w).abs();
        self.score.deviation_ws += (ideal_w - battery_w).abs();
        self.powers.push((ideal_w, battery_w));
    }

    pub fn write(&mut self, power_w: f64) {
        self.score.writes += 1.0;
        if power_w != 0.0 && power_w.signum() != self.direction {
            self.score.turns += 1.0;
            self.direction = power_w.signum();
        }
    }

    /// A jump that is followed by another before it is settled counts for nothing.
    pub fn finish(mut self) -> Score {
        let powers = &self.powers;
        let jumps: Vec<usize> =
            (1..powers.len()).filter(|at| (powers[*at].0 - powers[*at - 1].0).abs() >= JUMP_W).collect();
        for (n, at) in jumps.iter().enumerate() {
            let end = jumps.get(n + 1).copied().unwrap_or(powers.len()).min(at + AFTER_S);
            let sign = (powers[*at].0 - powers[at - 1].0).signum();
            let is_settled = |second: &usize| {
                let stays = *second..(*second + SETTLED_S).min(powers.len());
                powers[stays].iter().all(|(ideal_w, battery_w)| (ideal_w - battery_w).abs() <= SETTLED_W)
            };
            if let Some(settled) = (*at..end).find(is_settled) {
                self.score.settles.push((settled - at) as f64);
            } else if end == at + AFTER_S {
                self.score.settles.push(AFTER_S as f64);
            }
            let over = powers[*at..end].iter().map(|(ideal_w, battery_w)| sign * (battery_w - ideal_w));
            self.score.overshoots.push(over.fold(0.0, f64::max));
        }
        self.score
    }
}
