//! Under which names the server may be asked.
//!
//! A web page of a stranger can give its own name the address of this machine (DNS rebinding) and then
//! read from us as if it were our own page. Its requests carry its name in `Host`, by which they are
//! refused.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderMap, StatusCode, Uri, header};

use crate::error::{ApiError, quoted};

/// The names of the loopback interface, and those that the owner added.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts {
    added: BTreeSet<String>,
    any_address: bool,
}

impl AllowedHosts {
    /// Loopback names and `added`: host names or addresses, as in the browser's address bar, without
    /// port. A port is ignored, as is case.
    pub fn new(added: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { added: added.into_iter().map(|host| normal(host.as_ref())).collect(), any_address: false }
    }

    /// Also any IP address: a stranger's page has a name, and cannot ask by an address in its place.
    pub fn with_any_address(self) -> Self {
        Self { any_address: true, ..self }
    }

    /// Whether a request for `host`, with or without port, is answered.
    pub fn allows(&self, host: &str) -> bool {
        let host = normal(host);
        host == "localhost"
            || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
            || host.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback())
            || (self.any_address && host.parse::<IpAddr>().is_ok())
            || self.added.contains(&host)
    }

    /// Checks the names that a request carries.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let refused = |message| ApiError::new(StatusCode::FORBIDDEN, "host-not-allowed", message);
        let mut named = false;
        let hosts =
            headers.get_all(header::HOST).iter().map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        for host in hosts.chain(uri.authority().map(|authority| authority.to_string())) {
            named = true;
            if !self.allows(&host) {
                return Err(refused(format!(
                    "this server does not answer to the name {}; ask it as `localhost`, or start it \
                     with `--host` and the name",
                    quoted(&host)
                )));
            }
        }
        if named {
            Ok(())
        } else {
            Err(refused("the request has no `Host` header, which must name this server".to_owned()))
        }
    }
}

/// Lower case, without port, brackets and the root's dot.
fn normal(host: &str) -> String {
    let host = host.trim();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        // More than one colon and no brackets: an IPv6 address as someone may configure it.
        None => match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        },
    };
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_added_names_with_any_port_and_nothing_else() {
        let hosts = AllowedHosts::new(["Wattwright.local", "192.168.1.20:8420", "fd00::1"]);
        for good in [
            "localhost",
            "LOCALHOST:8420",
            "localhost.",
            "127.0.0.1:1",
            "127.8.9.10",
            "[::1]",
            "[::1]:8420",
            "wattwright.local",
            "WATTWRIGHT.local:80",
            "192.168.1.20",
            "192.168.1.20:9",
            "[fd00::1]:8420",
        ] {
            assert!(hosts.allows(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:8420",
            "192.168.1.21",
            "128.0.0.1",
            "[::2]",
            "localhost:8420:1",
            "localhost:x",
            "user@localhost",
        ] {
            assert!(!hosts.allows(bad), "{bad}");
        }
    }

    #[test]
    fn any_address_is_allowed_where_that_is_said_and_no_other_name() {
        let hosts = AllowedHosts::new(["home.example"]).with_any_address();
        for good in ["192.168.1.5:8420", "[fd00::5]:8420", "home.example", "localhost"] {
            assert!(hosts.allows(good), "{good}");
        }
        for bad in ["evil.example", "192.168.1.5.evil.example", "1", ""] {
            assert!(!hosts.allows(bad), "{bad}");
        }
        assert!(!AllowedHosts::default().allows("192.168.1.5"));
    }
}
