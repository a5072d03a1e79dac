use std::time::Duration;

/// Constants of the controller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Share of a lasting deviation that one step answers, below one: some of it comes back by itself, and what is
    /// left of a misjudged answer dies away. A jump is answered in full.
    pub gain: f64,
    /// A deviation below this is left alone, watt.
    pub dead_band_w: f64,
    /// Batteries at rest start only for more than this, watt: inverters use some to run, and cut the smallest
    /// outputs to zero (Zendure-HA's own loop starts at 50 W).
    pub start_w: f64,
    /// A deviation above this is a jump, watt.
    pub jump_w: f64,
    /// How long a deviation must last: longer than a motor's inrush. A fall of the meter has none, and need not last.
    pub lasts_for: Duration,
    /// Least time between two writes to one battery (Zendure/zenSDK#5 recommends at least ten seconds).
    pub write_interval: Duration,
    /// Least time from one change of direction to the next (Zendure/zenSDK#74 advises two minutes).
    pub direction_dwell: Duration,
    /// A battery turns only for more than this share of what the home lately needed the other way, in the mean:
    /// until `direction_dwell` has passed, that will be left at the meter.
    pub turn_share: f64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            gain: 0.75,
            dead_band_w: 15.0,
            start_w: 30.0,
            jump_w: 100.0,
            lasts_for: Duration::from_secs(2),
            write_interval: Duration::from_secs(10),
            direction_dwell: Duration::from_secs(120),
            turn_share: 0.5,
        }
    }
}
