//! Tokens by which programs use the API: each with a name, scopes and, if the owner likes, an end.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::file::{ListFile, Version};
use super::users::UsersError;
use super::{hashed, random};
use crate::error::quoted;

/// So that a token is recognized where it does not belong, in a public repository for example.
const PREFIX: &str = "wattwright_";
/// Most tokens of a home.
const MOST: usize = 100;
/// How long a token of [`Tokens::for_a_moment`] is good.
const MOMENT: SignedDuration = SignedDuration::from_mins(2);
/// Most days that a token may be good for, if it ends at all.
const DAYS_MOST: i64 = 3650;

/// What a token may be used for. None is part of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything that a viewer sees, and replay decisions.
    Read,
    /// What a member of the household does: override, pause, ask what if, use the lab.
    Hand,
    /// Manage strategies, as the owner.
    Strategies,
}

impl Scope {
    /// All, with their names.
    pub const NAMES: [(&'static str, Self); 3] =
        [("read", Self::Read), ("hand", Self::Hand), ("strategies", Self::Strategies)];

    /// As it is written.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, scope)| *scope == self).map_or("read", |(name, _)| name)
    }
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenInfo {
    /// What the owner calls it: 1 to 40 of a-z, 0-9 and -.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The user who made it, with whom it ends; `None`: made on the machine itself.
    pub made_by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// From when on it is no longer good; `None`: until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// A token as it is kept. The secret has 256 random bits, so a plain hash of it tells nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    #[serde(flatten)]
    pub(super) info: TokenInfo,
    sha256: String,
}

impl Token {
    pub(super) fn is(&self, secret: &str) -> bool {
        self.sha256 == hex(&hashed(secret))
    }

    fn is_of_a_moment(&self) -> bool {
        self.info.expires_at.is_some_and(|end| end.duration_since(self.info.made_at) <= MOMENT)
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.info.expires_at.is_some_and(|end| now >= end)
    }
}

/// The file with all tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    file: ListFile<Token>,
}

impl Tokens {
    /// In a home's state folder.
    pub fn new(state_dir: &Path) -> Self {
        Self { file: ListFile::new(state_dir.join("tokens.json")) }
    }

    /// All tokens, by name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<TokenInfo>, UsersError> {
        Ok(self.load()?.into_iter().map(|token| token.info).collect())
    }

    /// Makes a token that ends after so many days, if it ends. The secret is told here and nowhere else.
    ///
    /// # Errors
    /// The name, the scopes or the days will not do, or the file cannot be written.
    pub fn add(
        &self,
        name: &str,
        scopes: BTreeSet<Scope>,
        days: Option<i64>,
        made_by: Option<String>,
        now: Timestamp,
    ) -> Result<(String, TokenInfo), UsersError> {
        let refused = |message: String| Err(UsersError::Refused(message));
        if !model::is_valid_id(name) {
            return refused(format!("{} is no name for a token; use 1 to 40 of a-z, 0-9 and -", quoted(name)));
        }
        if scopes.is_empty() {
            return refused(
                "a token without a scope is good for nothing; there are `read`, `hand`, `strategies`".into(),
            );
        }
        if let Some(days) = days
            && !(1..=DAYS_MOST).contains(&days)
        {
            return refused(format!("a token is good for 1 to {DAYS_MOST} days, or without an end; not for {days}"));
        }
        let expires_at = days.map(|days| now.checked_add(SignedDuration::from_hours(24 * days)));
        let expires_at =
            expires_at.transpose().map_err(|error| UsersError::Refused(format!("that is too long: {error}")))?;
        let (secret, token) = made(TokenInfo { name: name.to_owned(), scopes, made_by, made_at: now, expires_at })?;
        let info = token.info.clone();
        self.put(token, now)?;
        Ok((secret, info))
    }

    /// A token that is good for two minutes, for a command of somebody who may write into this folder and thereby is
    /// the owner.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn for_a_moment(&self, scopes: BTreeSet<Scope>, now: Timestamp) -> Result<String, UsersError> {
        let end = now.checked_add(MOMENT).map_err(|error| UsersError::Refused(error.to_string()))?;
        let number: String = random().map_err(no_random)?.chars().take(8).collect();
        let name = format!("command-line-{number}");
        let (secret, token) = made(TokenInfo { name, scopes, made_by: None, made_at: now, expires_at: Some(end) })?;
        self.put(token, now)?;
        Ok(secret)
    }

    fn put(&self, token: Token, now: Timestamp) -> Result<(), UsersError> {
        self.file.change(|tokens| {
            tokens.retain(|known| !known.is_over(now) || !known.is_of_a_moment());
            let name = &token.info.name;
            if tokens.iter().any(|known| known.info.name == *name) {
                return Err(UsersError::Refused(format!("there is a token {} already; revoke it first", quoted(name))));
            }
            if tokens.len() >= MOST {
                return Err(UsersError::Refused(format!("there are {MOST} tokens; revoke one first")));
            }
            tokens.push(token);
            tokens.sort_by(|one, other| one.info.name.cmp(&other.info.name));
            Ok(())
        })
    }

    /// Revokes a token, from the next request on.
    ///
    /// # Errors
    /// There is no such token, or the file cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), UsersError> {
        self.file.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|token| token.info.name != name);
            match tokens.len() < before {
                true => Ok(()),
                false => Err(UsersError::NotFound(format!("there is no token {}", quoted(name)))),
            }
        })
    }

    /// Revokes all tokens of a user who is removed: another one of that name is somebody else.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remove_of(&self, maker: &str) -> Result<(), UsersError> {
        if self.list()?.iter().all(|token| token.made_by.as_deref() != Some(maker)) {
            return Ok(());
        }
        self.file.change(|tokens| {
            tokens.retain(|token| token.info.made_by.as_deref() != Some(maker));
            Ok(())
        })
    }

    pub(super) fn load(&self) -> Result<Vec<Token>, UsersError> {
        self.file.load()
    }

    pub(super) fn version(&self) -> Version {
        self.file.version()
    }
}

fn made(info: TokenInfo) -> Result<(String, Token), UsersError> {
    let secret = format!("{PREFIX}{}", random().map_err(no_random)?);
    let sha256 = hex(&hashed(&secret));
    Ok((secret, Token { info, sha256 }))
}

fn no_random(error: getrandom::Error) -> UsersError {
    UsersError::Refused(format!("there are no random numbers: {error}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn the_secret_is_told_once_and_kept_as_a_hash() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(folder.path());
        let (secret, info) = tokens.add("panel", [Scope::Read].into(), Some(2), None, NOW).unwrap();
        assert!(secret.starts_with(PREFIX) && secret.len() == PREFIX.len() + 64, "{secret}");
        let text = std::fs::read_to_string(folder.path().join("tokens.json")).unwrap();
        assert!(!text.contains(&secret[PREFIX.len()..]), "{text}");
        let kept = tokens.load().unwrap().remove(0);
        assert_eq!(kept.info, info);
        assert!(kept.is(&secret) && !kept.is(&secret[1..]));
        assert!(
            !kept.is_over(NOW + SignedDuration::from_hours(47)) && kept.is_over(NOW + SignedDuration::from_hours(48))
        );
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("tokens.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_will_not_do_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(folder.path());
        let read = || BTreeSet::from([Scope::Read]);
        tokens.add("panel", read(), None, None, NOW).unwrap();
        for (name, scopes, days, text) in [
            ("Panel!", read(), None, "a-z"),
            ("panel", read(), None, "already"),
            ("other", BTreeSet::new(), None, "without a scope"),
            ("other", read(), Some(0), "1 to 3650"),
            ("other", read(), Some(i64::MAX), "1 to 3650"),
        ] {
            let error = tokens.add(name, scopes, days, None, NOW).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        assert!(tokens.remove("other").unwrap_err().to_string().contains("no token"));
        tokens.remove("panel").unwrap();
        assert_eq!(tokens.list().unwrap(), []);
    }

    #[test]
    fn a_token_of_a_moment_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(folder.path());
        tokens.add("old", [Scope::Read].into(), Some(1), None, NOW).unwrap();
        let secret = tokens.for_a_moment([Scope::Hand].into(), NOW).unwrap();
        assert!(tokens.load().unwrap().iter().any(|token| token.is(&secret)));
        let later = NOW + SignedDuration::from_hours(48);
        tokens.for_a_moment([Scope::Hand].into(), later).unwrap();
        let kept = tokens.load().unwrap();
        assert!(!kept.iter().any(|token| token.is(&secret)));
        assert_eq!(kept.len(), 2, "what the owner made is kept, to be seen that it is over");
    }
}
