//! Whether meter and batteries have the same sign: each larger step of the batteries is a test pulse. What they give
//! more comes off the import; where the meter goes the same way as they do, one of the two is read with the wrong
//! sign, and a loop that follows it drives the batteries to their limit, the wrong way.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Smaller steps drown in what the home does meanwhile, watt.
const STEP_W: f64 = 100.0;
/// What stays within is no step, watt.
const STEADY_W: f64 = 30.0;
/// Most meters report this long after the batteries have come to rest. One that is slower seems not to move, which says
/// nothing; to wait longer would be too long for a loop that writes every ten seconds.
const METER_DELAY: SignedDuration = SignedDuration::from_secs(5);
/// Batteries that do not come to rest and a meter that says nothing within are no pulse: too much else goes on.
const LONGEST: SignedDuration = SignedDuration::from_secs(90);
/// A meter that moves by this share of the step, or more, goes along with it or against it; what moves it more than
/// [`MOST_SHARE`] is something else.
const CLEAR_SHARE: f64 = 0.6;
const MOST_SHARE: f64 = 1.6;
/// So many pulses in a row are no accident …
const PULSES: u32 = 3;
/// … nor are two with nothing after them for this long: a loop that follows a wrong sign ends at a limit.
const PULSES_AT_LIMIT: u32 = 2;
const AT_LIMIT: Duration = Duration::from_secs(300);
/// For so long it is not followed; then it is tried again.
const WRONG_FOR: Duration = Duration::from_secs(3600);

/// Batteries together, discharge positive, and meter, import positive; watt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Powers {
    batteries_w: f64,
    grid_w: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pulse {
    began: Timestamp,
    /// Where the batteries are since `steady`.
    at_w: f64,
    steady: Timestamp,
}

/// What the pulses have shown so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sign {
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Powers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pulse: Option<Pulse>,
    /// Pulses in a row that went the wrong way.
    wrong: u32,
    /// The last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_wrong: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong_since: Option<Duration>,
}

impl Sign {
    pub fn is_unused(&self) -> bool {
        *self == Self::default()
    }

    /// Whether meter and batteries contradict each other.
    pub fn is_wrong(&self) -> bool {
        self.wrong_since.is_some()
    }

    /// Nothing that was seen before can be compared with what comes.
    pub fn forget(&mut self, uptime: Duration) {
        (self.rest, self.pulse) = (None, None);
        self.conclude(uptime);
    }

    /// `measured` is when the meter was; `now` and `uptime` are of this observation.
    pub fn observe(&mut self, batteries_w: f64, grid_w: f64, measured: Timestamp, now: Timestamp, uptime: Duration) {
        let rest = *self.rest.get_or_insert(Powers { batteries_w, grid_w });
        match &mut self.pulse {
            None if (batteries_w - rest.batteries_w).abs() > STEADY_W => {
                self.pulse = Some(Pulse { began: now, at_w: batteries_w, steady: now });
            }
            None => self.rest = Some(Powers { grid_w, ..rest }),
            Some(pulse) if (batteries_w - pulse.at_w).abs() > STEADY_W => {
                (pulse.at_w, pulse.steady) = (batteries_w, now);
            }
            Some(pulse) if measured.duration_since(pulse.steady) >= METER_DELAY => {
                let is_pulse = now.duration_since(pulse.began) <= LONGEST;
                let step_w = batteries_w - rest.batteries_w;
                if is_pulse && step_w.abs() >= STEP_W {
                    self.count((grid_w - rest.grid_w) / step_w, uptime);
                }
                (self.rest, self.pulse) = (Some(Powers { batteries_w, grid_w }), None);
            }
            Some(_) => {}
        }
        self.conclude(uptime);
    }

    /// `moved`: how far the meter moved for each watt more that the batteries give; -1 is right.
    fn count(&mut self, moved: f64, uptime: Duration) {
        if !(CLEAR_SHARE..=MOST_SHARE).contains(&moved.abs()) {
            return;
        }
        (self.wrong, self.last_wrong) = if moved > 0.0 { (self.wrong + 1, Some(uptime)) } else { (0, None) };
    }

    fn conclude(&mut self, uptime: Duration) {
        let passed =
            |since: Option<Duration>, time: Duration| since.is_some_and(|at| uptime.saturating_sub(at) >= time);
        if passed(self.wrong_since, WRONG_FOR) {
            *self = Self::default();
        }
        let at_limit = self.wrong >= PULSES_AT_LIMIT && passed(self.last_wrong, AT_LIMIT);
        if self.wrong_since.is_none() && (self.wrong >= PULSES || at_limit) {
            self.wrong_since = Some(uptime);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home whose batteries go from one power to the next, each for half a minute; `shown` is what its meter shows.
    struct Home {
        sign: Sign,
        s: i64,
    }

    impl Home {
        fn new() -> Self {
            Self { sign: Sign::default(), s: 0 }
        }

        fn goes(&mut self, batteries_w: f64, shown: impl Fn(f64) -> f64) -> bool {
            self.stays(30, batteries_w, shown)
        }

        fn stays(&mut self, seconds: i64, batteries_w: f64, shown: impl Fn(f64) -> f64) -> bool {
            for _ in 0..seconds {
                self.s += 1;
                let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.s);
                let uptime = Duration::from_secs(self.s.unsigned_abs());
                self.sign.observe(batteries_w, shown(batteries_w), now, now, uptime);
            }
            self.sign.is_wrong()
        }
    }

    fn right(batteries_w: f64) -> f64 {
        400.0 - batteries_w
    }

    fn inverted(batteries_w: f64) -> f64 {
        -right(batteries_w)
    }

    #[test]
    fn three_steps_tell_a_wrong_sign() {
        let mut home = Home::new();
        let told: Vec<bool> = [0.0, -300.0, -600.0, -900.0].map(|w| home.goes(w, inverted)).into();
        assert_eq!(told, [false, false, false, true]);
        let mut home = Home::new();
        let told: Vec<bool> = [0.0, -300.0, -600.0, -900.0, 0.0, 800.0].map(|w| home.goes(w, right)).into();
        assert_eq!(told, [false; 6]);
    }

    #[test]
    fn a_loop_that_ended_at_its_limit_tells_it_too() {
        let mut home = Home::new();
        [0.0, -570.0, -1000.0].iter().for_each(|w| {
            home.goes(*w, inverted);
        });
        let told: Vec<bool> = (0..10).map(|_| home.goes(-1000.0, inverted)).collect();
        assert_eq!(told.iter().position(|wrong| *wrong), Some(9), "five minutes after the second step");
    }

    #[test]
    fn what_is_seen_once_in_a_quarter_of_an_hour_says_nothing() {
        let mut sign = Sign::default();
        for n in 0..40 {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(15 * n);
            let batteries_w = 300.0 * (n % 4) as f64;
            sign.observe(batteries_w, inverted(batteries_w), now, now, Duration::from_secs(900 * n.unsigned_abs()));
            assert!(!sign.is_wrong());
        }
    }

    #[test]
    fn a_step_the_right_way_ends_the_suspicion() {
        let mut home = Home::new();
        [0.0, 300.0, 600.0].iter().for_each(|w| {
            home.goes(*w, inverted);
        });
        assert!(!home.goes(0.0, |w| inverted(600.0) + 600.0 - w));
        assert!(![300.0, 600.0].map(|w| home.goes(w, inverted)).contains(&true));
    }

    #[test]
    fn use_that_changed_before_a_step_is_no_part_of_it() {
        let mut home = Home::new();
        let (mut used_w, mut given_w) = (0.0, 0.0);
        home.goes(given_w, |w| used_w - w);
        for _ in 0..8 {
            used_w += 600.0;
            home.stays(2, given_w, |w| used_w - w);
            given_w += 300.0;
            home.stays(31, given_w, |w| used_w - w);
            assert_eq!(home.sign.wrong, 0);
        }
    }

    #[test]
    fn a_step_is_over_when_the_batteries_are_at_rest_and_the_meter_had_time() {
        // All in one go, and slowly; with a meter that comes three seconds later.
        for ramp_w in [[300.0; 6], [50.0, 100.0, 150.0, 200.0, 250.0, 300.0]] {
            let mut home = Home::new();
            home.goes(0.0, inverted);
            for power_w in ramp_w {
                home.stays(2, power_w, |_| inverted(power_w));
            }
            home.goes(300.0, inverted);
            assert_eq!(home.sign.wrong, 1, "{ramp_w:?}");
        }
        let mut late = Home::new();
        late.goes(0.0, inverted);
        late.stays(3, 300.0, |_| inverted(0.0));
        late.goes(300.0, inverted);
        assert_eq!(late.sign.wrong, 1);
    }

    #[test]
    fn what_stays_within_thirty_watt_is_at_rest() {
        let mut home = Home::new();
        home.goes(-300.0, right);
        home.stays(1, -330.0, right);
        assert_eq!(home.sign.pulse, None);
        home.stays(1, -630.0, right);
        let steady = home.sign.pulse.map(|pulse| pulse.steady);
        home.stays(1, -600.0, right);
        assert_eq!(home.sign.pulse.map(|pulse| pulse.steady), steady);
        home.stays(1, -590.0, right);
        assert_ne!(home.sign.pulse.map(|pulse| pulse.steady), steady);
    }

    #[test]
    fn one_step_alone_is_an_accident() {
        let mut home = Home::new();
        [0.0, -1000.0].iter().for_each(|w| {
            home.goes(*w, inverted);
        });
        assert!(!(0..100).any(|_| home.goes(-1000.0, inverted)));
    }

    #[test]
    fn what_is_no_step_says_nothing() {
        // Small ones, a meter that hardly moves, one that moves for another reason.
        for (step_w, share) in [(90.0, 1.0), (300.0, 0.5), (300.0, 1.7)] {
            let mut home = Home::new();
            for n in 0..20 {
                assert!(!home.goes(step_w * f64::from(n % 2), |w| share * w), "{share} of {step_w} W");
            }
        }
    }

    #[test]
    fn it_is_tried_again_after_an_hour() {
        let mut home = Home::new();
        assert!([0.0, 300.0, 600.0, 900.0].map(|w| home.goes(w, inverted))[3]);
        let still = (0..120).take_while(|_| home.goes(900.0, inverted)).count();
        assert_eq!(still, 119);
        assert!(!home.goes(600.0, inverted) && !home.goes(300.0, inverted) && home.goes(0.0, inverted));
    }

    #[test]
    fn what_was_before_a_gap_is_no_step() {
        let mut home = Home::new();
        for w in [0.0, 300.0, 600.0, 900.0, 0.0] {
            assert!(!home.goes(w, inverted));
            home.sign.forget(Duration::from_secs(home.s.unsigned_abs()));
        }
    }
}
