//! What somebody else did to a target: an app, another automation, a person. It is respected for a time and not
//! fought, but not beyond the limits. Pure: time is passed in.

use std::time::{Duration, Instant};

use home::ReadBack;

/// A setting must differ for this long before somebody else is taken to have changed it.
const FOREIGN_AFTER: Duration = Duration::from_secs(3);
/// How long a target is left alone that somebody else has set, the first time …
const YIELD: Duration = Duration::from_secs(15 * 60);
/// … and, twice as long each further time within a day, at the most: a device or an app that always sets its own
/// is not fought.
const MOST_YIELD: Duration = Duration::from_secs(4 * 60 * 60);
/// A limit must be broken for this long: power, state of charge and meter do not show a change at the same moment.
const BROKEN_AFTER: Duration = Duration::from_secs(10);
/// A target is brought back within its limits at once the first time, after this the second, and after twice as
/// long each further time within a day …
const BRING_BACK: Duration = Duration::from_secs(60);
/// … up to this, so that nobody's flash is worn by two who pull at one battery.
const MOST_BRING_BACK: Duration = Duration::from_secs(60 * 60);
/// A device that was away and came back with something else is left to start for so long before it is set again …
const RESTARTS: Duration = Duration::from_secs(20);
/// … and, twice as long each further time within a day, up to this: what is written again passes the write budget, and
/// a device that comes and goes must not wear its flash by it.
const MOST_RESTARTS: Duration = Duration::from_secs(15 * 60);
/// Least time from turning one device off that overloads the connection to the next: one may be enough, and the meter
/// shows what it has brought only some time later.
const BETWEEN_TWO: Duration = Duration::from_secs(15);
/// Who goes beyond the limits so often within a day does not stop by itself, and the owner has to know.
const INSISTS: u32 = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing new.
    Nothing,
    /// Somebody else has set something, which is respected for so long.
    Other(Duration),
    /// It was away and has come back with something else: a device that restarts forgets, or starts with what its flash
    /// has. It is set again after so long.
    Lost(Duration),
}

/// What somebody else did to a target.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    /// Whether it was away since it has shown what was written.
    was_away: bool,
    /// Since when the target shows something else than what it has shown.
    since: Option<Instant>,
    set: Often,
    lost: Often,
    /// Until when it is left to start.
    starts: Option<Instant>,
    /// Until when it is left alone.
    until: Option<Instant>,
    /// Since when what it does breaks a limit.
    broken: Option<Instant>,
    brought_back: Often,
}

/// How often within a day, and when last.
#[derive(Clone, Copy, Debug, Default)]
struct Often {
    times: u32,
    last: Option<Instant>,
}

impl Often {
    fn count(&mut self, now: Instant) {
        *self = Self { times: self.within_a_day(now) + 1, last: Some(now) };
    }

    fn within_a_day(&self, now: Instant) -> u32 {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < DAY) { self.times } else { 0 }
    }
}

impl Foreign {
    /// Looks at a target that has shown what was written. Somebody else has set something when it no longer does
    /// for some seconds.
    pub fn look(&mut self, read_back: &ReadBack, now: Instant) -> Seen {
        if !matches!(read_back, ReadBack::Differs(_)) {
            self.was_away = *read_back == ReadBack::Unknown;
            self.since = None;
            return Seen::Nothing;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) < FOREIGN_AFTER {
            return Seen::Nothing;
        }
        if std::mem::take(&mut self.was_away) {
            self.since = None;
            let starts = doubled(RESTARTS, self.lost.within_a_day(now), MOST_RESTARTS);
            self.lost.count(now);
            (self.starts, self.broken) = (Some(now + starts), None);
            return Seen::Lost(starts);
        }
        let respected = doubled(YIELD, self.set.within_a_day(now), MOST_YIELD);
        self.set.count(now);
        (self.since, self.until, self.broken) = (None, Some(now + respected), None);
        Seen::Other(respected)
    }

    /// Whether the target is left alone.
    pub fn is_respected(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Whether it does what we have not set, so that nothing but its limits is looked after.
    pub fn is_on_its_own(&self, now: Instant) -> bool {
        self.is_respected(now) || self.starts.is_some_and(|starts| now < starts)
    }

    /// Takes in whether what the respected setting does breaks a limit now; whether it is time to bring it back.
    pub fn is_too_much(&mut self, breaks_a_limit: bool, now: Instant) -> bool {
        if !breaks_a_limit {
            self.broken = None;
            return false;
        }
        let since = *self.broken.get_or_insert(now);
        let times = self.brought_back.within_a_day(now);
        let pause = times.checked_sub(1).map_or(Duration::ZERO, |times| doubled(BRING_BACK, times, MOST_BRING_BACK));
        let is_early = self.brought_back.last.is_some_and(|last| now.saturating_duration_since(last) < pause);
        now.saturating_duration_since(since) >= BROKEN_AFTER && !is_early
    }

    /// It was brought back: it is ours again.
    pub fn bring_back(&mut self, now: Instant) {
        self.brought_back.count(now);
        (self.until, self.starts, self.broken) = (None, None, None);
    }

    /// How often it was brought back within a day, when that is more often than an oversight would be.
    pub fn insists(&self, now: Instant) -> Option<u32> {
        Some(self.brought_back.within_a_day(now)).filter(|times| *times >= INSISTS)
    }

    /// The owner said something newer.
    pub fn end(&mut self) {
        (self.until, self.broken) = (None, None);
    }
}

/// Turns off devices that overload the connection together one by one.
#[derive(Debug, Default)]
pub struct CuttingOff {
    last: Option<Instant>,
}

impl CuttingOff {
    /// Which of those with what they draw, watt, is turned off now: the one that draws the most. `None`: it is to be
    /// seen first what the one before has brought.
    pub fn next<T>(&mut self, devices: Vec<(f64, T)>, now: Instant) -> Option<T> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < BETWEEN_TWO) {
            return None;
        }
        let (_, device) = devices.into_iter().max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        self.last = Some(now);
        Some(device)
    }
}

fn doubled(least: Duration, times: u32, most: Duration) -> Duration {
    least.saturating_mul(1 << times.min(8)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_somebody_else_sets_is_respected_longer_each_time() {
        let mut foreign = Foreign::default();
        let mut now = Instant::now();
        let other = ReadBack::Differs("input_limit shows 900".into());
        let mut lasts = Vec::new();
        for _ in 0..6 {
            // A short difference is the device's own.
            assert_eq!(foreign.look(&other, now), Seen::Nothing);
            assert_eq!(foreign.look(&ReadBack::Shows, now + FOREIGN_AFTER), Seen::Nothing);
            assert_eq!(foreign.look(&other, now + FOREIGN_AFTER), Seen::Nothing);
            now += FOREIGN_AFTER * 2;
            let Seen::Other(respected) = foreign.look(&other, now) else { panic!("nothing is noticed") };
            assert!(foreign.is_respected(now) && !foreign.is_respected(now + respected));
            lasts.push(respected.as_secs() / 60);
            now += respected;
        }
        assert_eq!(lasts, [15, 30, 60, 120, 240, 240]);
        now += DAY;
        foreign.look(&other, now);
        assert_eq!(foreign.look(&other, now + FOREIGN_AFTER), Seen::Other(YIELD));
        foreign.end();
        assert!(!foreign.is_respected(now + FOREIGN_AFTER));
    }

    #[test]
    fn a_device_that_restarted_is_nobody_else() {
        let (mut foreign, now) = (Foreign::default(), Instant::now());
        let other = ReadBack::Differs("input_limit shows 0".into());
        foreign.look(&ReadBack::Unknown, now);
        assert_eq!(foreign.look(&other, now), Seen::Nothing);
        assert_eq!(foreign.look(&other, now + FOREIGN_AFTER), Seen::Lost(RESTARTS));
        assert!(!foreign.is_respected(now + FOREIGN_AFTER) && foreign.is_on_its_own(now + FOREIGN_AFTER));
        assert!(!foreign.is_on_its_own(now + FOREIGN_AFTER + RESTARTS));
        // It was away for a moment, and somebody sets something later.
        foreign.look(&ReadBack::Unknown, now);
        foreign.look(&ReadBack::Shows, now);
        foreign.look(&other, now);
        assert_eq!(foreign.look(&other, now + FOREIGN_AFTER), Seen::Other(YIELD));
    }

    #[test]
    fn a_device_that_comes_and_goes_is_set_again_more_and_more_seldom() {
        let (mut foreign, mut now) = (Foreign::default(), Instant::now());
        let other = ReadBack::Differs("input_limit shows 0".into());
        let mut set_again = |now: &mut Instant| {
            foreign.look(&ReadBack::Unknown, *now);
            foreign.look(&other, *now);
            *now += FOREIGN_AFTER;
            let Seen::Lost(starts) = foreign.look(&other, *now) else { panic!("it is not noticed") };
            *now += starts;
            starts.as_secs()
        };
        let pauses: Vec<u64> = (0..8).map(|_| set_again(&mut now)).collect();
        assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 900, 900]);
        let day = now;
        let times = std::iter::from_fn(|| (now.saturating_duration_since(day) < DAY).then(|| set_again(&mut now)));
        assert_eq!(times.count(), 96);
    }

    #[test]
    fn of_several_devices_one_is_turned_off_and_the_next_when_that_was_not_enough() {
        let (mut cutting_off, now) = (CuttingOff::default(), Instant::now());
        let all = || vec![(200.0, "lamp"), (2000.0, "heater"), (0.0, "not measured")];
        assert_eq!(cutting_off.next::<&str>(Vec::new(), now), None);
        assert_eq!(cutting_off.next(all(), now), Some("heater"));
        assert_eq!(cutting_off.next(all(), now + BETWEEN_TWO - SECOND), None);
        assert_eq!(cutting_off.next(all(), now + BETWEEN_TWO), Some("heater"));
    }

    #[test]
    fn a_limit_that_is_broken_for_a_moment_is_not_broken() {
        let (mut foreign, now) = (Foreign::default(), Instant::now());
        assert!(!foreign.is_too_much(true, now));
        assert!(!foreign.is_too_much(false, now + BROKEN_AFTER / 2));
        assert!(!foreign.is_too_much(true, now + BROKEN_AFTER));
        assert!(foreign.is_too_much(true, now + BROKEN_AFTER * 2));
    }

    /// Seconds between two times that a target is brought back, while somebody sets it at once again and again.
    fn pulled_at(foreign: &mut Foreign, now: &mut Instant) -> u64 {
        let began = *now;
        while !foreign.is_too_much(true, *now) {
            *now += SECOND;
        }
        foreign.bring_back(*now);
        now.saturating_duration_since(began).as_secs()
    }

    #[test]
    fn it_is_brought_back_and_not_fought() {
        let (mut foreign, mut now) = (Foreign::default(), Instant::now());
        let pauses: Vec<u64> = (0..9).map(|_| pulled_at(&mut foreign, &mut now)).collect();
        assert_eq!(pauses, [10, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        let day = now;
        let mut times = 0;
        while now.saturating_duration_since(day) < DAY {
            pulled_at(&mut foreign, &mut now);
            times += 1;
        }
        assert_eq!(times, 24, "once an hour for as long as it goes on");
    }

    #[test]
    fn who_insists_is_told_of() {
        let (mut foreign, now) = (Foreign::default(), Instant::now());
        foreign.bring_back(now);
        foreign.bring_back(now);
        assert_eq!(foreign.insists(now), None);
        foreign.bring_back(now);
        assert_eq!((foreign.insists(now), foreign.insists(now + DAY)), (Some(3), None));
        assert_eq!(pulled_at(&mut foreign, &mut (now + DAY)), BROKEN_AFTER.as_secs(), "forgotten after a day");
    }
}
