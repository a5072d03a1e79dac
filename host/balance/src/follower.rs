use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::lately::Lately;
use crate::latency::Latency;
use crate::needs::Needs;
use crate::share::{STANDSTILL_W, Setpoint, share};
use crate::tuning::Tuning;

/// A reading of the meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meter {
    /// Import positive.
    pub power_w: f64,
    /// When it was measured: each measurement counts once.
    pub at: Timestamp,
}

/// A battery that may be driven now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery<'a> {
    /// Which.
    pub id: &'a str,
    /// Measured at the bus; discharge positive.
    pub power_w: f64,
    /// Most that it may charge with now; 0 when it is full.
    pub max_charge_w: f64,
    /// Most that it may discharge with now; 0 when it is empty.
    pub max_discharge_w: f64,
}

/// What is seen at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// By a monotonic clock.
    pub now: Duration,
    /// The newest reading of the meter that can be believed.
    pub meter: Option<Meter>,
    /// Those that follow the meter together.
    pub batteries: &'a [Battery<'a>],
    /// Whether somebody else follows the same meter: a device by itself, or the home's own controller.
    pub is_followed: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Leave all as it is.
    Stay,
    /// Bring these batteries there.
    Set(Vec<Setpoint>),
    /// Stand still: two that follow one meter chase each other.
    GiveWay,
    /// Stand still: there is no meter to follow.
    Blind,
}

/// The controller with what it remembers.
#[derive(Clone, Debug, Default)]
pub struct Follower {
    tuning: Tuning,
    needs: Needs,
    lately: Lately,
    measured: Option<Meter>,
    tracks: BTreeMap<String, Track>,
}

#[derive(Clone, Debug, Default)]
struct Track {
    latency: Latency,
    written: Option<(f64, Duration)>,
    /// Last direction, 1 or -1, and when it became that.
    direction: Option<(f64, Duration)>,
}

impl Follower {
    /// A controller that has seen nothing yet.
    pub fn new(tuning: Tuning) -> Self {
        Self { tuning, ..Self::default() }
    }

    /// Its constants.
    pub fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// How long a battery takes to follow, as far as it was measured.
    pub fn latency(&self, battery: &str) -> Duration {
        self.tracks.get(battery).map_or(Latency::default().estimate(), |track| track.latency.estimate())
    }

    /// A set-point was written, by this controller or by anyone else.
    pub fn wrote(&mut self, battery: &str, power_w: f64, measured_w: Option<f64>, now: Duration) {
        let track = self.tracks.entry(battery.to_owned()).or_default();
        let before_w = measured_w.or(track.written.map(|(power_w, _)| power_w));
        track.latency.wrote(before_w.unwrap_or(0.0), power_w, now);
        track.written = Some((power_w, now));
        if power_w != 0.0 && track.direction.is_none_or(|(direction, _)| direction != power_w.signum()) {
            track.direction = Some((power_w.signum(), now));
        }
    }

    /// Looks at the home, at each new reading or once a second, and says what the batteries should do.
    pub fn follow(&mut self, seen: &Seen<'_>) -> Answer {
        for battery in seen.batteries {
            self.tracks.entry(battery.id.to_owned()).or_default().latency.observe(battery.power_w, seen.now);
        }
        if seen.is_followed {
            self.needs.clear();
            return Answer::GiveWay;
        }
        let Some(meter) = seen.meter else {
            self.needs.clear();
            return Answer::Blind;
        };
        if self.measured.is_some_and(|before| before.at == meter.at) {
            return Answer::Stay;
        }
        let before = self.measured.replace(meter);
        if seen.batteries.iter().any(|battery| self.is_underway(battery.id, seen.now)) {
            self.needs.clear();
            return Answer::Stay;
        }
        let sum_w = |of: fn(&Battery<'_>) -> f64| seen.batteries.iter().map(of).sum::<f64>();
        let power_w = sum_w(|battery| battery.power_w);
        let need_w = meter.power_w + power_w;
        let (charge_w, discharge_w) = (sum_w(|battery| battery.max_charge_w), sum_w(|battery| battery.max_discharge_w));
        self.needs.push(seen.now, need_w, self.tuning.lasts_for);
        self.lately.push(seen.now, need_w.max(-charge_w).min(discharge_w));
        if seen.batteries.iter().any(|battery| self.waits_to_write(battery.id, seen.now)) {
            return Answer::Stay;
        }
        let ahead = seen.batteries.iter().map(|battery| self.latency(battery.id)).max().unwrap_or_default();
        let has_fallen = before.is_some_and(|before| before.power_w - meter.power_w >= self.tuning.jump_w);
        match self.total_w(power_w, ahead, has_fallen) {
            Some(total_w) => self.set(total_w, seen),
            None => Answer::Stay,
        }
    }

    /// What the batteries should give together; `None`: what they do is right.
    fn total_w(&self, power_w: f64, ahead: Duration, has_fallen: bool) -> Option<f64> {
        let Tuning { gain, dead_band_w, start_w, jump_w, lasts_for, .. } = self.tuning;
        let lasting_w = self.needs.median_w(lasts_for)? - power_w;
        let newest_w = if has_fallen { lasting_w.min(self.needs.newest_w()? - power_w) } else { lasting_w };
        // What is written now has its effect only then.
        let coming_w = newest_w + self.needs.trend_w_per_s() * ahead.as_secs_f64();
        if coming_w.abs() >= jump_w {
            return Some(power_w + coming_w);
        }
        let least_w = if power_w.abs() < STANDSTILL_W { start_w } else { dead_band_w };
        (lasting_w.abs() >= least_w).then_some(power_w + gain * lasting_w)
    }

    fn set(&self, total_w: f64, seen: &Seen<'_>) -> Answer {
        let dwell = self.tuning.direction_dwell;
        let mut setpoints = share(total_w, seen.batteries, &self.tuning);
        for setpoint in &mut setpoints {
            let against = self.turns_against(&setpoint.id, setpoint.power_w);
            let is_worth_it = total_w.abs() >= self.tuning.turn_share * self.lately.against_w(total_w);
            if against.is_some_and(|since| !is_worth_it || seen.now.saturating_sub(since) < dwell) {
                setpoint.power_w = 0.0;
            }
        }
        Answer::Set(setpoints)
    }

    fn is_underway(&self, battery: &str, now: Duration) -> bool {
        self.tracks.get(battery).is_some_and(|track| track.latency.is_underway(now))
    }

    fn waits_to_write(&self, battery: &str, now: Duration) -> bool {
        let written = self.tracks.get(battery).and_then(|track| track.written);
        written.is_some_and(|(_, at)| now.saturating_sub(at) < self.tuning.write_interval)
    }

    /// Since when a battery has the direction that this power would turn it from; `None`: it would not.
    fn turns_against(&self, battery: &str, power_w: f64) -> Option<Duration> {
        let (direction, since) = self.tracks.get(battery)?.direction?;
        (power_w != 0.0 && direction != power_w.signum()).then_some(since)
    }
}

#[cfg(test)]
mod tests;
