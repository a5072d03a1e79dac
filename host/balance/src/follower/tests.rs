use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const S: Duration = Duration::from_secs(1);

/// A home second by second, with a battery that follows at once unless a test says otherwise.
struct Bench {
    follower: Follower,
    now: Duration,
    battery_w: f64,
    writes: Vec<(Duration, f64)>,
    max_charge_w: f64,
    max_discharge_w: f64,
}

impl Bench {
    fn new() -> Self {
        Self {
            follower: Follower::default(),
            now: Duration::from_secs(1000),
            battery_w: 0.0,
            writes: Vec::new(),
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
        }
    }

    fn answer(&mut self, meter_w: Option<f64>, is_followed: bool) -> Answer {
        self.now += S;
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.now.as_secs() as i64);
        let battery = Battery {
            id: "b",
            power_w: self.battery_w,
            max_charge_w: self.max_charge_w,
            max_discharge_w: self.max_discharge_w,
        };
        let meter = meter_w.map(|power_w| Meter { power_w, at });
        self.follower.follow(&Seen { now: self.now, meter, batteries: &[battery], is_followed })
    }

    /// So many seconds in a home that lacks this much.
    fn live(&mut self, seconds: u64, lacks_w: f64) {
        for _ in 0..seconds {
            if let Answer::Set(setpoints) = self.answer(Some(lacks_w - self.battery_w), false)
                && setpoints[0].power_w != self.battery_w
            {
                let power_w = setpoints[0].power_w;
                self.follower.wrote("b", power_w, Some(self.battery_w), self.now);
                self.writes.push((self.now, power_w));
                self.battery_w = power_w;
            }
        }
    }
}

#[test]
fn covers_the_homes_use_and_takes_its_surplus() {
    for (lacks_w, first_w) in [(400.0, 400.0), (-300.0, -300.0), (60.0, 45.0)] {
        let mut bench = Bench::new();
        bench.live(1, lacks_w);
        assert_eq!(bench.battery_w, first_w);
        bench.live(60, lacks_w);
        assert!((bench.battery_w - lacks_w).abs() < Tuning::default().dead_band_w * 2.0);
    }
}

#[test]
fn leaves_small_deviations_alone() {
    let mut resting = Bench::new();
    resting.live(60, 29.0);
    assert_eq!(resting.writes, []);
    let mut running = Bench::new();
    running.live(60, 400.0);
    let writes = running.writes.len();
    let battery_w = running.battery_w;
    running.live(60, battery_w + 14.0);
    assert_eq!(running.writes.len(), writes);
    running.live(10, battery_w + 40.0);
    assert_eq!(running.writes[writes..], [(running.writes[writes].0, battery_w + 30.0)]);
}

#[test]
fn an_inrush_is_not_answered_and_a_jump_is_within_seconds() {
    let mut bench = Bench::new();
    bench.live(60, 400.0);
    let writes = bench.writes.len();
    bench.live(1, 1500.0);
    bench.live(20, 400.0);
    assert_eq!(bench.writes.len(), writes);
    bench.live(3, 700.0);
    assert_eq!(bench.writes.len(), writes + 1);
}

#[test]
fn a_fall_of_the_meter_is_answered_with_its_first_reading() {
    let mut bench = Bench::new();
    bench.live(60, 700.0);
    bench.live(1, 300.0);
    assert_eq!(bench.battery_w, 300.0);
}

#[test]
fn a_battery_that_is_read_before_the_meter_is_no_fall() {
    let mut bench = Bench::new();
    bench.live(60, 700.0);
    let to = |power_w| Answer::Set(vec![Setpoint { id: "b".into(), power_w }]);
    // It stopped by itself, and the meter does not show it yet: as it was told before.
    bench.battery_w = 0.0;
    assert_eq!(bench.answer(Some(0.0), false), to(700.0));
    // The other way round the meter itself has fallen.
    bench.battery_w = 700.0;
    assert_eq!(bench.answer(Some(-700.0), false), to(0.0));
}

#[test]
fn a_battery_turns_for_much_at_once_and_for_little_when_it_lasts() {
    let mut bench = Bench::new();
    bench.live(600, -600.0);
    bench.live(100, 60.0);
    assert_eq!(bench.battery_w, 0.0);
    bench.live(10, -600.0);
    assert_eq!(bench.battery_w, -600.0, "as if it had turned");
    bench.live(3, 700.0);
    assert_eq!(bench.battery_w, 700.0);
    bench.live(130, -600.0);
    assert_eq!(bench.battery_w, -600.0);
    bench.live(900, 60.0);
    assert!(bench.battery_w > 0.0);
}

#[test]
fn a_battery_on_its_way_is_waited_for_as_long_as_it_was_measured_to_take() {
    let mut bench = Bench::new();
    bench.live(1, 400.0);
    let at = bench.writes[0].0;
    // It does nothing for twelve seconds.
    bench.battery_w = 0.0;
    while bench.now < at + S * 12 {
        assert!(matches!(bench.answer(Some(400.0), false), Answer::Stay) || bench.now >= at + S * 10);
    }
    bench.battery_w = 380.0;
    bench.answer(Some(20.0), false);
    assert_eq!(bench.follower.latency("b"), S * 13);
    bench.follower.wrote("b", 100.0, Some(380.0), bench.now);
    for _ in 0..12 {
        assert_eq!(bench.answer(Some(-300.0), false), Answer::Stay);
    }
}

#[test]
fn stands_still_when_there_is_nothing_to_follow_or_somebody_else_follows() {
    let mut bench = Bench::new();
    bench.live(60, 400.0);
    assert_eq!(bench.answer(None, false), Answer::Blind);
    assert_eq!(bench.answer(Some(0.0), true), Answer::GiveWay);
}

#[test]
fn a_reading_counts_once() {
    let mut bench = Bench::new();
    bench.live(30, 400.0);
    bench.battery_w = 0.0;
    let meter = Some(Meter { power_w: 400.0, at: Timestamp::UNIX_EPOCH });
    let battery = Battery { id: "b", power_w: 0.0, max_charge_w: 1000.0, max_discharge_w: 800.0 };
    let seen = Seen { now: bench.now + S, meter, batteries: &[battery], is_followed: false };
    assert!(matches!(bench.follower.follow(&seen), Answer::Set(_)));
    assert_eq!(bench.follower.follow(&seen), Answer::Stay);
}

#[test]
fn an_empty_battery_does_not_discharge() {
    let mut bench = Bench::new();
    bench.max_discharge_w = 0.0;
    bench.live(60, 400.0);
    assert_eq!(bench.battery_w, 0.0);
    bench.live(60, -400.0);
    assert!((bench.battery_w + 400.0).abs() <= Tuning::default().dead_band_w);
}

#[test]
fn what_a_cloud_will_bring_is_answered_before_it_is_there() {
    let mut bench = Bench::new();
    bench.live(60, 100.0);
    for s in 1..=4 {
        bench.live(1, 100.0 + 40.0 * f64::from(s));
    }
    assert!(bench.battery_w > 180.0, "{}", bench.battery_w);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However the load jumps, it settles without swinging: what is left is never more than it was.
    #[test]
    fn settles_without_swinging(loads in proptest::collection::vec(-900.0..750.0f64, 1..6)) {
        let mut bench = Bench::new();
        for load_w in loads {
            // Long enough to turn even for little after much came the other way.
            let before = bench.writes.len();
            let mut left = f64::INFINITY;
            for _ in 0..120 {
                bench.live(10, load_w);
                let now = (load_w - bench.battery_w).abs();
                prop_assert!(now <= left + 1.0, "{now} W after {left} W");
                left = now;
            }
            prop_assert!(left <= 30.0, "{left} W left");
            prop_assert!(bench.writes.len() <= before + 5);
        }
    }

    #[test]
    fn neither_writes_nor_turns_too_often(loads in proptest::collection::vec((-2000.0..2000.0f64, 1..90u64), 1..40)) {
        let mut bench = Bench::new();
        for (load_w, seconds) in loads {
            bench.live(seconds, load_w);
        }
        let tuning = Tuning::default();
        let mut turned: Option<(f64, Duration)> = None;
        for pair in bench.writes.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 >= tuning.write_interval);
        }
        for (at, power_w) in &bench.writes {
            prop_assert!((-1000.0..=800.0).contains(power_w));
            if *power_w != 0.0 && turned.is_none_or(|(direction, _)| direction != power_w.signum()) {
                prop_assert!(turned.is_none_or(|(_, since)| *at - since >= tuning.direction_dwell));
                turned = Some((power_w.signum(), *at));
            }
        }
    }
}
