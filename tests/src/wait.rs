//! Waiting for something to come true.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const PAUSE: Duration = Duration::from_millis(200);

/// Asks `check` until it succeeds, at most for `within`. Its error says what is still missing; the last
/// one is shown when the time is over.
///
/// # Errors
///
/// The last error of `check`.
pub async fn until<T>(what: &str, within: Duration, mut check: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        match check().await {
            Ok(value) => return Ok(value),
            Err(error) if started.elapsed() > within => {
                return Err(error).with_context(|| format!("not within {} s: {what}", within.as_secs()));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Seconds as a duration.
pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
