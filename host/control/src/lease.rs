//! Which of several Wattwrights commands a home: the one whose name stands in the home's lease. Pure: time is passed
//! in.
//!
//! The lease is a text in the home, `NAME START-NUMBER`. Its holder changes the number again and again; the others watch
//! that, each by its own clock, and take over when it stands still. START is another one at each start of the program:
//! one that is renewed in our name by another start is held by a copy of our state folder, on another machine. A home cannot compare and swap, so who has claimed it
//! waits and looks whether its own name is still there: of two claims at once the later one stands.

use std::time::{Duration, Instant};

/// How often the holder renews it.
const RENEW: Duration = Duration::from_secs(30);
/// A lease that was not renewed for so long is free: some renewals may fail, and the home may restart.
const FREE_AFTER: Duration = Duration::from_secs(180);
/// Who does not see the home for so long does not know whether another one has taken over.
const BLIND: Duration = Duration::from_secs(90);
/// How long is waited after a claim: longer than a write and its event take.
const SETTLES: Duration = Duration::from_secs(5);

/// Who commands the home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Not known yet, or not any more.
    Unknown,
    /// We do.
    Ours {
        /// Another one was silent and had not let go, so that what the home is set to is that one's doing.
        inherits: bool,
    },
    /// Another one does.
    Other(String),
    /// Another one does that has our name, so that one's state folder is a copy of the other's.
    Copy(String),
}

/// What one Wattwright knows of the lease.
#[derive(Debug)]
pub struct Lease {
    name: String,
    start: String,
    holder: Holder,
    /// What it has shown, and since when.
    shown: Option<(String, Instant)>,
    /// When it was last seen at all.
    seen: Option<Instant>,
    claimed: Option<Instant>,
    inherits: bool,
    renewed: Option<Instant>,
    renewals: u64,
}

impl Lease {
    /// For the Wattwright of that name and start, neither of which has a blank in it.
    pub fn new(name: impl Into<String>, start: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            start: start.into(),
            holder: Holder::Unknown,
            shown: None,
            seen: None,
            claimed: None,
            inherits: false,
            renewed: None,
            renewals: 0,
        }
    }

    /// Who commands the home, as far as is known.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Takes in what the home shows of the lease; `None`: it shows nothing now. Gives what to write there, if anything.
    pub fn look(&mut self, shown: Option<&str>, now: Instant) -> Option<String> {
        let Some(text) = shown.filter(|text| *text != "unavailable") else {
            // Whoever holds it may renew it meanwhile.
            self.shown = None;
            if self.seen.is_none_or(|seen| now.saturating_duration_since(seen) >= BLIND) {
                self.holder = Holder::Unknown;
            }
            return None;
        };
        self.seen = Some(now);
        if self.shown.as_ref().is_none_or(|(before, _)| before != text) {
            self.shown = Some((text.to_owned(), now));
        }
        let settles = self.claimed.is_some_and(|at| now.saturating_duration_since(at) < SETTLES);
        match name_in(text) {
            _ if settles => None,
            None => {
                self.inherits = false;
                Some(self.claim(now))
            }
            Some(name) if name == self.name && start_in(text) == self.start => {
                if self.claimed.take().is_some() || !matches!(self.holder, Holder::Ours { .. }) {
                    self.holder = Holder::Ours { inherits: self.inherits };
                    self.inherits = false;
                }
                self.renewed.is_none_or(|at| now.saturating_duration_since(at) >= RENEW).then(|| self.renew(now))
            }
            // Our own from before we were started anew; a copy that is alive sees that we claim it, and steps back.
            Some(name) if name == self.name && self.renewals == 0 => {
                self.holder = Holder::Ours { inherits: false };
                Some(self.claim(now))
            }
            Some(name) => {
                let name = name.to_owned();
                self.holder = if name == self.name { Holder::Copy(name) } else { Holder::Other(name) };
                self.claimed = None;
                let stands_still = self.shown.as_ref().map(|(_, since)| now.saturating_duration_since(*since));
                if stands_still.is_none_or(|stands_still| stands_still < FREE_AFTER) {
                    return None;
                }
                self.inherits = true;
                Some(self.claim(now))
            }
        }
    }

    fn claim(&mut self, now: Instant) -> String {
        self.claimed = Some(now);
        self.renew(now)
    }

    fn renew(&mut self, now: Instant) -> String {
        self.renewed = Some(now);
        self.renewals += 1;
        format!("{} {}-{}", self.name, self.start, self.renewals)
    }
}

/// The holder's name; `None`: nobody's.
fn name_in(text: &str) -> Option<&str> {
    let name = text.split(' ').next().unwrap_or_default();
    (!matches!(name, "" | "unknown")).then_some(name)
}

/// By which start of that one it was written.
fn start_in(text: &str) -> &str {
    let written = text.split(' ').nth(1).unwrap_or_default();
    written.split_once('-').map_or("", |(start, _)| start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A home with a lease and some Wattwrights, each of which looks once a second.
    struct Home {
        text: String,
        now: Instant,
    }

    impl Home {
        fn pass(&mut self, seconds: u32, all: &mut [&mut Lease]) {
            for _ in 0..seconds {
                self.now += SECOND;
                for lease in all.iter_mut() {
                    if let Some(text) = lease.look(Some(&self.text), self.now) {
                        self.text = text;
                    }
                }
            }
        }
    }

    fn ours(lease: &Lease) -> bool {
        matches!(lease.holder(), Holder::Ours { .. })
    }

    #[test]
    fn the_first_one_commands_and_the_second_looks_on() {
        let (mut one, mut two) = (Lease::new("one", "start"), Lease::new("two", "start"));
        let mut home = Home { text: String::new(), now: Instant::now() };
        home.pass(3, &mut [&mut one]);
        assert_eq!(one.holder(), &Holder::Unknown, "it waits whether another one claims it");
        home.pass(3, &mut [&mut one]);
        assert_eq!(one.holder(), &Holder::Ours { inherits: false });
        home.pass(1000, &mut [&mut one, &mut two]);
        assert!(ours(&one));
        assert_eq!(two.holder(), &Holder::Other("one".into()));
    }

    #[test]
    fn a_silent_one_is_replaced_and_steps_back_when_it_returns() {
        let (mut one, mut two) = (Lease::new("one", "start"), Lease::new("two", "start"));
        let mut home = Home { text: String::new(), now: Instant::now() };
        home.pass(60, &mut [&mut one, &mut two]);
        home.pass(149, &mut [&mut two]);
        assert!(!ours(&two), "some renewals may be missed");
        home.pass(60, &mut [&mut two]);
        assert_eq!(two.holder(), &Holder::Ours { inherits: true });
        home.pass(1, &mut [&mut one, &mut two]);
        assert_eq!(one.holder(), &Holder::Other("two".into()));
        assert!(ours(&two));
    }

    #[test]
    fn of_two_at_once_one_commands() {
        for first in [0, 1] {
            let (mut one, mut two) = (Lease::new("one", "start"), Lease::new("two", "start"));
            let mut home = Home { text: String::new(), now: Instant::now() };
            // Both see that it is free before either has written.
            let (a, b) = (one.look(Some(""), home.now), two.look(Some(""), home.now));
            home.text = if first == 0 { b.unwrap() } else { a.unwrap() };
            for _ in 0..600 {
                home.pass(1, &mut [&mut one, &mut two]);
                assert!(!(ours(&one) && ours(&two)));
            }
            assert!(ours(&one) || ours(&two));
        }
    }

    #[test]
    fn one_that_starts_anew_goes_on_and_one_that_let_go_leaves_nothing() {
        let mut home = Home { text: "one 7".into(), now: Instant::now() };
        let mut again = Lease::new("one", "start");
        home.pass(1, &mut [&mut again]);
        assert_eq!(again.holder(), &Holder::Ours { inherits: false });
        home.pass(600, &mut [&mut again]);
        assert!(ours(&again) && home.text.starts_with("one start-"), "{}", home.text);
        home.text.clear();
        let mut two = Lease::new("two", "start");
        home.pass(7, &mut [&mut two]);
        assert_eq!(two.holder(), &Holder::Ours { inherits: false });
    }

    #[test]
    fn of_two_with_one_name_one_commands_and_the_other_says_why_not() {
        let (mut one, mut copy) = (Lease::new("one", "first"), Lease::new("one", "second"));
        let mut home = Home { text: String::new(), now: Instant::now() };
        home.pass(60, &mut [&mut one]);
        assert!(ours(&one));
        // The newer one takes it for its own from before; the older one sees that it is not.
        home.pass(2, &mut [&mut copy, &mut one]);
        assert_eq!(one.holder(), &Holder::Copy("one".into()));
        home.pass(1000, &mut [&mut copy, &mut one]);
        assert!(ours(&copy) && !ours(&one));
        home.pass(600, &mut [&mut one]);
        assert_eq!(one.holder(), &Holder::Ours { inherits: true }, "the copy is silent");
    }

    #[test]
    fn who_cannot_see_it_does_not_know() {
        let mut home = Home { text: "one start-1".into(), now: Instant::now() };
        let mut one = Lease::new("one", "start");
        home.pass(1, &mut [&mut one]);
        assert_eq!(one.look(None, home.now + BLIND / 2), None);
        assert!(ours(&one));
        assert_eq!(one.look(None, home.now + BLIND), None);
        assert_eq!(one.holder(), &Holder::Unknown);
        assert_eq!(one.look(Some("unavailable"), home.now + BLIND), None, "that is not free");
        assert_eq!(one.look(Some("unknown"), home.now + BLIND), Some("one start-2".into()), "it claims it anew");
    }
}
