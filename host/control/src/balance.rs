//! The balance controller: what the batteries should do so that the meter comes to zero. Pure.
//!
//! A meter reading shows what the batteries did a moment ago, so a controller that answers each reading
//! in full overshoots and swings (Zendure-HA #898, #944, #1216). This one answers with a gain below one,
//! not within a dead band, and only to readings that are newer than the effect of its last answer.

use std::time::Duration;

/// Constants of the controller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Share of the deviation that one step answers.
    pub gain: f64,
    /// A deviation below this is left alone, watt.
    pub dead_band_w: f64,
    /// A battery at rest starts only for more than this, watt: inverters use some to run, and the
    /// smallest outputs are cut to zero (50 W in Zendure-HA's own loop).
    pub start_w: f64,
    /// From a write until its effect is at the meter: two seconds of latency and two to ramp up were
    /// measured on a SolarFlow's simulation.
    pub latency: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { gain: 0.9, dead_band_w: 15.0, start_w: 30.0, latency: Duration::from_secs(5) }
    }
}

/// What is seen when a step is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// At the meter; import positive.
    pub grid_w: f64,
    /// This battery at the bus; discharge positive.
    pub battery_w: f64,
    /// This battery's share of the deviation, 0 to 1.
    pub share: f64,
    /// Since the last write to this battery; `None`: never.
    pub since_write: Option<Duration>,
}

/// The power that this battery should have, discharge positive; `None`: leave it.
pub fn step(seen: &Seen, tuning: &Tuning) -> Option<f64> {
    if seen.since_write.is_some_and(|since| since < tuning.latency) {
        return None;
    }
    let deviation_w = seen.grid_w * seen.share;
    let at_rest = seen.battery_w.abs() < tuning.dead_band_w;
    let threshold_w = if at_rest { tuning.start_w } else { tuning.dead_band_w };
    if deviation_w.abs() < threshold_w {
        return None;
    }
    Some((seen.battery_w + tuning.gain * deviation_w).round())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(grid_w: f64, battery_w: f64) -> Seen {
        Seen { grid_w, battery_w, share: 1.0, since_write: None }
    }

    #[test]
    fn covers_the_homes_use_and_takes_its_surplus() {
        assert_eq!(step(&seen(400.0, 0.0), &Tuning::default()), Some(360.0));
        assert_eq!(step(&seen(-300.0, 0.0), &Tuning::default()), Some(-270.0));
    }

    #[test]
    fn leaves_small_deviations_and_fresh_writes_alone() {
        assert_eq!(step(&seen(14.0, 200.0), &Tuning::default()), None);
        assert_eq!(step(&seen(29.0, 0.0), &Tuning::default()), None);
        let early = Seen { since_write: Some(Duration::from_secs(4)), ..seen(400.0, 0.0) };
        assert_eq!(step(&early, &Tuning::default()), None);
    }

    proptest! {
        /// However the load jumps, the deviation shrinks with each step and never changes sides by
        /// more than what was left.
        #[test]
        fn settles_without_swinging(load_w in -2000.0..2000.0f64, start_w in -800.0..800.0f64) {
            let tuning = Tuning::default();
            let mut battery_w: f64 = start_w.round();
            let mut last = (load_w - battery_w).abs();
            for _ in 0..12 {
                let Some(next) = step(&seen(load_w - battery_w, battery_w), &tuning) else { break };
                battery_w = next;
                let left = (load_w - battery_w).abs();
                prop_assert!(left <= last);
                last = left;
            }
            prop_assert!(last <= tuning.start_w.max(tuning.dead_band_w));
        }
    }
}
