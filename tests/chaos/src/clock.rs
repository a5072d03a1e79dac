//! Time that passes when it is told to.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use control::Clock;
use jiff::{SignedDuration, Timestamp};

struct Inner {
    truth: Timestamp,
    passed: Duration,
    skew: SignedDuration,
}

/// True time, and what our machine takes for it.
pub struct SimulatedClock {
    begin: Instant,
    inner: Mutex<Inner>,
}

impl SimulatedClock {
    pub fn new(truth: Timestamp) -> Self {
        let inner = Inner { truth, passed: Duration::ZERO, skew: SignedDuration::ZERO };
        Self { begin: Instant::now(), inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn pass(&self, length: Duration) {
        let mut inner = self.inner();
        inner.passed += length;
        inner.truth = inner.truth.saturating_add(length).unwrap_or(inner.truth);
    }

    /// Sets our machine's clock wrong by so much.
    pub fn set_skew(&self, skew: SignedDuration) {
        self.inner().skew = skew;
    }

    /// True time, which is the home's.
    pub fn truth(&self) -> Timestamp {
        self.inner().truth
    }

    /// What truly passed since the beginning.
    pub fn passed(&self) -> Duration {
        self.inner().passed
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let inner = self.inner();
        inner.truth.saturating_add(inner.skew).unwrap_or(inner.truth)
    }

    fn instant(&self) -> Instant {
        self.begin + self.inner().passed
    }
}
