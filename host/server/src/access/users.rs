//! Users and their passwords, in one file that only the owner of the machine can read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use super::UserRole;
use crate::error::quoted;

/// Least characters of a password.
const PASSWORD_LEAST: usize = 10;
/// Most bytes of a password: hashing more would only cost time.
const PASSWORD_MOST: usize = 512;

/// Why users could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file cannot be read or written.
    #[error("{path}: cannot {doing} the users")]
    File {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{path}: these are no users")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
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

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, UsersError> {
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| UsersError::Refused(format!("the password: {error}")))
}

/// The file with all users.
#[derive(Clone, Debug)]
pub struct Users {
    path: PathBuf,
}

impl Users {
    /// In a home's state folder.
    pub fn new(state_dir: &Path) -> Self {
        Self { path: state_dir.join("users.json") }
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
    /// The name or the password will not do, or the file cannot be written.
    pub fn add(&self, name: &str, role: UserRole, password: &str) -> Result<(), UsersError> {
        if !model::is_valid_id(name) {
            let message = format!("{} is no name for a user; use 1 to 40 of a-z, 0-9 and -", quoted(name));
            return Err(UsersError::Refused(message));
        }
        if password.chars().count() < PASSWORD_LEAST || password.len() > PASSWORD_MOST {
            let message =
                format!("a password has {PASSWORD_LEAST} characters or more, and {PASSWORD_MOST} bytes at most");
            return Err(UsersError::Refused(message));
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| UsersError::Refused(format!("there is no salt: {error}")))?;
        let user = User { name: name.to_owned(), role, password: hash(password, &salt)? };
        let mut users = self.load()?;
        users.retain(|known| known.name != name);
        users.push(user);
        self.save(users)
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
        let users = self.load()?;
        let (gone, left): (Vec<_>, Vec<_>) = users.into_iter().partition(|user| user.name == name);
        if gone.is_empty() {
            return Err(UsersError::Refused(format!("there is no user {}", quoted(name))));
        }
        if !left.is_empty() && left.iter().all(|user| user.role != UserRole::Owner) {
            let message = format!("{} is the last owner; add another one first", quoted(name));
            return Err(UsersError::Refused(message));
        }
        self.save(left)
    }

    pub(super) fn load(&self) -> Result<Vec<User>, UsersError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| UsersError::Unreadable { path: self.path.clone(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(self.failed("read", source)),
        }
    }

    /// When the file was written last; `None`: there is none.
    pub(super) fn written_at(&self) -> Option<SystemTime> {
        fs::metadata(&self.path).and_then(|file| file.modified()).ok()
    }

    fn save(&self, mut users: Vec<User>) -> Result<(), UsersError> {
        users.sort_by(|one, other| one.name.cmp(&other.name));
        let text = serde_json::to_vec_pretty(&users)
            .map_err(|source| UsersError::Unreadable { path: self.path.clone(), source })?;
        let new = self.path.with_extension("json.new");
        let write = || {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        };
        write().map_err(|source| self.failed("write", source))
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> UsersError {
        UsersError::File { path: self.path.clone(), doing, source }
    }
}
