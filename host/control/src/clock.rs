//! The two clocks that the control loop goes by.

use std::time::Instant;

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The clock on the wall. Somebody may set it, either way.
    fn now(&self) -> Timestamp;

    /// The monotonic clock, which nobody sets: waiting times and leases go by it.
    fn instant(&self) -> Instant;
}

/// Those of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}
