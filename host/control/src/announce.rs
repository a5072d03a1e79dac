//! When the owner is told of a trouble by a message: when it lasts, and not again and again. Pure: time is passed in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A trouble is told of when it has lasted so long: a device that is away for a moment is nobody's concern.
const LASTS: Duration = Duration::from_secs(3 * 60);
/// One that comes back sooner than this after it was told of is not told of again.
const AGAIN: Duration = Duration::from_secs(6 * 60 * 60);
/// Least time between two messages; what comes meanwhile is in the next one.
const SPACING: Duration = Duration::from_secs(10 * 60);

/// What of the troubles was told.
#[derive(Debug, Default)]
pub struct Announcer {
    troubles: BTreeMap<String, Trouble>,
    last: Option<Instant>,
}

#[derive(Debug)]
struct Trouble {
    since: Instant,
    seen: Instant,
    told: Option<Instant>,
}

/// What should be told now. It counts as told when [`Announcer::told`] says so, and is due until then.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The words.
    pub text: String,
    kinds: Vec<String>,
}

impl Announcer {
    /// Takes in the troubles of this moment. Gives a message when it is time for one.
    pub fn look(&mut self, troubles: &[String], now: Instant) -> Option<Message> {
        let after = |at: Instant| now.saturating_duration_since(at);
        for text in troubles {
            let trouble = self.troubles.entry(kind_of(text)).or_insert(Trouble { since: now, seen: now, told: None });
            trouble.seen = now;
        }
        self.troubles.retain(|_, trouble| trouble.seen == now || trouble.told.is_some_and(|told| after(told) < AGAIN));
        for trouble in self.troubles.values_mut().filter(|trouble| trouble.seen != now) {
            // What is over begins anew when it comes back.
            trouble.since = now;
        }
        if self.last.is_some_and(|last| after(last) < SPACING) {
            return None;
        }
        let due: Vec<&String> = troubles.iter().filter(|text| self.is_due(text, now)).collect();
        let text = due.first().map(|first| match due.len() - 1 {
            0 => (*first).clone(),
            more => format!("{first} (and {more} more)"),
        })?;
        Some(Message { text, kinds: due.into_iter().map(|text| kind_of(text)).collect() })
    }

    /// A message was sent.
    pub fn told(&mut self, message: &Message, now: Instant) {
        self.last = Some(now);
        self.mark(message, Some(now));
    }

    /// It did not arrive after all: it is due again with the next message.
    pub fn not_told(&mut self, message: &Message) {
        self.mark(message, None);
    }

    fn mark(&mut self, message: &Message, told: Option<Instant>) {
        for kind in &message.kinds {
            if let Some(trouble) = self.troubles.get_mut(kind) {
                trouble.told = told;
            }
        }
    }

    fn is_due(&self, text: &str, now: Instant) -> bool {
        self.troubles.get(&kind_of(text)).is_some_and(|trouble| {
            let told_lately = trouble.told.is_some_and(|told| now.saturating_duration_since(told) < AGAIN);
            !told_lately && now.saturating_duration_since(trouble.since) >= LASTS
        })
    }
}

/// The same trouble of the same thing with other numbers is the same trouble.
fn kind_of(text: &str) -> String {
    let (who, what) = text.split_once(": ").unwrap_or(("", text));
    let words = what.split(' ').filter(|word| word.chars().any(char::is_alphabetic));
    std::iter::once(who).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(announcer: &mut Announcer, troubles: &[&str], now: Instant) -> Option<String> {
        let message = wanted(announcer, troubles, now)?;
        announcer.told(&message, now);
        Some(message.text)
    }

    fn wanted(announcer: &mut Announcer, troubles: &[&str], now: Instant) -> Option<Message> {
        let troubles: Vec<String> = troubles.iter().map(|text| (*text).to_owned()).collect();
        announcer.look(&troubles, now)
    }

    #[test]
    fn what_could_not_be_told_is_due_until_it_is() {
        let (mut announcer, start) = (Announcer::default(), Instant::now());
        assert_eq!(wanted(&mut announcer, &["away"], start), None);
        let refused = wanted(&mut announcer, &["away"], start + LASTS).unwrap();
        let sent = wanted(&mut announcer, &["away"], start + LASTS * 2).unwrap();
        assert_eq!(sent, refused);
        announcer.told(&sent, start + LASTS * 2);
        assert_eq!(wanted(&mut announcer, &["away"], start + LASTS * 2 + SPACING), None);
        announcer.not_told(&sent);
        assert_eq!(wanted(&mut announcer, &["away"], start + LASTS * 2 + SPACING), Some(sent));
    }

    #[test]
    fn what_lasts_is_told_once() {
        let (mut announcer, start) = (Announcer::default(), Instant::now());
        assert_eq!(said(&mut announcer, &["meter silent for 60 s"], start), None);
        assert_eq!(said(&mut announcer, &["meter silent for 99 s"], start + LASTS / 2), None);
        let told = said(&mut announcer, &["meter silent for 240 s"], start + LASTS);
        assert_eq!(told.as_deref(), Some("meter silent for 240 s"));
        assert_eq!(said(&mut announcer, &["meter silent for 4000 s"], start + LASTS + AGAIN / 2), None);
        let again = said(&mut announcer, &["meter silent for 9000 s"], start + LASTS + AGAIN);
        assert!(again.is_some(), "it still is");
    }

    #[test]
    fn what_comes_and_goes_is_not_told_of() {
        let (mut announcer, mut now) = (Announcer::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(said(&mut announcer, &["away"], now), None);
            assert_eq!(said(&mut announcer, &["away"], now + LASTS / 2), None);
            now += LASTS;
            assert_eq!(said(&mut announcer, &[], now), None);
        }
    }

    #[test]
    fn two_of_a_kind_are_two_troubles() {
        let (mut announcer, start) = (Announcer::default(), Instant::now());
        said(&mut announcer, &["Battery 1: `sensor.b1_soc` is 60 s old"], start);
        said(&mut announcer, &["Battery 1: `sensor.b1_soc` is 240 s old"], start + LASTS).unwrap();
        let both = ["Battery 1: `sensor.b1_soc` is 900 s old", "Battery 2: `sensor.b2_soc` is 60 s old"];
        assert_eq!(said(&mut announcer, &both, start + LASTS + SPACING), None);
        assert_eq!(said(&mut announcer, &both, start + LASTS * 2 + SPACING).as_deref(), Some(both[1]));
    }

    #[test]
    fn several_are_one_message() {
        let (mut announcer, start) = (Announcer::default(), Instant::now());
        said(&mut announcer, &["one", "two"], start);
        assert_eq!(said(&mut announcer, &["one", "two"], start + LASTS).as_deref(), Some("one (and 1 more)"));
        said(&mut announcer, &["one", "two", "three"], start + LASTS);
        assert_eq!(said(&mut announcer, &["one", "two", "three"], start + LASTS * 2), None, "not so soon");
        let later = said(&mut announcer, &["one", "two", "three"], start + LASTS + SPACING);
        assert_eq!(later.as_deref(), Some("three"));
    }
}
