//! Questions over HTTP, with bounds on everything: time, size, redirects.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderName, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

/// Longer than anyone may ask us to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// How long an answer may take, and how large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the answer is there as a whole.
    pub total: Duration,
    /// Bytes of an answer. A week of quarter-hours as XML is about 150 kB.
    pub most_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(20), most_bytes: 4 * 1024 * 1024 }
    }
}

/// Why there is no answer. Addresses are left out, since some have a token in them.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// TLS cannot be set up.
    #[error("secure connections cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The client cannot be set up, or the question cannot be asked.
    #[error("the question cannot be asked")]
    Question(#[source] reqwest::Error),
    /// The address is none.
    #[error("`{0}` is no address")]
    Address(String),
    /// It took too long.
    #[error("no whole answer within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// No connection, or it broke.
    #[error("the connection failed or broke off")]
    Connection(#[source] reqwest::Error),
    /// The answer is too large.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// Too many questions.
    #[error("asked too often (status 429)")]
    Limited {
        /// How long to wait, where the answer says it.
        retry_after: Option<Duration>,
    },
    /// The source has trouble of its own.
    #[error("the source has trouble (status {status})")]
    Server {
        /// 500 and above.
        status: u16,
        /// How long to wait, where the answer says it.
        retry_after: Option<Duration>,
    },
    /// The question is wrong, or not allowed.
    #[error("refused (status {status}): {text}")]
    Refused {
        /// 400 to 499.
        status: u16,
        /// The beginning of the answer.
        text: String,
    },
}

/// A client for all sources.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client,
    limits: HttpLimits,
}

impl Http {
    /// Trusts what the machine trusts.
    pub(crate) fn new(limits: HttpLimits) -> Result<Self, HttpError> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (added, ignored) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            tracing::warn!(ignored, errors = ?found.errors, "the machine has no certificates to trust");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("wattwright/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .redirect(Policy::limited(3))
            // Questions are hours apart.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| HttpError::Question(error.without_url()))?;
        Ok(Self { client, limits })
    }

    /// An answer's bytes; `None`: there is nothing yet (204).
    pub(crate) async fn get(&self, url: Url, now: Timestamp) -> Result<Option<Vec<u8>>, HttpError> {
        self.ask(self.client.get(url), now).await
    }

    /// The same with a bearer token.
    pub(crate) async fn get_with_token(
        &self,
        url: Url,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, HttpError> {
        self.ask(self.client.get(url).bearer_auth(token), now).await
    }

    /// Asks with a JSON body and a bearer token.
    pub(crate) async fn post(
        &self,
        url: Url,
        token: &str,
        body: &serde_json::Value,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, HttpError> {
        self.ask(self.client.post(url).bearer_auth(token).json(body), now).await
    }

    async fn ask(&self, question: RequestBuilder, now: Timestamp) -> Result<Option<Vec<u8>>, HttpError> {
        let answer = question.send().await.map_err(|error| self.failed(error))?;
        let status = answer.status();
        match status {
            StatusCode::NO_CONTENT => Ok(None),
            StatusCode::TOO_MANY_REQUESTS => Err(HttpError::Limited { retry_after: retry_after(&answer, now) }),
            _ if status.is_server_error() => {
                Err(HttpError::Server { status: status.as_u16(), retry_after: retry_after(&answer, now) })
            }
            _ if status.is_success() => self.read(answer).await.map(Some),
            _ => {
                let body = self.read(answer).await.unwrap_or_default();
                let text: String = String::from_utf8_lossy(&body).split_whitespace().collect::<Vec<_>>().join(" ");
                let text = text.chars().take(200).collect();
                Err(HttpError::Refused { status: status.as_u16(), text })
            }
        }
    }

    async fn read(&self, mut answer: Response) -> Result<Vec<u8>, HttpError> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > self.limits.most_bytes {
                return Err(HttpError::TooLarge(self.limits.most_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failed(&self, error: reqwest::Error) -> HttpError {
        let error = error.without_url();
        if error.is_timeout() {
            HttpError::Timeout(self.limits.total)
        } else if error.is_builder() {
            HttpError::Question(error)
        } else {
            HttpError::Connection(error)
        }
    }
}

/// What `Retry-After` says, or a header that Forecast.Solar has in its place.
fn retry_after(answer: &Response, now: Timestamp) -> Option<Duration> {
    let header = |name: HeaderName| answer.headers().get(name)?.to_str().ok();
    match header(RETRY_AFTER) {
        Some(text) => parse_retry_after(text, now),
        None => parse_retry_at(header(HeaderName::from_static("x-ratelimit-retry-at"))?, now),
    }
}

/// A time with an offset. One that is over says nothing.
fn parse_retry_at(text: &str, now: Timestamp) -> Option<Duration> {
    let until: Timestamp = text.trim().parse().ok()?;
    Duration::try_from(until.duration_since(now)).ok().map(|wait| wait.min(LONGEST_WAIT))
}

/// In seconds or as a date (RFC 9110, section 10.2.3).
fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let wait = match text.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::parse(text.trim()).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_seconds_or_a_date() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let seconds = |text: &str| parse_retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Tue, 24 Nov 2026 12:01:30 GMT"), Some(90));
        assert_eq!(seconds("Tue, 24 Nov 2026 11:00:00 GMT"), Some(0));
        assert_eq!(seconds("99999999999"), Some(86_400));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-5"), None);
    }

    #[test]
    fn until_when_to_wait_is_a_time_with_an_offset() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let seconds = |text: &str| parse_retry_at(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("2026-11-24T13:30:00+01:00"), Some(1_800));
        assert_eq!(seconds("2036-11-24T13:30:00+01:00"), Some(86_400));
        assert_eq!(seconds("2026-11-24T12:30:00+01:00"), None);
        assert_eq!(seconds("13:30"), None);
    }
}
