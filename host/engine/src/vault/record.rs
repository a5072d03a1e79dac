//! What is known of a kept version.

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::StrategyRef;
use serde::{Deserialize, Serialize};

use super::Version;
use crate::library::Strikes;

/// The notes on one version. What a later program adds, an earlier one passes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) name: String,
    version: String,
    /// Where it first came from; `None`: shipped.
    #[serde(default)]
    file: Option<String>,
    first_seen: Timestamp,
    last_active: Timestamp,
    /// The vault's count when it was first seen, and when it was used last.
    pub(super) seen: u64,
    pub(super) used: u64,
    /// Files whose last good version it is, with the count of when it became that.
    #[serde(default)]
    pub(super) good_for: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) tried: bool,
    #[serde(default)]
    pub(super) strikes: Option<Strikes>,
}

/// Something to be noted.
pub(crate) enum Note<'a> {
    /// It is shipped and in use.
    Shipped,
    /// It is what this file gave last, and in use.
    GoodFor(&'a str),
    /// It passed its trial.
    Tried,
    /// It has these strikes now.
    Strikes(Option<Strikes>),
}

impl Record {
    pub(super) fn new(strategy: &StrategyRef, file: Option<&str>, count: u64) -> Self {
        let now = Timestamp::now();
        Self {
            name: strategy.name.clone(),
            version: strategy.version.clone(),
            file: file.map(str::to_owned),
            first_seen: now,
            last_active: now,
            seen: count,
            used: count,
            good_for: BTreeMap::new(),
            tried: false,
            strikes: None,
        }
    }

    pub(super) fn used_at(&mut self, count: u64) {
        self.used = count;
        self.last_active = Timestamp::now();
    }

    pub(super) fn note(&mut self, note: Note<'_>, count: u64) {
        match note {
            Note::Shipped => self.used_at(count),
            Note::GoodFor(file) => {
                self.used_at(count);
                self.good_for.insert(file.to_owned(), count);
            }
            Note::Tried => self.tried = true,
            Note::Strikes(strikes) => self.strikes = strikes,
        }
    }

    /// The highest count in it.
    pub(super) fn newest(&self) -> u64 {
        self.good_for.values().copied().fold(self.seen.max(self.used), u64::max)
    }

    pub(super) fn is_plausible(&self) -> bool {
        model::is_valid_id(&self.name) && self.newest() < u64::MAX / 2
    }

    pub(super) fn reference(&self, hash: &str) -> StrategyRef {
        StrategyRef { name: self.name.clone(), version: self.version.clone(), hash: hash.to_owned() }
    }

    pub(super) fn version(&self, hash: &str, size_bytes: u64) -> Version {
        Version {
            name: self.name.clone(),
            version: self.version.clone(),
            hash: hash.to_owned(),
            size_bytes,
            file: self.file.clone(),
            first_seen: self.first_seen,
            last_active: self.last_active,
            quarantine: self.strikes.as_ref().and_then(Strikes::quarantine),
        }
    }
}
