//! Who is signed in. Pure: time and random numbers are passed in.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::hashed;

/// A session that is not used ends after this long.
const IDLE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// And in any case after this long.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A token is replaced when it is this old, so that a stolen one is soon worth nothing.
const ROTATION: SignedDuration = SignedDuration::from_hours(1);
/// Requests that were under way then may still come with the old one.
const GRACE: SignedDuration = SignedDuration::from_secs(60);
/// Most sessions; the least used one gives way.
const MOST: usize = 200;

/// 256 random bits, in hexadecimal.
pub(super) type Token = String;

/// One browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// Whose it is.
    pub(super) user: String,
    /// The hash of the password with which it began.
    pub(super) password: String,
    /// What must come with each change. It stays the same when the token is replaced.
    pub(super) word: String,
    begun_at: Timestamp,
    seen_at: Timestamp,
    issued_at: Timestamp,
    /// Replaced by a newer token: good until then.
    ends_at: Option<Timestamp>,
}

/// All sessions, by the hash of their token: what is in memory signs nobody in.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: HashMap<[u8; 32], Session>,
}

impl Sessions {
    pub(super) fn begin(&mut self, now: Timestamp, user: &str, password: &str, token: &Token, word: String) {
        self.open.retain(|_, session| is_alive(session, now));
        if self.open.len() >= MOST
            && let Some(oldest) = self.open.iter().min_by_key(|(_, session)| session.seen_at).map(|(key, _)| *key)
        {
            self.open.remove(&oldest);
        }
        let session = Session {
            user: user.to_owned(),
            password: password.to_owned(),
            word,
            begun_at: now,
            seen_at: now,
            issued_at: now,
            ends_at: None,
        };
        self.open.insert(hashed(token), session);
    }

    /// The session of a token, which is thereby used.
    pub(super) fn find(&mut self, now: Timestamp, token: &str) -> Option<Session> {
        let key = hashed(token);
        let session = self.open.get_mut(&key)?;
        if !is_alive(session, now) {
            self.open.remove(&key);
            return None;
        }
        session.seen_at = now;
        Some(session.clone())
    }

    /// Puts a new token in place of an old one, when that is due.
    pub(super) fn rotate(&mut self, now: Timestamp, old: &str, new: &Token) -> bool {
        let Some(session) = self.open.get_mut(&hashed(old)) else { return false };
        if session.ends_at.is_some() || now.duration_since(session.issued_at) < ROTATION {
            return false;
        }
        session.ends_at = Some(now + GRACE);
        let next = Session { issued_at: now, seen_at: now, ends_at: None, ..session.clone() };
        self.open.insert(hashed(new), next);
        true
    }

    /// Ends a session with all its tokens.
    pub(super) fn end(&mut self, word: &str) {
        self.open.retain(|_, session| session.word != word);
    }
}

fn is_alive(session: &Session, now: Timestamp) -> bool {
    now.duration_since(session.begun_at) < LIFE
        && now.duration_since(session.seen_at) < IDLE
        && session.ends_at.is_none_or(|end| now < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn begun() -> Sessions {
        let mut sessions = Sessions::default();
        sessions.begin(START, "anna", "hash", &"one".to_owned(), "word".to_owned());
        sessions
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn an_idle_session_ends_and_a_used_one_lives_for_a_month() {
        assert!(begun().find(START + IDLE, "one").is_none());
        let mut sessions = begun();
        for day in 0..30 {
            assert!(sessions.find(START + hours(24 * day), "one").is_some(), "day {day}");
        }
        assert!(sessions.find(START + LIFE, "one").is_none());
    }

    #[test]
    fn a_token_is_replaced_once_an_hour_and_the_old_one_soon_ends() {
        let mut sessions = begun();
        let two = "two".to_owned();
        assert!(!sessions.rotate(START + hours(1) - SignedDuration::from_secs(1), "one", &two));
        let now = START + hours(1);
        assert!(sessions.rotate(now, "one", &two));
        assert!(!sessions.rotate(now, "one", &"three".to_owned()), "a replaced token is not replaced again");
        assert_eq!(sessions.find(now, "one").unwrap().word, sessions.find(now, "two").unwrap().word);
        assert!(sessions.find(now + GRACE, "one").is_none());
        assert!(sessions.find(now + GRACE, "two").is_some());
    }

    #[test]
    fn the_end_of_a_session_is_that_of_all_its_tokens() {
        let mut sessions = begun();
        sessions.rotate(START + hours(1), "one", &"two".to_owned());
        sessions.end("word");
        assert!(sessions.open.is_empty());
        assert!(sessions.find(START, "never").is_none());
    }

    #[test]
    fn so_many_sessions_and_no_more() {
        let mut sessions = begun();
        for n in 0..2 * MOST {
            let at = START + SignedDuration::from_secs(n as i64);
            sessions.begin(at, "anna", "hash", &format!("token {n}"), format!("word {n}"));
        }
        assert_eq!(sessions.open.len(), MOST);
        assert!(sessions.find(START + hours(1), "token 399").is_some());
    }
}
