//! Every version that was in use, by the hash of its file, for going back and for replay.
//!
//! ```text
//! <hash>.wasm   the file, checked against its name whenever it is read
//! <hash>.json   what is known of it: name, version, when it was seen and used, for which file it is the
//!               last good one, whether its trial was passed, its strikes
//! ```
//!
//! The folder is this program's own (0700) and every file in it is written whole or not at all. What is
//! damaged costs what was in it and nothing else: notes that cannot be read leave a component that is
//! still found by its hash, and a component that is not what its name says is deleted and reported.
//!
//! Changes of what is known are made in memory and written by [`Vault::flush`], so that noting one blocks
//! on no disk. Order is kept by a counter and not by the clock, which a small computer may set back.

mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use model::StrategyRef;

pub(crate) use self::record::Note;
use self::record::Record;
use crate::folder::{Folder, HALF};
use crate::library::{Quarantine, Strikes};
use crate::load;

/// How files of components end.
const COMPONENT: &str = ".wasm";

/// How files of notes end.
const NOTES: &str = ".json";

/// Notes that are larger are none of ours.
const NOTES_BYTES: usize = 64 << 10;

/// A component that is larger is none of ours.
const COMPONENT_BYTES: usize = 512 << 20;

/// What the smallest file takes on a disk.
const BLOCK_BYTES: u64 = 4096;

/// Versions that are kept at most, however small: all of their notes are held in memory.
const MOST_VERSIONS: usize = 1000;

/// Why a version cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The folder cannot be used.
    #[error("cannot keep versions of strategies: {0}")]
    Folder(String),
    /// It was never kept, or had to make room.
    #[error("no version with the hash {hash} is kept")]
    Unknown {
        /// Which one was asked for.
        hash: String,
    },
    /// It cannot be read.
    #[error("the kept version {hash} cannot be read")]
    Unreadable {
        /// Which one.
        hash: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not as it was written, and was deleted.
    #[error("the kept version {hash} was damaged and is dropped; put its file into the strategies folder again")]
    Damaged {
        /// Which one.
        hash: String,
    },
}

/// One kept version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it calls itself.
    pub name: String,
    /// Its version, in its own words.
    pub version: String,
    /// SHA-256 of its file, in hexadecimal.
    pub hash: String,
    /// Size of its file.
    pub size_bytes: u64,
    /// Name of the file that it first came from; `None`: it was shipped.
    pub file: Option<String>,
    /// When it was first in use.
    pub first_seen: Timestamp,
    /// When it came into use or went out of use last, the later of both.
    pub last_active: Timestamp,
    /// Whether, and since when, it is not used for its failures.
    pub quarantine: Option<Quarantine>,
}

struct Kept {
    bytes: u64,
    /// `None`: there is only the component, whose notes were lost.
    record: Option<Record>,
}

#[derive(Default)]
struct State {
    versions: BTreeMap<String, Kept>,
    /// Whose notes are to be written.
    changed: BTreeSet<String>,
    /// What came last.
    count: u64,
    /// Never dropped.
    keep: BTreeSet<String>,
}

impl State {
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn records(&self) -> impl Iterator<Item = (&String, u64, &Record)> {
        self.versions.iter().filter_map(|(hash, kept)| Some((hash, kept.bytes, kept.record.as_ref()?)))
    }

    fn record(&mut self, hash: &str) -> Option<&mut Record> {
        self.versions.get_mut(hash)?.record.as_mut()
    }

    fn last_good(&self, file: &str) -> Option<String> {
        let of_file = self.records().filter_map(|(hash, _, record)| Some((record.good_for.get(file)?, hash)));
        of_file.max().map(|(_, hash)| hash.clone())
    }

    /// Files that have a last good version.
    fn files(&self) -> BTreeSet<String> {
        self.records().flat_map(|(_, _, record)| record.good_for.keys().cloned()).collect()
    }

    fn forget(&mut self, file: &str) {
        let mut changed = Vec::new();
        for (hash, kept) in &mut self.versions {
            if kept.record.as_mut().is_some_and(|record| record.good_for.remove(file).is_some()) {
                changed.push(hash.clone());
            }
        }
        self.changed.extend(changed);
    }
}

/// The kept versions.
pub struct Vault {
    folder: Folder,
    limit_bytes: u64,
    state: Mutex<State>,
    /// Held while notes are written or versions are dropped, never while `state` is.
    writing: Mutex<()>,
}

impl Vault {
    /// Reads what is kept in a folder, which is made when it is missing, and changes nothing else there.
    /// `limit_bytes` for all components and notes together, in blocks of the disk.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or others can write to it. Damaged files are none.
    pub fn open(path: &Path, limit_bytes: u64) -> Result<Self, VaultError> {
        let folder = Folder::open(path).map_err(|error| VaultError::Folder(error.to_string()))?;
        let mut state = State::default();
        for file in folder.list() {
            let Some(hash) = file.name.strip_suffix(COMPONENT).filter(|hash| is_hash(hash)) else { continue };
            let record = read_record(&folder, hash);
            state.count = state.count.max(record.as_ref().map_or(0, Record::newest));
            state.versions.insert(hash.to_owned(), Kept { bytes: file.bytes, record });
        }
        Ok(Self { folder, limit_bytes, state: Mutex::new(state), writing: Mutex::new(()) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept versions of a strategy, newest first.
    pub fn versions(&self, name: &str) -> Vec<Version> {
        let state = self.state();
        let mut of_name: Vec<_> = state.records().filter(|(_, _, record)| record.name == name).collect();
        of_name.sort_by_key(|(_, _, record)| std::cmp::Reverse(record.seen));
        of_name.into_iter().map(|(hash, bytes, record)| record.version(hash, bytes)).collect()
    }

    /// The version to go back to from the one with this hash: the newest of those that came before it and
    /// are not in quarantine. So from C to B, and from B to A. From one that is not kept, to the newest.
    pub fn before(&self, name: &str, hash: &str) -> Option<Version> {
        let versions = self.versions(name);
        let at = versions.iter().position(|version| version.hash == hash).map_or(0, |at| at + 1);
        versions.into_iter().skip(at).find(|version| version.quarantine.is_none())
    }

    /// A version's file.
    ///
    /// # Errors
    /// When it is not kept, cannot be read, or is not what it was.
    pub fn bytes(&self, hash: &str) -> Result<Vec<u8>, VaultError> {
        let unknown = || VaultError::Unknown { hash: hash.to_owned() };
        if !is_hash(hash) {
            return Err(unknown());
        }
        let read = self.folder.read(&component(hash), COMPONENT_BYTES);
        let read = read.map_err(|source| VaultError::Unreadable { hash: hash.to_owned(), source })?;
        let Some(bytes) = read else {
            self.state().versions.remove(hash);
            return Err(unknown());
        };
        if load::hash(&bytes) != hash {
            tracing::warn!(folder = %self.folder, hash, "kept versions: one is damaged and is dropped");
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            self.state().versions.remove(hash);
            self.remove(hash);
            return Err(VaultError::Damaged { hash: hash.to_owned() });
        }
        Ok(bytes)
    }

    /// These are never dropped, in the place of those that were named before.
    pub(crate) fn keep(&self, hashes: BTreeSet<String>) {
        self.state().keep = hashes;
    }

    /// Keeps a version that comes into use. Writes its file unless it is there. When it cannot be written,
    /// the version goes without.
    pub(crate) fn put(&self, strategy: &StrategyRef, bytes: &[u8], file: Option<&str>) {
        let hash = &strategy.hash;
        let size = bytes.len() as u64;
        let is_known = self.state().versions.get(hash).is_some_and(|kept| kept.bytes == size);
        let is_there = is_known && self.folder.has(&component(hash));
        if !is_there && let Err(error) = self.folder.write(&component(hash), bytes) {
            let StrategyRef { name, version, .. } = strategy;
            tracing::warn!(folder = %self.folder, name, version, "kept versions: one cannot be kept: {error}");
            return;
        }
        let mut state = self.state();
        let count = state.next();
        let kept = state.versions.entry(hash.clone()).or_insert(Kept { bytes: size, record: None });
        kept.bytes = size;
        kept.record.get_or_insert_with(|| Record::new(strategy, file, count));
        state.changed.insert(hash.clone());
    }

    /// Notes something of a version; of one that is not kept, nothing.
    pub(crate) fn note(&self, hash: &str, note: Note<'_>) {
        let mut state = self.state();
        // Before anything else: while the newest cannot be kept, the last good one of before is still that.
        if state.record(hash).is_none() {
            return;
        }
        let count = state.next();
        if let Note::GoodFor(file) = note {
            let before = state.last_good(file);
            if let Some(record) = before.and_then(|before| state.record(&before)) {
                record.used_at(count);
            }
            state.forget(file);
        }
        if let Some(record) = state.record(hash) {
            record.note(note, count);
            state.changed.insert(hash.to_owned());
        }
    }

    /// Whether its trial was passed once.
    pub(crate) fn is_tried(&self, hash: &str) -> bool {
        self.state().record(hash).is_some_and(|record| record.tried)
    }

    /// The last good version of a file in the strategies folder.
    pub(crate) fn last_good(&self, file: &str) -> Option<String> {
        self.state().last_good(file)
    }

    /// A file is gone, and with it its last good version.
    pub(crate) fn forget(&self, file: &str) {
        self.state().forget(file);
    }

    /// Only these files are there.
    pub(crate) fn forget_all_but(&self, files: &BTreeSet<String>) {
        let mut state = self.state();
        for file in state.files().difference(files) {
            state.forget(file);
        }
    }

    /// The strikes of all versions that have some, with their names.
    pub(crate) fn strikes(&self) -> Vec<(StrategyRef, Strikes)> {
        let state = self.state();
        state.records().filter_map(|(hash, _, r)| Some((r.reference(hash), r.strikes.clone()?))).collect()
    }

    /// Writes the notes that changed. What cannot be written is said, and tried again with the next change.
    pub(crate) fn flush(&self) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed: Vec<_> = {
            let mut state = self.state();
            let changed = std::mem::take(&mut state.changed);
            changed.into_iter().filter_map(|hash| Some((state.record(&hash)?.clone(), hash))).collect()
        };
        for (record, hash) in changed {
            let written = serde_json::to_vec(&record)
                .map_err(std::io::Error::from)
                .and_then(|text| self.folder.write(&notes(&hash), &text));
            if let Err(error) = written {
                tracing::warn!(folder = %self.folder, hash, "kept versions: notes cannot be written: {error}");
                self.state().changed.insert(hash);
            }
        }
    }

    /// Deletes what crashes left.
    pub(crate) fn tidy(&self) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        for file in self.folder.list() {
            let orphan = file.name.strip_suffix(NOTES).filter(|hash| is_hash(hash));
            let is_orphan = orphan.is_some_and(|hash| !self.folder.has(&component(hash)));
            if is_orphan || file.name.ends_with(HALF) {
                self.folder.remove(&file.name);
            }
        }
    }

    /// Drops what was not used for longest until the rest is within limits. Never: what is in use, the last
    /// good version of a file, and what is to be kept.
    pub(crate) fn prune(&self, in_use: &BTreeSet<String>) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (dropped, total) = self.take_surplus(in_use);
        for hash in &dropped {
            self.remove(hash);
        }
        if !dropped.is_empty() {
            tracing::info!(folder = %self.folder, count = dropped.len(), "kept versions: the oldest made room");
        }
        if total > self.limit_bytes {
            let limit = self.limit_bytes;
            tracing::warn!(folder = %self.folder, "kept versions: those that must stay take {total} bytes, the limit is {limit}");
        }
    }

    /// What is to be deleted, and what the rest takes.
    fn take_surplus(&self, in_use: &BTreeSet<String>) -> (Vec<String>, u64) {
        let mut state = self.state();
        let mut total: u64 = state.versions.values().map(|kept| on_disk(kept.bytes)).sum();
        let mut count = state.versions.len();
        if total <= self.limit_bytes && count <= MOST_VERSIONS {
            return (Vec::new(), total);
        }
        let last_good: BTreeSet<_> = state.files().iter().filter_map(|file| state.last_good(file)).collect();
        let spared = |hash: &String| in_use.contains(hash) || last_good.contains(hash) || state.keep.contains(hash);
        let used = |kept: &Kept| kept.record.as_ref().map(|record| record.used);
        let mut candidates: Vec<_> = state.versions.iter().filter(|(hash, _)| !spared(hash)).collect();
        candidates.sort_by_key(|(_, kept)| used(kept));
        let mut dropped = Vec::new();
        for (hash, kept) in candidates {
            if total <= self.limit_bytes && count <= MOST_VERSIONS {
                break;
            }
            total -= on_disk(kept.bytes);
            count -= 1;
            dropped.push(hash.clone());
        }
        for hash in &dropped {
            state.versions.remove(hash);
        }
        (dropped, total)
    }

    /// The component first: notes without one are deleted when the vault is used the next time.
    fn remove(&self, hash: &str) {
        self.folder.remove(&component(hash));
        self.folder.remove(&notes(hash));
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}

fn component(hash: &str) -> String {
    format!("{hash}{COMPONENT}")
}

fn notes(hash: &str) -> String {
    format!("{hash}{NOTES}")
}

/// What a version takes with its notes.
fn on_disk(component_bytes: u64) -> u64 {
    component_bytes.next_multiple_of(BLOCK_BYTES) + BLOCK_BYTES
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn read_record(folder: &Folder, hash: &str) -> Option<Record> {
    let why = match folder.read(&notes(hash), NOTES_BYTES) {
        Ok(Some(text)) => match serde_json::from_slice::<Record>(&text) {
            Ok(record) if record.is_plausible() => return Some(record),
            Ok(_) => "they are no notes on a strategy".to_owned(),
            Err(error) => error.to_string(),
        },
        Ok(None) => "there are none".to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(folder = %folder, hash, "kept versions: notes are lost, the component is found by its hash only: {why}");
    None
}

#[cfg(test)]
mod tests;
