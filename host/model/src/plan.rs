//! What a strategy answers. Field by field the same as in `wit/0.2.0/strategy.wit`, which has the
//! full text.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Command, CommandKind, TargetId};

/// A number that decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// For instance `import-price-now`.
    pub name: String,
    /// Finite.
    pub value: f64,
    /// For instance `EUR/kWh`.
    pub unit: String,
}

/// Why something is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Stable, for machines: `charge-cheap`.
    pub code: String,
    /// One sentence with the numbers.
    pub text: String,
    /// The numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// One thing to be done now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// Battery or device.
    pub target: TargetId,
    /// What it is told.
    pub command: Command,
    /// Why.
    pub reason: Reason,
    /// When the strategy expects to end it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// What is expected of one target in one slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expectation {
    /// Battery or device.
    pub target: TargetId,
    /// What it will be told.
    pub command: Command,
    /// Mean; discharge positive, charge negative, device use positive.
    pub power_w: Option<f64>,
    /// At the end of the slot.
    pub soc_pct: Option<f64>,
    /// Why.
    pub reason: Reason,
}

/// What is expected of one slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OutlookSlot {
    /// First instant of the slot.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// First instant after it.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Mean; import positive, export negative.
    pub grid_w: Option<f64>,
    /// One for each target.
    pub targets: Vec<Expectation>,
}

/// A strategy's answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// What to do now.
    pub actions: Vec<Action>,
    /// What is expected ahead, in order of time.
    pub outlook: Vec<OutlookSlot>,
    /// One sentence.
    pub summary: String,
    /// Figures of the whole plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Fact>,
    /// Given back next time, at most 64 KiB. Base64 in JSON.
    #[serde(default, with = "base64_bytes", skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = String)]
    pub memory: Vec<u8>,
}

/// What a strategy says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Description {
    /// Unique on this machine, see [`crate::is_valid_id`].
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Who wrote it.
    pub author: String,
    /// What it does.
    pub summary: String,
    /// JSON Schema of its settings.
    #[schema(value_type = Object)]
    pub settings_schema: serde_json::Value,
    /// All that it may ever command.
    pub commands: BTreeSet<CommandKind>,
}

/// Bytes as Base64 text (RFC 4648, with padding).
pub(crate) mod base64_bytes {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        BASE64_STANDARD.decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}
