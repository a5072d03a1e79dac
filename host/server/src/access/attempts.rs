//! How often a wrong password may be tried. Pure.

use jiff::{SignedDuration, Timestamp};

/// Failures are forgotten after this long.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Most failures with one name.
const FOR_ONE: usize = 5;
/// Most failures with any names, so that many names do not help. Who is signed in stays so.
const FOR_ALL: usize = 40;

/// The failures of late.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    failed: Vec<(Timestamp, String)>,
}

impl Attempts {
    /// How long to wait before the next try with this name; `None`: none at all.
    pub(super) fn wait(&mut self, now: Timestamp, name: &str) -> Option<SignedDuration> {
        self.failed.retain(|(at, _)| now.duration_since(*at) < WINDOW);
        let own: Vec<_> = self.failed.iter().filter(|(_, known)| known == name).map(|(at, _)| *at).collect();
        let bound =
            |times: &[Timestamp], most: usize| times.len().checked_sub(most).and_then(|i| times.get(i).copied());
        let all: Vec<_> = self.failed.iter().map(|(at, _)| *at).collect();
        let until = bound(&own, FOR_ONE).max(bound(&all, FOR_ALL))?;
        Some((until + WINDOW).duration_since(now))
    }

    pub(super) fn fail(&mut self, now: Timestamp, name: &str) {
        self.failed.push((now, name.chars().take(40).collect()));
    }

    /// A right password: earlier slips are forgiven.
    pub(super) fn succeed(&mut self, name: &str) {
        self.failed.retain(|(_, known)| known != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn after_five_slips_one_waits_until_the_first_is_forgotten() {
        let mut attempts = Attempts::default();
        for minute in 0..5 {
            let now = START + SignedDuration::from_mins(minute);
            assert_eq!(attempts.wait(now, "anna"), None);
            attempts.fail(now, "anna");
        }
        let now = START + SignedDuration::from_mins(5);
        assert_eq!(attempts.wait(now, "anna"), Some(SignedDuration::from_mins(10)));
        assert_eq!(attempts.wait(now, "ben"), None, "another name is not held up");
        assert_eq!(attempts.wait(START + WINDOW, "anna"), None);
    }

    #[test]
    fn many_names_do_not_help() {
        let mut attempts = Attempts::default();
        for n in 0..FOR_ALL {
            attempts.fail(START, &format!("name-{n}"));
        }
        assert_eq!(attempts.wait(START, "new"), Some(WINDOW));
    }

    #[test]
    fn a_right_password_forgives() {
        let mut attempts = Attempts::default();
        for _ in 0..FOR_ONE {
            attempts.fail(START, "anna");
        }
        attempts.succeed("anna");
        assert_eq!(attempts.wait(START, "anna"), None);
    }
}
