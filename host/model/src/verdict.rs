//! What the guard says of an action.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Command, TargetId};

/// The guard's rules, by the names under which they are shown. Their text, defaults and sources stand
/// with the functions in the guard crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A number is not finite.
    Finite,
    /// No such battery or device.
    UnknownTarget,
    /// The target cannot do this.
    Capability,
    /// The strategy never said that it would command this.
    Undeclared,
    /// The owner does not let this strategy do this.
    Grant,
    /// A second command for the same target in one plan.
    Duplicate,
    /// An override by hand that has no end, or a wrong one.
    OverrideEnd,
    /// The link to the home is down or not in step.
    Link,
    /// The battery calibrates itself, or another controller is in charge of it.
    Taken,
    /// The clocks of this machine and the home disagree.
    ClockSkew,
    /// The reading that the command depends on is unknown.
    UnknownReading,
    /// The reading that the command depends on is too old.
    StaleReading,
    /// The reading that the command depends on cannot be true.
    ImplausibleReading,
    /// The battery is at its lower limit.
    SocFloor,
    /// The battery is at what is kept for an outage.
    OutageReserve,
    /// The battery is at its upper limit.
    SocCeiling,
    /// More than the battery may charge with.
    ChargePower,
    /// More than the battery may discharge with.
    DischargePower,
    /// More would be imported than is allowed from outside.
    ExternalLimit,
    /// The grid connection would be overloaded.
    GridImportLimit,
    /// A phase of the connection would be overloaded, or nobody knows.
    PhaseCurrent,
    /// More would be fed in than allowed.
    FeedInLimit,
    /// It would feed what batteries are not for.
    NotFromBattery,
    /// A power or level below zero or outside its range.
    Range,
    /// A larger step of power than is good for the device.
    Ramp,
    /// No multiple of the device's step.
    Step,
    /// It draws power and must not be cut off.
    InUse,
    /// Too soon after the last change of direction or switching.
    Dwell,
    /// Its relay turned too often within a day.
    SwitchBudget,
    /// Too soon after the last write.
    WriteInterval,
    /// Written to too often within a day.
    WriteBudget,
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// As proposed.
    Accepted,
    /// With other values, or another command.
    Adjusted,
    /// Not at all.
    Refused,
}

/// What one rule found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// One sentence with the value and the limit.
    pub text: String,
    /// What the rule saw.
    pub from: Command,
    /// What it made of it; `None`: refused.
    pub to: Option<Command>,
}

/// What the guard says of one action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// Battery or device.
    pub target: TargetId,
    /// Name of the strategy whose action it is; `None`: the guard's own, or recorded by a version before
    /// several strategies could decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What became of it.
    pub decision: Decision,
    /// What the strategy said.
    pub proposed: Command,
    /// What may be carried out; `None`: refused.
    pub approved: Option<Command>,
    /// The rules that changed or refused it, in order; empty when accepted.
    pub findings: Vec<Finding>,
}

impl Rule {
    /// The name under which it is shown, such as `soc-floor`.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Finite => "finite",
            Rule::UnknownTarget => "unknown-target",
            Rule::Capability => "capability",
            Rule::Undeclared => "undeclared",
            Rule::Grant => "grant",
            Rule::Duplicate => "duplicate",
            Rule::OverrideEnd => "override-end",
            Rule::Link => "link",
            Rule::Taken => "taken",
            Rule::ClockSkew => "clock-skew",
            Rule::UnknownReading => "unknown-reading",
            Rule::StaleReading => "stale-reading",
            Rule::ImplausibleReading => "implausible-reading",
            Rule::SocFloor => "soc-floor",
            Rule::OutageReserve => "outage-reserve",
            Rule::SocCeiling => "soc-ceiling",
            Rule::ChargePower => "charge-power",
            Rule::DischargePower => "discharge-power",
            Rule::ExternalLimit => "external-limit",
            Rule::GridImportLimit => "grid-import-limit",
            Rule::PhaseCurrent => "phase-current",
            Rule::FeedInLimit => "feed-in-limit",
            Rule::NotFromBattery => "not-from-battery",
            Rule::Range => "range",
            Rule::Ramp => "ramp",
            Rule::Step => "step",
            Rule::InUse => "in-use",
            Rule::Dwell => "dwell",
            Rule::SwitchBudget => "switch-budget",
            Rule::WriteInterval => "write-interval",
            Rule::WriteBudget => "write-budget",
        }
    }
}
