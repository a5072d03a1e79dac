//! How long a battery takes from a write to its effect, measured.

use std::time::Duration;

/// Before anything was measured: two seconds until a simulated SolarFlow begins and some to get there.
const AT_FIRST: Duration = Duration::from_secs(6);
const LEAST: Duration = Duration::from_secs(1);
/// A battery that takes longer did not obey, and says nothing of its latency.
const MOST: Duration = Duration::from_secs(20);
/// Changes smaller than this drown in the noise, watt.
const CLEAR_W: f64 = 50.0;
/// So close to its set-point it is there, as a share of the change.
const THERE_SHARE: f64 = 0.15;
/// How fast a shorter latency is believed; a longer one is believed at once, since acting too early makes
/// the loop swing and acting too late only costs a second.
const DECAY: f64 = 0.1;

#[derive(Clone, Debug)]
pub(crate) struct Latency {
    estimate: Duration,
    /// When a clear change was written last.
    written: Option<Duration>,
    /// From which power to which, and when it was written.
    underway: Option<(f64, f64, Duration)>,
}

impl Default for Latency {
    fn default() -> Self {
        Self { estimate: AT_FIRST, written: None, underway: None }
    }
}

impl Latency {
    pub fn estimate(&self) -> Duration {
        self.estimate
    }

    pub fn wrote(&mut self, from_w: f64, to_w: f64, at: Duration) {
        let is_clear = (to_w - from_w).abs() >= CLEAR_W;
        self.underway = is_clear.then_some((from_w, to_w, at));
        self.written = is_clear.then_some(at);
    }

    /// Whether a clear change may still be on its way, so that the meter and the battery do not show the same moment.
    pub fn is_underway(&self, now: Duration) -> bool {
        self.written.is_some_and(|at| now.saturating_sub(at) < self.estimate)
    }

    pub fn observe(&mut self, power_w: f64, now: Duration) {
        let Some((from_w, to_w, at)) = self.underway else { return };
        let took = now.saturating_sub(at);
        if took > MOST {
            self.underway = None;
        } else if (power_w - to_w).abs() <= THERE_SHARE * (to_w - from_w).abs() {
            self.underway = None;
            self.estimate = if took > self.estimate {
                took
            } else {
                self.estimate.mul_f64(1.0 - DECAY) + took.max(LEAST).mul_f64(DECAY)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_slow_device_is_believed_at_once_and_a_fast_one_by_and_by() {
        let mut latency = Latency::default();
        latency.wrote(0.0, 400.0, s(100));
        latency.observe(200.0, s(107));
        assert_eq!(latency.estimate(), AT_FIRST);
        latency.observe(380.0, s(109));
        assert_eq!(latency.estimate(), s(9));
        for n in 0..60 {
            let (from_w, to_w) = if n % 2 == 0 { (400.0, 0.0) } else { (0.0, 400.0) };
            latency.wrote(from_w, to_w, s(200 + n * 20));
            latency.observe(to_w, s(202 + n * 20));
        }
        assert!(latency.estimate() < Duration::from_millis(2100), "{:?}", latency.estimate());
    }

    #[test]
    fn small_changes_and_a_device_that_does_not_obey_say_nothing() {
        let mut latency = Latency::default();
        latency.wrote(0.0, 40.0, s(0));
        latency.observe(40.0, s(19));
        latency.wrote(40.0, 400.0, s(100));
        latency.observe(40.0, s(121));
        latency.observe(400.0, s(122));
        assert_eq!(latency.estimate(), AT_FIRST);
    }
}
