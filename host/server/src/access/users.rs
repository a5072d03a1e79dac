//! Users and their passwords, in one file that only the owner of the machine can read.

use std::io;
use std::path::{Path, PathBuf};

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use super::UserRole;
use super::file::{ListFile, Version};
use crate::error::quoted;

/// Least characters of a password.
const PASSWORD_LEAST: usize = 10;
/// Most bytes of a password: hashing more would only cost time.
const PASSWORD_MOST: usize = 512;

/// Why users could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file cannot be read or written.
    #[error("{path}: cannot be {doing}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried: `read`, `written`.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{path}: this is not what Wattwright writes there")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// There is no such user or token.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as asked.
    #[error("{0}")]
    Refused(String),
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) role: UserRole,
    /// Argon2id, with its parameters and salt.
    password: String,
}

impl User {
    /// What a session holds on to: another password ends it.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Takes some tens of milliseconds and 19 MiB.
    pub(super) fn has_password(&self, password: &str) -> bool {
        password.len() <= PASSWORD_MOST
            && Argon2::default().verify_password(password.as_bytes(), self.password.as_str()).is_ok()
    }
}

/// Takes as long as checking a password does, so that a name that is unknown is not told by the time.
pub(super) fn take_as_long(password: &str) {
    let _ = hash(password, &[0; 16]);
}

fn hash_new(password: &str) -> Result<String, UsersError> {
    if password.chars().count() < PASSWORD_LEAST || password.len() > PASSWORD_MOST {
        let message = format!("a password has {PASSWORD_LEAST} characters or more, and {PASSWORD_MOST} bytes at most");
        return Err(UsersError::Refused(message));
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| UsersError::Refused(format!("there is no salt: {error}")))?;
    hash(password, &salt)
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, UsersError> {
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| UsersError::Refused(format!("the password: {error}")))
}

/// The file with all users.
#[derive(Clone, Debug)]
pub struct Users {
    file: ListFile<User>,
}

impl Users {
    /// In a home's state folder.
    pub fn new(state_dir: &Path) -> Self {
        Self { file: ListFile::new(state_dir.join("users.json")) }
    }

    /// Name and role of each, by name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<(String, UserRole)>, UsersError> {
        Ok(self.load()?.into_iter().map(|user| (user.name, user.role)).collect())
    }

    /// Adds a user, or gives one another role and password.
    ///
    /// # Errors
    /// The name or the password will not do, the others would be without an owner, or the file cannot be written.
    pub fn add(&self, name: &str, role: UserRole, password: &str) -> Result<(), UsersError> {
        self.put(name, role, password, |_| Ok(()))
    }

    /// Adds a user whose name nobody has.
    ///
    /// # Errors
    /// As for [`Users::add`]; somebody has that name.
    pub fn add_new(&self, name: &str, role: UserRole, password: &str) -> Result<(), UsersError> {
        self.put(name, role, password, |users| match users.iter().any(|user| user.name == name) {
            true => Err(UsersError::Refused(format!("there is a user {} already", quoted(name)))),
            false => Ok(()),
        })
    }

    fn put(
        &self,
        name: &str,
        role: UserRole,
        password: &str,
        check: impl FnOnce(&[User]) -> Result<(), UsersError>,
    ) -> Result<(), UsersError> {
        if !model::is_valid_id(name) {
            let message = format!("{} is no name for a user; use 1 to 40 of a-z, 0-9 and -", quoted(name));
            return Err(UsersError::Refused(message));
        }
        let user = User { name: name.to_owned(), role, password: hash_new(password)? };
        self.file.change(|users| {
            check(users)?;
            let had_owner = has_owner(users);
            users.retain(|known| known.name != name);
            users.push(user);
            users.sort_by(|one, other| one.name.cmp(&other.name));
            keep_owner(had_owner, users, name)
        })
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// There is no such user, nobody would be left as owner, or the file cannot be written.
    pub fn set_role(&self, name: &str, role: UserRole) -> Result<(), UsersError> {
        self.file.change(|users| {
            let had_owner = has_owner(users);
            one(users, name)?.role = role;
            keep_owner(had_owner, users, name)
        })
    }

    /// Gives a user another password, which ends their sessions.
    ///
    /// # Errors
    /// There is no such user, the password will not do, or the file cannot be written.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), UsersError> {
        let password = hash_new(password)?;
        self.file.change(|users| {
            one(users, name)?.password = password;
            Ok(())
        })
    }

    /// A password of 100 random bits, in letters and digits that are not taken for each other.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn made_password() -> Result<String, UsersError> {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = [0_u8; 20];
        getrandom::fill(&mut bytes)
            .map_err(|error| UsersError::Refused(format!("there are no random numbers: {error}")))?;
        Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect())
    }

    /// Removes a user; their sessions end with their next request.
    ///
    /// # Errors
    /// There is no such user, the others would be without an owner, or the file cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), UsersError> {
        self.file.change(|users| {
            one(users, name)?;
            let had_owner = has_owner(users);
            users.retain(|user| user.name != name);
            // The last one may go: then there are no users, as in the beginning.
            keep_owner(had_owner && !users.is_empty(), users, name)
        })
    }

    pub(super) fn load(&self) -> Result<Vec<User>, UsersError> {
        self.file.load()
    }

    pub(super) fn version(&self) -> Version {
        self.file.version()
    }
}

fn one<'u>(users: &'u mut [User], name: &str) -> Result<&'u mut User, UsersError> {
    users
        .iter_mut()
        .find(|user| user.name == name)
        .ok_or_else(|| UsersError::NotFound(format!("there is no user {}", quoted(name))))
}

fn has_owner(users: &[User]) -> bool {
    users.iter().any(|user| user.role == UserRole::Owner)
}

fn keep_owner(needed: bool, users: &[User], name: &str) -> Result<(), UsersError> {
    if needed && !has_owner(users) {
        return Err(UsersError::Refused(format!("{} is the last owner; add another one first", quoted(name))));
    }
    Ok(())
}
