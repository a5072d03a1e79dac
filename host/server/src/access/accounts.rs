//! Users and who of them is signed in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::UserRole;
use super::attempts::Attempts;
use super::sessions::{Session, Sessions, Token};
use super::users::{self, User, Users};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Users and sessions of one home.
pub struct Accounts {
    users: Users,
    clock: Clock,
    state: Mutex<State>,
    /// One password at a time: each takes 19 MiB, and a Raspberry Pi has little.
    hashing: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    sessions: Sessions,
    attempts: Attempts,
    known: Vec<User>,
    /// When the file was written from which they are known.
    known_at: Option<SystemTime>,
}

/// A user with a session.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) role: UserRole,
    pub(super) word: String,
}

/// Why somebody is not signed in.
pub(super) enum Unwelcome {
    /// The name or the password is wrong.
    Wrong,
    /// Too often wrong.
    TooOften(SignedDuration),
    /// We failed.
    Failed(String),
}

impl Accounts {
    /// With the users of a file, which may change at any time.
    pub fn new(users: Users, clock: Clock) -> Self {
        Self { users, clock, state: Mutex::default(), hashing: Arc::new(Semaphore::new(1)) }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let written_at = self.users.written_at();
        if written_at != state.known_at {
            match self.users.load() {
                Ok(users) => (state.known, state.known_at) = (users, written_at),
                Err(error) => {
                    // Nobody rather than somebody who was removed.
                    tracing::error!(error = &error as &dyn std::error::Error, "nobody can use the page");
                    state.known.clear();
                }
            }
        }
        state
    }

    /// Whose token it is.
    pub(super) fn who(&self, token: &str) -> Option<Known> {
        let mut state = self.state();
        let session = state.sessions.find(self.now(), token)?;
        let user = state.known.iter().find(|user| user.name == session.user)?;
        // Another password ends the sessions that began with the old one.
        (user.password() == session.password).then(|| known(user, &session))
    }

    /// A new token in place of this one, when that is due.
    pub(super) fn rotated(&self, token: &str) -> Option<Token> {
        let new = random().ok()?;
        self.state().sessions.rotate(self.now(), token, &new).then_some(new)
    }

    pub(super) fn leave(&self, word: &str) {
        self.state().sessions.end(word);
    }

    /// Signs somebody in.
    pub(super) async fn enter(self: &Arc<Self>, name: String, password: String) -> Result<(Known, Token), Unwelcome> {
        // The permit goes with the hashing, and the attempt counts before it: who asks may hang up meanwhile.
        let permit =
            self.hashing.clone().acquire_owned().await.map_err(|error| Unwelcome::Failed(error.to_string()))?;
        let now = self.now();
        let user = {
            let mut state = self.state();
            if let Some(wait) = state.attempts.wait(now, &name) {
                return Err(Unwelcome::TooOften(wait));
            }
            state.attempts.fail(now, &name);
            state.known.iter().find(|user| user.name == name).cloned()
        };
        let checked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            match user {
                Some(user) => user.has_password(&password).then_some(user),
                None => {
                    users::take_as_long(&password);
                    None
                }
            }
        });
        let user = checked.await.map_err(|error| Unwelcome::Failed(error.to_string()))?;
        let Some(user) = user else {
            return Err(Unwelcome::Wrong);
        };
        let failed = |error: getrandom::Error| Unwelcome::Failed(error.to_string());
        let (token, word) = (random().map_err(failed)?, random().map_err(failed)?);
        let mut state = self.state();
        state.attempts.succeed(&name);
        state.sessions.begin(now, &name, user.password(), &token, word.clone());
        Ok((Known { name, role: user.role, word }, token))
    }
}

fn known(user: &User, session: &Session) -> Known {
    Known { name: user.name.clone(), role: user.role, word: session.word.clone() }
}

/// 256 bits in hexadecimal.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
