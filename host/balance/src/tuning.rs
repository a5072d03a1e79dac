use std::time::Duration;

/// Constants of the controller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Share of the deviation that one step answers, below one: what is left of a misjudged answer dies away.
    pub gain: f64,
    /// A deviation below this is left alone, watt.
    pub dead_band_w: f64,
    /// Batteries at rest start only for more than this, watt: inverters use some to run, and cut the smallest
    /// outputs to zero (Zendure-HA's own loop starts at 50 W).
    pub start_w: f64,
    /// A deviation above this is answered at once, watt; a smaller one when it lasts.
    pub jump_w: f64,
    /// How long a jump must last: longer than a motor's inrush.
    pub jump_for: Duration,
    /// How long a smaller deviation must last.
    pub drift_for: Duration,
    /// Least time between two writes to one battery (Zendure/zenSDK#5 recommends at least ten seconds).
    pub write_interval: Duration,
    /// Least time from one change of direction to the next (Zendure/zenSDK#74 advises two minutes).
    pub direction_dwell: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            gain: 0.95,
            dead_band_w: 15.0,
            start_w: 30.0,
            jump_w: 100.0,
            jump_for: Duration::from_secs(2),
            drift_for: Duration::from_secs(10),
            write_interval: Duration::from_secs(10),
            direction_dwell: Duration::from_secs(120),
        }
    }
}
