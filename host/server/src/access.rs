//! Who may do what, when others than this machine can reach the page.
//!
//! Without users, on loopback, everyone is the owner ([`Access::Open`]). Else each request needs the role that
//! [`ROUTES`] names: a user signs in with a password (argon2id), gets a session in a cookie that scripts cannot
//! read, and a word that must come with whatever changes something. A program has a token with scopes instead.
//!
//! ```text
//! request ── gate: session? role? word? ──> routes
//!              │   or token? scope?
//!              └── users.json, tokens.json, sessions (in memory: they end with the daemon)
//! ```

mod accounts;
mod attempts;
mod file;
mod gate;
mod people;
mod routes;
mod sessions;
mod tokens;
mod users;

use std::sync::Arc;

use axum::http::Method;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub use accounts::{Accounts, Clock};
pub(crate) use gate::{Gate, gate};
pub(crate) use routes::routes;
pub use tokens::{Scope, TokenInfo, Tokens};
pub use users::{Users, UsersError};

/// What a user may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Look at everything.
    Viewer,
    /// Also what a member of the household does from day to day.
    Member,
    /// Also manage strategies.
    Owner,
}

impl UserRole {
    /// All, with their names.
    pub const NAMES: [(&'static str, Self); 3] =
        [("viewer", Self::Viewer), ("member", Self::Member), ("owner", Self::Owner)];

    /// As it is written.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, role)| *role == self).map_or("viewer", |(name, _)| name)
    }
}

/// Whether users are told apart.
#[derive(Clone)]
pub enum Access {
    /// Whoever reaches the page is the owner: for loopback only.
    Open,
    /// Users sign in.
    Accounts(Arc<Accounts>),
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: the page itself, and signing in.
    Nothing,
    /// Somebody.
    Somebody {
        /// A user of at least this role.
        role: UserRole,
        /// Or a program's token with this scope; `None`: no program may.
        scope: Option<Scope>,
    },
}

const LOOK: Need = Need::Somebody { role: UserRole::Viewer, scope: Some(Scope::Read) };
const EXAMINE: Need = Need::Somebody { role: UserRole::Member, scope: Some(Scope::Read) };
const USE: Need = Need::Somebody { role: UserRole::Member, scope: Some(Scope::Hand) };
const OWN: Need = Need::Somebody { role: UserRole::Owner, scope: Some(Scope::Strategies) };
const ONESELF: Need = Need::Somebody { role: UserRole::Viewer, scope: None };
const GOVERN: Need = Need::Somebody { role: UserRole::Owner, scope: None };

/// Every route under `/api` with what it needs. What is not here needs the owner, and no token opens it.
pub const ROUTES: &[(&str, &str, Need)] = &[
    ("POST", "/api/session", Need::Nothing),
    ("GET", "/api/session", ONESELF),
    ("DELETE", "/api/session", ONESELF),
    ("PUT", "/api/password", ONESELF),
    ("GET", "/api/users", GOVERN),
    ("POST", "/api/users", GOVERN),
    ("DELETE", "/api/users/{name}", GOVERN),
    ("PUT", "/api/users/{name}/role", GOVERN),
    ("POST", "/api/users/{name}/password", GOVERN),
    ("GET", "/api/tokens", GOVERN),
    ("POST", "/api/tokens", GOVERN),
    ("DELETE", "/api/tokens/{name}", GOVERN),
    ("GET", "/api/notes", GOVERN),
    ("GET", "/api/setup", LOOK),
    ("GET", "/api/log", GOVERN),
    ("GET", "/api/backup", GOVERN),
    ("GET", "/api/openapi.json", LOOK),
    ("GET", "/api/live", LOOK),
    ("GET", "/api/events", LOOK),
    ("GET", "/api/health", LOOK),
    ("GET", "/api/past", LOOK),
    ("GET", "/api/energy", LOOK),
    ("GET", "/api/decisions", LOOK),
    ("GET", "/api/scores", LOOK),
    ("GET", "/api/ticks", LOOK),
    ("GET", "/api/ticks/latest", LOOK),
    ("GET", "/api/ticks/{id}", LOOK),
    ("GET", "/api/ticks/{id}/shadows", LOOK),
    ("GET", "/api/ticks/{id}/export", EXAMINE),
    ("GET", "/api/ticks/{id}/replay", EXAMINE),
    ("POST", "/api/override", USE),
    ("DELETE", "/api/override", USE),
    ("POST", "/api/pause", USE),
    ("DELETE", "/api/pause", USE),
    ("POST", "/api/what-if", USE),
    ("GET", "/api/lab", LOOK),
    ("POST", "/api/lab", USE),
    ("DELETE", "/api/lab", USE),
    ("GET", "/api/lab/{id}", LOOK),
    ("DELETE", "/api/lab/{id}", USE),
    ("GET", "/api/strategies", LOOK),
    ("GET", "/api/strategies/{name}", LOOK),
    ("GET", "/api/strategies/{name}/log", LOOK),
    ("POST", "/api/strategies", OWN),
    ("POST", "/api/strategies/check", OWN),
    ("DELETE", "/api/strategies/{name}", OWN),
    ("PUT", "/api/strategies/{name}/role", OWN),
    ("PUT", "/api/strategies/{name}/settings", OWN),
    ("DELETE", "/api/strategies/{name}/settings", OWN),
    ("PUT", "/api/strategies/{name}/allowance", OWN),
    ("POST", "/api/strategies/{name}/rollback", OWN),
];

/// What a request needs.
pub fn need(method: &Method, path: &str) -> Need {
    if path != "/api" && !path.starts_with("/api/") {
        return Need::Nothing;
    }
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    // A fixed path stands before the pattern that would match it too.
    ROUTES.iter().find(|(known, pattern, _)| *known == method && matches(pattern, path)).map_or(GOVERN, |route| route.2)
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || (wanted.starts_with('{') && !found.is_empty()) => {}
            _ => return false,
        }
    }
}

/// 256 bits in hexadecimal.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hashed(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether a request only looks.
fn looks(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_needs_the_owner() {
        let need = |method: &str, path: &str| need(&method.parse().unwrap(), path);
        for path in ["/api", "/api/", "/api//live", "/api/live/", "/api/ticks/", "/api/../api/live", "/api/secret"] {
            assert_eq!(need("GET", path), GOVERN, "{path}");
        }
        assert_eq!(need("POST", "/api/live"), GOVERN);
        assert_eq!(need("BREW", "/api/session"), GOVERN);
    }

    #[test]
    fn looking_needs_less_than_changing_and_the_page_needs_nothing() {
        let need = |method: &str, path: &str| need(&method.parse().unwrap(), path);
        assert_eq!(need("HEAD", "/api/live"), LOOK);
        assert_eq!(need("GET", "/api/ticks/7/replay"), EXAMINE);
        assert_eq!(need("PUT", "/api/strategies/mine/role"), OWN);
        for path in ["/", "/assets/index-1.js", "/apis", "/history"] {
            assert_eq!(need("GET", path), Need::Nothing, "{path}");
        }
    }
}
