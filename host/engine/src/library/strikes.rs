//! Who failed how often, and who is not used for it. Pure.
//!
//! Three failures in a row put a version in quarantine: it is not used any more until there is a new
//! version or the owner pardons it. A success in between begins the count anew.
//!
//! | code | a strike | why |
//! |---|---|---|
//! | `trap`, `stack-overflow` | yes | it crashed |
//! | `out-of-fuel`, `memory-limit`, `answer-too-large` | yes | it took more than it may, and would on any machine |
//! | `out-of-time` | yes | it held up the tick; one busy moment of the machine is not three in a row |
//! | `invalid-answer` | yes | what it answered is not in the contract |
//! | `declined` | no, and no success | it may have no plan; that does not wipe out what it did before |
//! | `not-started` | no | this machine could start no instance |
//! | any other, such as `settings` or `not-loaded` | no | the owner's or the host's, not the strategy's |

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Roster, StrategyRef};
use serde::{Deserialize, Serialize};

use crate::text;

/// Strikes that begin a quarantine.
const OUT: u32 = 3;

/// Of a failure's message, so much is kept.
const MESSAGE_BYTES: usize = 2000;

/// Whether a failure with this code is the strategy's own.
pub(super) fn is_own_fault(code: &str) -> bool {
    let codes =
        ["trap", "stack-overflow", "out-of-fuel", "out-of-time", "memory-limit", "answer-too-large", "invalid-answer"];
    codes.contains(&code)
}

/// A version is not used because it failed three times in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// When it failed the third time.
    pub since: Timestamp,
    /// The code of that failure.
    pub code: String,
    /// Its message.
    pub message: String,
}

/// The failures in a row of one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Strikes {
    count: u32,
    /// Of the last one; once it is out, of the one that put it there.
    at: Timestamp,
    code: String,
    message: String,
}

impl Strikes {
    pub(crate) fn quarantine(&self) -> Option<Quarantine> {
        let Self { count, at, code, message } = self;
        (*count >= OUT).then(|| Quarantine { since: *at, code: code.clone(), message: message.clone() })
    }
}

/// The strikes of all versions that have some.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By hash.
    versions: BTreeMap<String, (String, Strikes)>,
}

impl Ledger {
    pub(super) fn new(known: impl IntoIterator<Item = (StrategyRef, Strikes)>) -> Self {
        let versions = known.into_iter().map(|(strategy, strikes)| (strategy.hash, (strategy.name, strikes)));
        Self { versions: versions.collect() }
    }

    /// Counts a failure. What is out already stays as it is: a call that was under way changes nothing.
    /// Gives the strikes, and whether they began a quarantine.
    pub(super) fn strike(
        &mut self,
        strategy: &StrategyRef,
        code: &str,
        message: &str,
        now: Timestamp,
    ) -> (Strikes, bool) {
        let before = self.versions.get(&strategy.hash).map(|(_, strikes)| strikes);
        if let Some(strikes) = before.filter(|strikes| strikes.count >= OUT) {
            return (strikes.clone(), false);
        }
        let strikes = Strikes {
            count: before.map_or(0, |strikes| strikes.count) + 1,
            at: now,
            code: code.to_owned(),
            message: text::cut(message.to_owned(), MESSAGE_BYTES),
        };
        self.versions.insert(strategy.hash.clone(), (strategy.name.clone(), strikes.clone()));
        let is_out = strikes.count >= OUT;
        (strikes, is_out)
    }

    /// Notes a success; whether there was something to forget. What is out stays out.
    pub(super) fn succeed(&mut self, hash: &str) -> bool {
        let has_some = self.versions.get(hash).is_some_and(|(_, strikes)| strikes.count < OUT);
        has_some && self.versions.remove(hash).is_some()
    }

    /// Forgets what was before the owner's pardon. Gives the hashes, each with whether it was out.
    pub(super) fn pardon(&mut self, roster: &Roster) -> Vec<(String, bool)> {
        let is_pardoned = |name: &str, strikes: &Strikes| {
            let pardoned_at = roster.members.get(name).and_then(|member| member.pardoned_at);
            pardoned_at.is_some_and(|pardoned_at| strikes.at < pardoned_at)
        };
        let pardoned: Vec<_> = self
            .versions
            .iter()
            .filter(|(_, (name, strikes))| is_pardoned(name, strikes))
            .map(|(hash, (_, strikes))| (hash.clone(), strikes.count >= OUT))
            .collect();
        for (hash, _) in &pardoned {
            self.versions.remove(hash);
        }
        pardoned
    }

    pub(super) fn quarantine(&self, hash: &str) -> Option<Quarantine> {
        self.versions.get(hash).and_then(|(_, strikes)| strikes.quarantine())
    }
}

#[cfg(test)]
mod tests;
