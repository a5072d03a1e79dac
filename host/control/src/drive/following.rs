//! The meter is followed in a home that is not as it seems.

#![allow(clippy::unwrap_used, reason = "a test may fail this way")]

use std::time::Duration;

use balance::{Battery, Follower, Meter};
use guard::{BatteryLimits, DeviceLimits, Guard, Ledger, Limits, Watch, meter_to_follow_w};
use jiff::{SignedDuration, Timestamp};
use model::snapshot::Abilities;
use model::{BalanceLimits, Command, CommandKind, DeviceState, Grant, HomeState, Reading};

use super::shown::shown;
use super::{Due, Follow, Next, next, to_power, tuning};

/// A home that uses 400 W, with what a car draws besides; its battery does at once what it is told.
struct Home {
    limits: Limits,
    car_w: f64,
    is_inverted: bool,
    battery_w: f64,
    follower: Follower,
    watch: Watch,
    ledger: Ledger,
    second: i64,
}

impl Home {
    fn new(car_w: f64, is_inverted: bool) -> Self {
        let mut limits = Limits::default();
        let battery = BatteryLimits {
            capacity_wh: 1e6,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            commands: [CommandKind::Hold, CommandKind::Charge, CommandKind::Discharge, CommandKind::Balance].into(),
            ..BatteryLimits::default()
        };
        limits.batteries.insert("battery".into(), battery);
        limits.devices.insert("car".into(), DeviceLimits { from_battery: false, ..DeviceLimits::default() });
        let follower = Follower::new(tuning(&limits));
        let (watch, ledger) = (Watch::default(), Ledger::default());
        Self { limits, car_w, is_inverted, battery_w: 0.0, follower, watch, ledger, second: 0 }
    }

    fn shown(&self, now: Timestamp) -> HomeState {
        let grid_w = 400.0 + self.car_w - self.battery_w;
        let shown_w = if self.is_inverted { -grid_w } else { grid_w };
        let car = DeviceState {
            id: "car".into(),
            on: None,
            abilities: Abilities::default(),
            level: None,
            power_w: Some(Reading::of("sensor.car", self.car_w, now)),
            fault: None,
        };
        HomeState { devices: vec![car], ..shown("battery", 50.0, shown_w, self.battery_w, now) }
    }

    /// One second of following the meter; what the battery gives after it.
    fn step(&mut self) -> f64 {
        self.second += 1;
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.second);
        let uptime = Duration::from_secs(self.second.unsigned_abs());
        let home = self.shown(now);
        self.watch.observe(&home, &self.limits, uptime, now);
        let believed = guard::believe_grid_power(&home.grid_power_w, &self.limits.grid, &self.watch, now).known();
        let to_follow_w = |grid_w| meter_to_follow_w(&self.limits, &home, grid_w, self.battery_w);
        let meter = believed.map(|grid_w| Meter { power_w: to_follow_w(grid_w), at: now });
        let battery = Battery { id: "battery", power_w: self.battery_w, max_charge_w: 1000.0, max_discharge_w: 800.0 };
        let seen = balance::Seen { now: uptime, meter, batteries: &[battery], is_followed: false };
        let answer = self.follower.follow(&seen);
        let due = Due {
            battery: "battery",
            in_force: &Command::Balance(BalanceLimits::default()),
            by: Some("test"),
            grant: &Grant::default(),
            written: None,
            measured_w: Some(self.battery_w),
            follow: Follow::of(&answer, "battery"),
            paused: false,
        };
        let scene = guard::Scene { home: &home, now, uptime, ledger: &self.ledger, watch: &self.watch };
        if let Next::Write(approved, _) = next(&Guard::new(self.limits.clone()), &due, &scene) {
            self.ledger.record(&approved, now, uptime);
            let power_w = to_power(approved.command().unwrap());
            self.follower.wrote("battery", power_w, Some(self.battery_w), uptime);
            self.battery_w = power_w;
        }
        self.battery_w
    }
}

#[test]
fn a_meter_with_the_wrong_sign_is_not_followed() {
    let mut home = Home::new(0.0, true);
    let powers: Vec<f64> = (0..3000).map(|_| home.step()).collect();
    assert!(powers.iter().any(|w| *w <= -900.0), "it runs away at first");
    assert!(powers[900..].iter().all(|w| *w == 0.0), "after a quarter of an hour nothing follows it");
    let mut right = Home::new(0.0, false);
    let powers: Vec<f64> = (0..3000).map(|_| right.step()).collect();
    assert!(powers[900..].iter().all(|w| *w > 350.0));
}

#[test]
fn a_car_is_not_charged_from_the_battery() {
    let mut home = Home::new(0.0, false);
    (0..300).for_each(|_| {
        home.step();
    });
    home.car_w = 11_000.0;
    let powers: Vec<f64> = (0..300).map(|_| home.step()).collect();
    assert!(powers.iter().all(|w| (350.0..=400.0).contains(w)), "the rest of the home is still fed, and no more");
    home.limits.devices.clear();
    assert!((0..60).map(|_| home.step()).any(|w| w == 800.0), "else it would be");
}
