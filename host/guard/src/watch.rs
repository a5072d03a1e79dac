//! What only a series of readings shows: a state of charge that jumps or is frozen, a clock that is behind.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{BatteryState, HomeState, Link, TargetId};
use serde::{Deserialize, Serialize};

use crate::limits::{BatteryLimits, Limits};
use sign::Sign;

mod sign;

/// Rounding to whole percent at both ends of a jump, percent.
const ROUNDING_PCT: f64 = 2.0;

/// Devices report their state of charge up to this long after it changed.
const REPORT_DELAY: Duration = Duration::from_secs(120);

/// A battery may be faster than its limits say: panels that charge it directly, a calibration with full
/// power (Zendure/zenSDK#78). Full or empty in an hour is taken as possible for any.
const POSSIBLE_C_RATE: f64 = 1.0;

/// Share of the capacity that may go through without the state of charge moving. It should move after
/// 1 %; losses and slow reports take some more.
const FROZEN_SHARE: f64 = 0.05;

/// A level that was never observed may be so far from the last that was, percent.
const UNOBSERVED_PCT: f64 = 5.0;

/// Why a state of charge in range is not believed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Doubt {
    /// No battery is that fast.
    Jumped {
        /// Last believed, percent.
        from: f64,
        /// How many readings showed the new level.
        samples: u32,
    },
    /// Energy went through and it did not move.
    Frozen {
        /// Last change.
        since: Timestamp,
        /// Magnitude of the net energy at the bus since.
        energy_wh: f64,
    },
}

/// Follows the readings of each battery over time. Pure: time is passed in, by the monotonic clock for
/// differences and by the wall clock for people.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Watch {
    batteries: BTreeMap<TargetId, Track>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock: Option<Clock>,
    #[serde(default, skip_serializing_if = "Sign::is_unused")]
    sign: Sign,
}

/// How the home's clock stands to ours, as its readings show it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Clock {
    /// The link in which it was seen: what a new one shows at first is old.
    link: Timestamp,
    /// The newest time of any reading.
    newest: Timestamp,
    /// How old the newest reading was when it came; `None`: none came yet.
    behind: Option<SignedDuration>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Track {
    /// Last believed level and when it was last seen.
    level_pct: f64,
    seen: Duration,
    /// The level last changed then.
    changed: Timestamp,
    /// Net energy at the bus since, discharge positive.
    #[serde(with = "model::number")]
    energy_wh: f64,
    /// Power to integrate from, and since when.
    power: Option<(f64, Duration)>,
    frozen: bool,
    /// A level that the battery cannot have reached, until it is confirmed.
    candidate: Option<Candidate>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Candidate {
    level_pct: f64,
    samples: u32,
    at: Option<Timestamp>,
}

impl Watch {
    /// So many readings, each later than the one before, confirm a level that was reached by a jump.
    pub const CONFIRMING_SAMPLES: u32 = 3;

    /// To be called with every new state of the home; calling it more often does no harm.
    pub fn observe(&mut self, home: &HomeState, limits: &Limits, uptime: Duration, now: Timestamp) {
        self.observe_clock(home, now);
        self.observe_sign(home, limits, uptime, now);
        for state in &home.batteries {
            let Some(limits) = limits.batteries.get(&state.id) else { continue };
            let power = usable_power(state).filter(|_| home.link.is_up());
            if let Some(track) = self.batteries.get_mut(&state.id) {
                track.integrate(power, limits, uptime);
            }
            // A home that is not in step shows what was true once.
            let Some(level_pct) = usable_level(state).filter(|_| home.link.is_up()) else { continue };
            match self.batteries.get_mut(&state.id) {
                Some(track) => track.level(level_pct, state, limits, uptime, now),
                None => {
                    let first = Track {
                        level_pct,
                        seen: uptime,
                        changed: now,
                        energy_wh: 0.0,
                        power: power.map(|w| (w, uptime)),
                        frozen: false,
                        candidate: None,
                    };
                    self.batteries.insert(state.id.clone(), first);
                }
            }
        }
    }

    /// A reading that is new and yet old was given its time by a clock that is behind ours.
    fn observe_clock(&mut self, home: &HomeState, now: Timestamp) {
        let newest = crate::view::readings(home).filter_map(|reading| reading.at).max();
        let (Link::Up { since }, Some(newest)) = (&home.link, newest) else {
            self.clock = None;
            return;
        };
        match &mut self.clock {
            Some(clock) if clock.link == *since => {
                // One from the future says nothing any more once it is gone.
                if newest > clock.newest || clock.newest > now {
                    (clock.newest, clock.behind) = (newest, Some(now.duration_since(newest)));
                }
            }
            _ => self.clock = Some(Clock { link: *since, newest, behind: None }),
        }
    }

    fn observe_sign(&mut self, home: &HomeState, limits: &Limits, uptime: Duration, now: Timestamp) {
        let meter = &home.grid_power_w;
        let is_plausible = |w: &f64| w.abs() <= limits.grid.plausible_w;
        let grid_w = meter.value.filter(|w| meter.fault.is_none() && is_plausible(w));
        let batteries_w = home.batteries.iter().map(usable_power).sum::<Option<f64>>().filter(is_plausible);
        match (batteries_w, grid_w, meter.at) {
            (Some(batteries_w), Some(grid_w), Some(at)) if home.link.is_up() && !home.batteries.is_empty() => {
                self.sign.observe(batteries_w, grid_w, at, now, uptime);
            }
            _ => self.sign.forget(uptime),
        }
    }

    /// Whether the meter goes the same way as the batteries, so that one of them is read with the wrong sign.
    pub(crate) fn is_sign_wrong(&self) -> bool {
        self.sign.is_wrong()
    }

    /// How far the home's clock is behind ours.
    pub(crate) fn clock_behind(&self) -> Option<SignedDuration> {
        self.clock.as_ref()?.behind
    }

    /// What speaks against a level that is shown now.
    pub(crate) fn doubt(&self, battery: &str, level_pct: f64) -> Option<Doubt> {
        let track = self.batteries.get(battery)?;
        match &track.candidate {
            Some(candidate) if candidate.level_pct == level_pct => {
                Some(Doubt::Jumped { from: track.level_pct, samples: candidate.samples })
            }
            _ if track.frozen && track.level_pct == level_pct => {
                Some(Doubt::Frozen { since: track.changed, energy_wh: track.energy_wh.abs() })
            }
            // Never observed: nobody can say how long the battery had for it.
            _ if (track.level_pct - level_pct).abs() > UNOBSERVED_PCT => {
                Some(Doubt::Jumped { from: track.level_pct, samples: 0 })
            }
            _ => None,
        }
    }
}

impl Track {
    fn integrate(&mut self, power: Option<f64>, limits: &BatteryLimits, uptime: Duration) {
        if let Some((before_w, since)) = self.power {
            let energy_wh = before_w * uptime.saturating_sub(since).as_secs_f64() / 3600.0;
            // A full battery that is charged, and an empty one that is discharged, rightly stay where they are.
            let at_end = (self.level_pct >= 99.5 && energy_wh < 0.0) || (self.level_pct <= 0.5 && energy_wh > 0.0);
            if !at_end {
                self.energy_wh += energy_wh;
            }
        }
        self.power = power.map(|w| (w, uptime));
        self.frozen = self.energy_wh.abs() > FROZEN_SHARE * limits.capacity_wh;
    }

    fn level(
        &mut self,
        level_pct: f64,
        state: &BatteryState,
        limits: &BatteryLimits,
        uptime: Duration,
        now: Timestamp,
    ) {
        let passed = uptime.saturating_sub(self.seen) + REPORT_DELAY;
        let possible_pct = ROUNDING_PCT
            + possible_power_w(limits) * passed.as_secs_f64() / 3600.0 / limits.capacity_wh.max(1.0) * 100.0;
        if (level_pct - self.level_pct).abs() > possible_pct && !self.confirmed(level_pct, state.soc_pct.at) {
            return;
        }
        if level_pct != self.level_pct {
            self.changed = now;
            self.energy_wh = 0.0;
            self.frozen = false;
        }
        self.level_pct = level_pct;
        self.seen = uptime;
        self.candidate = None;
    }

    /// Counts a reading of a new level and tells whether it is confirmed now.
    fn confirmed(&mut self, level_pct: f64, at: Option<Timestamp>) -> bool {
        match &mut self.candidate {
            Some(candidate) if (candidate.level_pct - level_pct).abs() <= ROUNDING_PCT => {
                if candidate.at < at {
                    candidate.samples += 1;
                    candidate.at = at;
                }
                candidate.level_pct = level_pct;
                candidate.samples >= Watch::CONFIRMING_SAMPLES
            }
            other => {
                *other = Some(Candidate { level_pct, samples: 1, at });
                false
            }
        }
    }
}

fn usable_level(state: &BatteryState) -> Option<f64> {
    let reading = &state.soc_pct;
    reading.value.filter(|pct| reading.fault.is_none() && (0.0..=100.0).contains(pct))
}

fn usable_power(state: &BatteryState) -> Option<f64> {
    let reading = &state.power_w;
    reading.value.filter(|w| reading.fault.is_none() && w.is_finite())
}

fn possible_power_w(limits: &BatteryLimits) -> f64 {
    [limits.max_charge_w, limits.max_discharge_w, limits.capacity_wh * POSSIBLE_C_RATE]
        .into_iter()
        .filter(|w| w.is_finite())
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests;
