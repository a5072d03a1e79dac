//! Users and who of them is signed in.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

use super::attempts::Attempts;
use super::file::Version;
use super::sessions::{Session, Sessions, Token};
use super::tokens::{self, Scope, Tokens};
use super::users::{self, User, Users, UsersError};
use super::{UserRole, random};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Users, sessions and tokens of one home.
pub struct Accounts {
    pub(super) users: Users,
    pub(super) tokens: Tokens,
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
    /// Of the file from which they are known.
    known_from: Version,
    tokens: Vec<tokens::Token>,
    tokens_from: Version,
}

/// A user with a session.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) role: UserRole,
    pub(super) word: String,
}

/// A program with a token.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) scopes: BTreeSet<Scope>,
}

/// Why a token is no good.
pub(super) enum BadToken {
    /// It is none of ours, or was revoked.
    Unknown,
    /// Its time is over.
    Over { name: String, since: Timestamp },
    /// Who made it is no longer an owner.
    Orphan { name: String },
}

/// Why somebody is not signed in.
pub(super) enum Unwelcome {
    /// The name or the password is wrong.
    Wrong,
    /// Too often wrong.
    TooOften(SignedDuration),
    /// The new password will not do.
    WillNotDo(UsersError),
    /// We failed.
    Failed(String),
}

impl Accounts {
    /// With the users and tokens of two files, which may change at any time.
    pub fn new(users: Users, tokens: Tokens, clock: Clock) -> Self {
        Self { users, tokens, clock, state: Mutex::default(), hashing: Arc::new(Semaphore::new(1)) }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.users.version();
        if version != state.known_from {
            (state.known, state.known_from) = (known_or_nobody(self.users.load()), version);
        }
        let version = self.tokens.version();
        if version != state.tokens_from {
            (state.tokens, state.tokens_from) = (known_or_nobody(self.tokens.load()), version);
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

    /// Which program a token is for.
    pub(super) fn program(&self, secret: &str) -> Result<Program, BadToken> {
        let (now, state) = (self.now(), self.state());
        let token = state.tokens.iter().find(|token| token.is(secret)).ok_or(BadToken::Unknown)?;
        let name = token.info.name.clone();
        if let Some(since) = token.info.expires_at.filter(|_| token.is_over(now)) {
            return Err(BadToken::Over { name, since });
        }
        let is_owner = |user: &User, name: &String| user.name == *name && user.role == UserRole::Owner;
        let has_maker =
            token.info.made_by.as_ref().is_none_or(|maker| state.known.iter().any(|user| is_owner(user, maker)));
        match has_maker {
            true => Ok(Program { name, scopes: token.info.scopes.clone() }),
            false => Err(BadToken::Orphan { name }),
        }
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
        let user = self.checked(&name, password).await?;
        self.begin(&user)
    }

    /// Gives a user who knows the old password a new one. That ends all their sessions, and a new one begins.
    pub(super) async fn change_password(
        self: &Arc<Self>,
        name: String,
        old: String,
        new: String,
    ) -> Result<(Known, Token), Unwelcome> {
        self.checked(&name, old).await?;
        let accounts = self.clone();
        let changed = self.hash(move || accounts.users.set_password(&name, &new).map(|()| name)).await?;
        let name = changed.map_err(Unwelcome::WillNotDo)?;
        let user = self.state().known.iter().find(|user| user.name == name).cloned();
        self.begin(&user.ok_or(Unwelcome::Wrong)?)
    }

    /// The user of a name and its password.
    async fn checked(self: &Arc<Self>, name: &str, password: String) -> Result<User, Unwelcome> {
        let accounts = self.clone();
        let named = name.to_owned();
        // The attempt counts before it is known to be wrong: who asks may hang up meanwhile.
        let user = self
            .hash(move || {
                let now = accounts.now();
                let user = {
                    let mut state = accounts.state();
                    if let Some(wait) = state.attempts.wait(now, &named) {
                        return Err(Unwelcome::TooOften(wait));
                    }
                    state.attempts.fail(now, &named);
                    state.known.iter().find(|user| user.name == named).cloned()
                };
                match user {
                    Some(user) if user.has_password(&password) => Ok(user),
                    Some(_) => Err(Unwelcome::Wrong),
                    None => {
                        users::take_as_long(&password);
                        Err(Unwelcome::Wrong)
                    }
                }
            })
            .await??;
        self.state().attempts.succeed(name);
        Ok(user)
    }

    /// Does what hashes a password, one at a time. The permit goes with the work.
    pub(super) async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unwelcome> {
        let permit = self.hashing.clone().acquire_owned().await.map_err(|e| Unwelcome::Failed(e.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| Unwelcome::Failed(error.to_string()))
    }

    fn begin(&self, user: &User) -> Result<(Known, Token), Unwelcome> {
        let failed = |error: getrandom::Error| Unwelcome::Failed(error.to_string());
        let (token, word) = (random().map_err(failed)?, random().map_err(failed)?);
        self.state().sessions.begin(self.now(), &user.name, user.password(), &token, word.clone());
        Ok((Known { name: user.name.clone(), role: user.role, word }, token))
    }
}

fn known(user: &User, session: &Session) -> Known {
    Known { name: user.name.clone(), role: user.role, word: session.word.clone() }
}

/// Nobody rather than somebody who was removed.
fn known_or_nobody<T>(list: Result<Vec<T>, UsersError>) -> Vec<T> {
    list.unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "nobody can use the page");
        Vec::new()
    })
}
