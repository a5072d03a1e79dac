//! What the owner lets which strategy do.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{TargetId, Terms};

/// What a strategy may do, within the limits that hold for all. The guard enforces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grant {
    /// Batteries and devices that it may command; `None`: all.
    pub targets: Option<BTreeSet<TargetId>>,
    /// Whether it may charge a battery from the grid, and not only with what the home has to spare.
    pub grid_charging: bool,
    /// Whether a battery may discharge more than the home uses.
    pub export: bool,
    /// Most that it may charge or discharge each battery with, watt at the bus; `None`: what the battery may.
    pub max_power_w: Option<f64>,
}

impl Default for Grant {
    fn default() -> Self {
        Self { targets: None, grid_charging: true, export: true, max_power_w: None }
    }
}

impl Grant {
    /// Whether it may command this target at all.
    pub fn covers(&self, target: &str) -> bool {
        self.targets.as_ref().is_none_or(|targets| targets.contains(target))
    }
}

/// What one call of a strategy may use, where it differs from what all may.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Allowance {
    /// WebAssembly instructions, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Wall clock, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_s: Option<f64>,
    /// All linear memories together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// What the owner said of one strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Member {
    /// Its settings as far as they differ from its defaults.
    #[schema(value_type = Object)]
    pub settings: serde_json::Value,
    /// What it may do.
    pub grant: Grant,
    /// What a call may use.
    pub allowance: Allowance,
    /// A quarantine that began before this is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub pardoned_at: Option<Timestamp>,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            settings: serde_json::Value::Object(serde_json::Map::new()),
            grant: Grant::default(),
            allowance: Allowance::default(),
            pardoned_at: None,
        }
    }
}

/// Which strategies decide, and which are only looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Roster {
    /// Active: asked in this order; the first that has an action for a target decides it.
    pub active: Vec<String>,
    /// Asked on the side; their plans are recorded and not carried out. None is active as well.
    pub shadows: Vec<String>,
    /// By name; a strategy that is missing here has the defaults.
    pub members: BTreeMap<String, Member>,
}

impl Roster {
    /// What the owner said of a strategy.
    pub fn member(&self, name: &str) -> Member {
        self.members.get(name).cloned().unwrap_or_default()
    }

    /// What the owner lets a strategy do.
    pub fn terms(&self, name: &str) -> Terms {
        let member = self.member(name);
        Terms { grant: member.grant, allowance: member.allowance }
    }
}
