//! What the owner does by hand: overrides and a pause. Each has an end.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Action, Command, Reason, TargetId};

/// Under this name the owner stands where else a strategy does. No strategy can have it, since it is no valid
/// id (see [`crate::is_valid_id`]).
pub const OWNER: &str = "the owner";

/// An override or a pause lasts no longer: what was forgotten must not stay for ever.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A command that the owner gave by hand: it beats every strategy, and passes the same guard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Override {
    /// What the target is told.
    pub command: Command,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// No strategy is heard: every target is given back its settings from before, but for those that the owner
/// overrides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pause {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

/// All that the owner does by hand now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Hand {
    /// By target.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<TargetId, Override>,
    /// `None`: strategies are heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
}

impl Hand {
    /// What of it has not ended. One that seems to have been given in the future ends as well when it would last
    /// too long: the clock was set back.
    pub fn at(&self, now: Timestamp) -> Self {
        let lasts = |until: Timestamp| until > now && until.duration_since(now).unsigned_abs() <= LONGEST;
        Self {
            overrides: self
                .overrides
                .iter()
                .filter(|(_, o)| lasts(o.until))
                .map(|(t, o)| (t.clone(), o.clone()))
                .collect(),
            pause: self.pause.filter(|pause| lasts(pause.until)),
        }
    }

    /// The overrides as actions, judged like a strategy's.
    pub fn actions(&self) -> Vec<Action> {
        let action = |(target, given): (&TargetId, &Override)| Action {
            target: target.clone(),
            command: given.command.clone(),
            reason: Reason { code: "override".into(), text: "You said so by hand".into(), facts: Vec::new() },
            until: Some(given.until),
        };
        self.overrides.iter().map(action).collect()
    }

    /// Whether nothing is done by hand.
    pub fn is_empty(&self) -> bool {
        self.overrides.is_empty() && self.pause.is_none()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn each_ends_by_itself() {
        let since = Timestamp::from_second(1_800_000_000).unwrap();
        let after = |hours| since + SignedDuration::from_hours(hours);
        let given = |hours| Override { command: Command::Hold, since, until: after(hours) };
        let hand = Hand {
            overrides: [("a".into(), given(1)), ("b".into(), given(3))].into(),
            pause: Some(Pause { since, until: after(2) }),
        };
        assert_eq!(hand.at(since), hand);
        let later = hand.at(after(2));
        assert_eq!((later.overrides.keys().collect::<Vec<_>>(), later.pause), (vec![&"b".to_owned()], None));
        assert_eq!(later.actions()[0].until, Some(after(3)));
        assert!(hand.at(after(3)).is_empty());
        // The clock was set back by two days.
        assert!(hand.at(after(-48)).is_empty());
    }
}
