//! How long to wait before the next attempt.

use std::time::Duration;

use jiff::Timestamp;

/// Waiting times between attempts: doubled each time, and not the same for all who lost the same Home
/// Assistant at once.
pub struct Retry {
    first: Duration,
    most: Duration,
    next: Duration,
    /// State of a linear congruential generator (Knuth's MMIX constants).
    lottery: u64,
}

impl Retry {
    /// Starts with `first`.
    pub fn new(first: Duration, most: Duration) -> Self {
        // Any seed does that differs from process to process.
        let lottery = Timestamp::now().as_nanosecond() as u64 ^ u64::from(std::process::id()) << 32;
        Self { first, most, next: first, lottery }
    }

    /// It worked: starts with the first again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    /// Between three quarters and five quarters of the nominal time.
    pub fn next(&mut self) -> Duration {
        let nominal = self.next;
        self.next = (nominal * 2).min(self.most);
        self.lottery = self.lottery.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (self.lottery >> 33) as f64 / (1_u64 << 31) as f64;
        nominal.mul_f64(0.75 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_up_to_the_most() {
        let mut retry = Retry::new(Duration::from_secs(1), Duration::from_secs(30));
        for nominal in [1, 2, 4, 8, 16, 30, 30] {
            let wait = retry.next().as_secs_f64() / f64::from(nominal);
            assert!((0.75..1.25).contains(&wait), "{wait} of {nominal} s");
        }
        retry.reset();
        assert!(retry.next() < Duration::from_millis(1250));
    }
}
