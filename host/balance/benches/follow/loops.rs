//! The controllers that are compared.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use wattwright_balance::{Answer, Battery, Follower, Meter, Seen};

use crate::plant::{MAX_CHARGE_W, MAX_DISCHARGE_W};

/// A controller of one battery; powers are discharge positive.
pub trait Loop {
    /// Sees the meter and the battery once a second, and says what to write.
    fn see(&mut self, second: u64, grid_w: f64, battery_w: f64) -> Option<f64>;

    /// Another power was written in place of the one that it said; `None`: nothing was.
    fn overruled(&mut self, _power_w: Option<f64>) {}
}

/// Another controller under the rules that this crate's keeps by itself, since a guard stands behind it: ten
/// seconds between two writes, and two minutes from one turn to the next.
pub struct Ruled {
    pub inner: Box<dyn Loop>,
    pub written: Option<u64>,
    pub direction: Option<(f64, u64)>,
}

impl Loop for Ruled {
    fn see(&mut self, second: u64, grid_w: f64, battery_w: f64) -> Option<f64> {
        let mut power_w = self.inner.see(second, grid_w, battery_w)?;
        if self.written.is_some_and(|at| second - at < 10) {
            self.inner.overruled(None);
            return None;
        }
        self.written = Some(second);
        match self.direction {
            Some((direction, since)) if power_w != 0.0 && direction != power_w.signum() && second - since < 120 => {
                power_w = 0.0;
                self.inner.overruled(Some(power_w));
            }
            Some((direction, _)) if direction == power_w.signum() => {}
            _ if power_w == 0.0 => {}
            _ => self.direction = Some((power_w.signum(), second)),
        }
        Some(power_w)
    }
}

/// This crate's, as the control loop drives it.
#[derive(Default)]
pub struct Ours {
    follower: Follower,
    written_w: Option<f64>,
}

impl Loop for Ours {
    fn see(&mut self, second: u64, grid_w: f64, battery_w: f64) -> Option<f64> {
        let now = Duration::from_secs(second);
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second as i64);
        let battery =
            Battery { id: "b", power_w: battery_w, max_charge_w: MAX_CHARGE_W, max_discharge_w: MAX_DISCHARGE_W };
        let meter = Some(Meter { power_w: grid_w, at });
        let seen = Seen { now, meter, batteries: &[battery], is_followed: false };
        let Answer::Set(setpoints) = self.follower.follow(&seen) else { return None };
        let power_w = setpoints[0].power_w;
        if self.written_w.is_some_and(|written_w| (written_w - power_w).abs() < 10.0) {
            return None;
        }
        self.follower.wrote("b", power_w, Some(battery_w), now);
        self.written_w = Some(power_w);
        Some(power_w)
    }
}

/// Half of what the meter shows is added to the last set-point, every five seconds, beyond 20 W.
#[derive(Default)]
pub struct Proportional {
    written_w: f64,
    before_w: f64,
    next: u64,
}

impl Loop for Proportional {
    fn see(&mut self, second: u64, grid_w: f64, _battery_w: f64) -> Option<f64> {
        if second < self.next || grid_w.abs() < 20.0 {
            return None;
        }
        let power_w = (self.written_w + 0.5 * grid_w).clamp(-MAX_CHARGE_W, MAX_DISCHARGE_W);
        if power_w == self.written_w {
            return None;
        }
        self.next = second + 5;
        (self.before_w, self.written_w) = (self.written_w, power_w);
        Some(power_w)
    }

    fn overruled(&mut self, power_w: Option<f64>) {
        self.written_w = power_w.unwrap_or(self.before_w);
    }
}

/// As Zendure/Zendure-HA does with one device in its smart mode (`manager.py`, `device.py`, `const.py`,
/// summer 2026): meter plus reported power every 4 s, or 2.2 s after a jump of the meter; written when
/// it is more than 5 W from what is reported; charging starts 2 s late, or 60 s when it charged within five
/// minutes; 50 W to start.
pub struct Vendor {
    history: VecDeque<f64>,
    next: f64,
    fast: f64,
    charge_at: Option<f64>,
    charged: f64,
}

impl Default for Vendor {
    fn default() -> Self {
        Self { history: [25.0, -25.0].into(), next: 0.0, fast: 0.0, charge_at: None, charged: f64::NEG_INFINITY }
    }
}

impl Vendor {
    fn is_jump(&self, grid_w: f64) -> bool {
        let count = self.history.len() as f64;
        if count <= 1.0 {
            return false;
        }
        let mean = (self.history.iter().sum::<f64>() / count).trunc();
        let variance = self.history.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / count;
        let most_w = 3.5 * variance.sqrt().max(15.0);
        (grid_w - mean).abs() > most_w || (grid_w - self.history[0]).abs() > most_w
    }

    fn remember(&mut self, grid_w: f64) {
        self.history.push_back(grid_w);
        if self.history.len() > 8 {
            self.history.pop_front();
        }
    }

    /// Charging must wait; discharging never does.
    fn allowed_w(&mut self, wanted_w: f64, now: f64) -> f64 {
        if wanted_w >= 0.0 {
            self.charge_at = None;
            return wanted_w;
        }
        let charged = self.charged;
        let at = *self.charge_at.get_or_insert(now + if now - charged > 300.0 { 2.0 } else { 60.0 });
        if self.charged < at && now < at {
            self.charged = at;
        }
        if at > now { 0.0 } else { wanted_w }
    }
}

impl Loop for Vendor {
    fn see(&mut self, second: u64, grid_w: f64, battery_w: f64) -> Option<f64> {
        let now = second as f64;
        if now < self.fast {
            self.remember(grid_w);
            return None;
        }
        let is_jump = self.is_jump(grid_w);
        if is_jump {
            self.history.clear();
        }
        self.remember(grid_w);
        if !is_jump && now <= self.next {
            return None;
        }
        (self.next, self.fast) = (now + 4.0, now + 2.2);
        let wanted_w = self.allowed_w(grid_w + battery_w, now);
        if battery_w == 0.0 && wanted_w.abs() <= 50.0 {
            return None;
        }
        let power_w = wanted_w.clamp(-MAX_CHARGE_W, MAX_DISCHARGE_W).round();
        ((power_w - battery_w).abs() > 5.0).then_some(power_w)
    }
}
