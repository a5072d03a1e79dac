//! Which strategy counts for which name. Pure.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Entry, Origin, State};
use crate::Strategy;

/// What came from one origin.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) origin: Origin,
    /// The last good version, and when it was loaded.
    pub(super) good: Option<(Arc<Strategy>, Timestamp)>,
    /// Why the newest is not in use.
    pub(super) error: Option<String>,
    /// Hash of the newest, as far as it could be read.
    pub(super) newest: Option<String>,
}

impl Held {
    /// Just loaded.
    pub(super) fn good(origin: Origin, strategy: Strategy) -> Self {
        let newest = Some(strategy.hash().to_owned());
        Self { origin, good: Some((Arc::new(strategy), Timestamp::now())), error: None, newest }
    }

    /// The last good version, in the place of a newest that is not known yet or no good.
    pub(super) fn stand_in(&mut self, strategy: Strategy) {
        self.good = Some((Arc::new(strategy), Timestamp::now()));
    }

    fn name(&self) -> String {
        match (&self.good, &self.origin) {
            (Some((strategy, _)), _) => strategy.description().name.clone(),
            (None, Origin::File(path)) => stem(path),
            (None, Origin::Shipped) => String::new(),
        }
    }

    fn entry(&self) -> Entry {
        Entry {
            name: self.name(),
            origin: self.origin.clone(),
            strategy: self.good.as_ref().map(|(strategy, _)| strategy.clone()),
            state: if self.good.is_some() { State::InUse } else { State::NotLoaded },
            error: self.error.clone(),
            loaded_at: self.good.as_ref().map(|(_, at)| *at),
            newest_hash: self.newest.clone(),
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// An immutable view of all strategies, quarantine aside.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    entries: Vec<Entry>,
}

impl Shelf {
    /// Decides which counts. `files` in order of precedence.
    pub(super) fn new<'a>(shipped: &[Held], files: impl IntoIterator<Item = &'a Held>) -> Self {
        let mut counting: BTreeMap<String, Entry> =
            shipped.iter().map(Held::entry).map(|entry| (entry.name.clone(), entry)).collect();
        let mut others = Vec::new();
        for held in files {
            let mut entry = held.entry();
            if entry.strategy.is_none() {
                others.push(entry);
                continue;
            }
            match counting.entry(entry.name.clone()) {
                Vacant(place) => {
                    place.insert(entry);
                }
                Occupied(mut place) => match &place.get().origin {
                    Origin::Shipped => {
                        place.insert(entry);
                    }
                    Origin::File(first) => {
                        entry.error = Some(format!(
                            "its name `{}` is taken by {}; remove one of the two files",
                            entry.name,
                            first.display()
                        ));
                        entry.strategy = None;
                        entry.state = State::NotLoaded;
                        entry.loaded_at = None;
                        others.push(entry);
                    }
                },
            }
        }
        let mut entries: Vec<_> = counting.into_values().chain(others).collect();
        entries.sort_by(|a, b| (&a.name, a.strategy.is_none()).cmp(&(&b.name, b.strategy.is_none())));
        Self { entries }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn current(&self, name: &str) -> Option<Arc<Strategy>> {
        self.entries.iter().find(|entry| entry.name == name).and_then(|entry| entry.strategy.clone())
    }
}
