//! A SolarFlow 800 as measured by its users: 2 to 6 s until a write takes effect, 400 W/s, steps of 10 W; its
//! power is reported every two seconds, the meter every second.

use std::collections::VecDeque;

use simulator::{Battery, BatteryParameters, Drive};

use crate::loops::Loop;
use crate::score::{Meter, Score};
use crate::world::Dice;

pub const MAX_CHARGE_W: f64 = 1000.0;
pub const MAX_DISCHARGE_W: f64 = 800.0;

/// Runs a loop in a home and gives its score.
pub fn run(lacks_w: &[f64], seed: u64, following: &mut dyn Loop) -> Score {
    // Nobody empties it within these hours.
    let parameters = BatteryParameters { capacity_wh: 1e6, ramp_w_per_s: Some(400.0), ..BatteryParameters::default() };
    let mut battery = Battery::new(parameters, 50.0).unwrap();
    let mut dice = Dice::new(seed + 1000);
    let mut underway: VecDeque<(f64, f64)> = VecDeque::new();
    let mut reported_w = 0.0;
    let mut score = Meter::default();
    for (second, lack_w) in lacks_w.iter().enumerate() {
        let now = second as f64;
        while underway.front().is_some_and(|(due, _)| *due <= now) {
            let power_w = underway.pop_front().unwrap().1;
            battery.command(match power_w {
                w if w > 0.0 => Drive::Discharge { power_w: w },
                w => Drive::Charge { power_w: -w },
            });
        }
        let battery_w = battery.step(*lack_w, 1.0);
        if second % 2 == 0 {
            reported_w = battery_w.round();
        }
        score.second(*lack_w, battery_w);
        let grid_w = (lack_w - battery_w + 3.0 * dice.normal()).round();
        if let Some(power_w) = following.see(second as u64, grid_w, reported_w) {
            let power_w = (power_w / 10.0).round() * 10.0;
            let due = (now + dice.between(2.0, 6.0)).max(underway.back().map_or(0.0, |(due, _)| *due));
            underway.push_back((due, power_w.clamp(-MAX_CHARGE_W, MAX_DISCHARGE_W)));
            score.write(power_w);
        }
    }
    score.finish()
}
