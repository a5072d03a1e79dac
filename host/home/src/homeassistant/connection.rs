//! Where Home Assistant is, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use url::Url;

/// Home Assistant's address and a long-lived access token.
#[derive(Clone)]
pub struct Connection {
    /// Of the WebSocket API.
    pub(crate) websocket: Url,
    pub(crate) token: String,
    /// How long to wait for what.
    pub timing: Timing,
}

/// Why an address and a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// No address.
    #[error("Home Assistant's address `{url}` is no `http://` or `https://` address: {reason}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No token.
    #[error(
        "Home Assistant's token is empty; make one in Home Assistant under your profile, Security, \
         Long-lived access tokens"
    )]
    NoToken,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// For the connection to be made and for each answer while getting in step.
    pub answer_within: Duration,
    /// For the acknowledgement of a command.
    pub acknowledge_within: Duration,
    /// For an action that has something to look up, such as prices.
    pub action_within: Duration,
    /// Between two pings; an answer is awaited for `answer_within`.
    pub ping_every: Duration,
    /// Between two looks at whether Home Assistant's start is over.
    pub starting_poll: Duration,
    /// Before the first new attempt after a lost connection; doubled for each further.
    pub retry_first: Duration,
    /// The most between two attempts.
    pub retry_most: Duration,
    /// Between two attempts with a token that was rejected: Home Assistant bans addresses that try too
    /// often.
    pub retry_rejected: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(10),
            acknowledge_within: Duration::from_secs(10),
            action_within: Duration::from_secs(30),
            ping_every: Duration::from_secs(15),
            starting_poll: Duration::from_secs(1),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(30),
            retry_rejected: Duration::from_secs(300),
        }
    }
}

impl Connection {
    /// Takes the address of Home Assistant's page, such as `http://homeassistant.local:8123`, or that of
    /// its WebSocket API, which ends in `/websocket`.
    pub fn new(url: &str, token: &str) -> Result<Self, ConnectionError> {
        let fault = |reason: String| ConnectionError::Url { url: url.to_owned(), reason };
        let mut websocket = Url::parse(url.trim()).map_err(|error| fault(error.to_string()))?;
        let scheme = match websocket.scheme() {
            "http" | "ws" => "ws",
            "https" | "wss" => "wss",
            other => return Err(fault(format!("its scheme is `{other}`"))),
        };
        if websocket.set_scheme(scheme).is_err() || websocket.host_str().is_none_or(str::is_empty) {
            return Err(fault("it names no host".to_owned()));
        }
        let path = websocket.path().trim_end_matches('/').to_owned();
        websocket.set_path(&if path.ends_with("/websocket") { path } else { format!("{path}/api/websocket") });
        let token = token.trim();
        if token.is_empty() {
            return Err(ConnectionError::NoToken);
        }
        Ok(Self { websocket, token: token.to_owned(), timing: Timing::default() })
    }

    /// The address without anything secret.
    pub(crate) fn place(&self) -> String {
        let port = self.websocket.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}", self.websocket.host_str().unwrap_or_default())
    }
}

/// Does not show the token.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("place", &self.place()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_websocket_of_an_address() {
        for (url, websocket) in [
            ("http://homeassistant.local:8123", "ws://homeassistant.local:8123/api/websocket"),
            ("http://homeassistant.local:8123/", "ws://homeassistant.local:8123/api/websocket"),
            (" https://example.org/home/ ", "wss://example.org/home/api/websocket"),
            ("http://supervisor/core/websocket", "ws://supervisor/core/websocket"),
        ] {
            assert_eq!(Connection::new(url, "token").unwrap().websocket.as_str(), websocket);
        }
    }

    #[test]
    fn names_what_is_wrong_and_keeps_the_token_to_itself() {
        for url in ["", "homeassistant.local", "homeassistant.local:8123", "ftp://homeassistant.local"] {
            let error = Connection::new(url, "token").unwrap_err().to_string();
            assert!(error.contains(&format!("`{url}`")), "{error}");
        }
        assert!(matches!(Connection::new("http://home", " \n"), Err(ConnectionError::NoToken)));
        let shown = format!("{:?}", Connection::new("http://home", "secret").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
