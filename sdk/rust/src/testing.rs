//! For tests on recorded snapshots: reads what the host prints.
//!
//! The host's JSON has the contract's fields in snake case, times as RFC 3339, commands tagged by `kind`,
//! and leaves out what is empty. `wattwright tick --json` prints such snapshots, and the journal keeps
//! them.

use jiff::Timestamp;
use serde::Deserialize;

use crate as wit;
use host::Convert;

mod host;

/// Why a recorded input could not be read.
#[derive(Debug)]
pub struct ReadError(serde_json::Error);

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "this is no snapshot or input as the host prints them")
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Reads a snapshot as the host prints it.
///
/// # Errors
///
/// Where the text is not JSON, or not a snapshot.
pub fn snapshot_from_json(json: &str) -> Result<wit::Snapshot, ReadError> {
    Ok(serde_json::from_str::<host::Snapshot>(json).map_err(ReadError)?.convert())
}

/// Reads an input: `{"snapshot": …, "settings": {…}}`, or a snapshot alone, which then has empty
/// settings. The memory of a recorded input is not read.
///
/// # Errors
///
/// Where the text is not JSON, or neither of them.
pub fn input_from_json(json: &str) -> Result<wit::Input, ReadError> {
    #[derive(Deserialize)]
    struct Recorded {
        snapshot: host::Snapshot,
        #[serde(default)]
        settings: serde_json::Map<String, serde_json::Value>,
    }
    let value: serde_json::Value = serde_json::from_str(json).map_err(ReadError)?;
    let recorded = if value.get("snapshot").is_some() {
        serde_json::from_value(value).map_err(ReadError)?
    } else {
        Recorded { snapshot: serde_json::from_value(value).map_err(ReadError)?, settings: serde_json::Map::new() }
    };
    Ok(wit::Input {
        snapshot: recorded.snapshot.convert(),
        settings: serde_json::Value::Object(recorded.settings).to_string(),
        memory: Vec::new(),
    })
}

/// Seconds of UTC; a time before 1970 becomes 0 and one after 2106 the last that fits.
fn instant(at: Timestamp) -> wit::Instant {
    u32::try_from(at.as_second().max(0)).unwrap_or(u32::MAX)
}
