//! The thread that follows the folder.
//!
//! Events of the system only say when to look. What is done follows from what is found: each file has a
//! fingerprint, and a file whose fingerprint is not the one that was loaded is read when it has stayed the
//! same for a while. Half-written files, replacements by rename, symbolic links, removals and lost events
//! all come down to that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::files::{self, Fingerprint};
use super::intake::{Intake, Refusal};
use super::shelf::{Held, Shelf};
use super::{Origin, Pace, Shared};
use crate::load;

/// Files that are taken at most; each costs memory once it is compiled.
const MAX_FILES: usize = 64;

/// What wakes the thread.
pub(super) enum Wake {
    /// These files may have changed.
    Touched(Vec<PathBuf>),
    /// The library is gone.
    Stop,
}

/// A file that was read.
struct Known {
    held: Held,
    /// As it was when it was read; `None`: something may have happened since.
    fingerprint: Option<Fingerprint>,
    /// What was read last may do another time.
    may_pass: bool,
}

impl Known {
    fn new(path: &Path) -> Self {
        let held = Held { origin: Origin::File(path.to_owned()), good: None, error: None, newest: None };
        Self { held, fingerprint: None, may_pass: false }
    }
}

/// A file that is not as it was loaded, and since when it has been as it is.
struct Settling {
    found: Option<Fingerprint>,
    since: Instant,
}

pub(super) struct Keeper {
    intake: Intake,
    folder: PathBuf,
    shipped: Vec<Held>,
    pace: Pace,
    shared: Arc<Shared>,
    wake: Sender<Wake>,
    watcher: Option<RecommendedWatcher>,
    watched_at: Instant,
    files: BTreeMap<PathBuf, Known>,
    settling: BTreeMap<PathBuf, Settling>,
    /// What was said last of the folder's state, so that it is said once.
    said: Option<String>,
}

impl Keeper {
    pub(super) fn new(
        intake: Intake,
        folder: PathBuf,
        shipped: Vec<Held>,
        pace: Pace,
        shared: Arc<Shared>,
        wake: Sender<Wake>,
    ) -> Self {
        Self {
            intake,
            folder,
            shipped,
            pace,
            shared,
            wake,
            watcher: None,
            watched_at: Instant::now(),
            files: BTreeMap::new(),
            settling: BTreeMap::new(),
            said: None,
        }
    }

    /// Watches the folder and loads what is there without waiting for it to settle: first what need not
    /// be compiled, so that it does not wait for a file that takes long. For a file that has to be
    /// compiled, its last good version stands in meanwhile.
    pub(super) fn begin(&mut self) {
        self.publish();
        self.watch();
        let Some(found) = self.list() else { return };
        self.intake.forget_all_but(&found.keys().map(|path| files::name(path)).collect());
        let engine = &self.intake.engine;
        let hash = |path: &Path| engine.read(path).ok().map(|bytes| load::hash(&bytes));
        let found = found.into_iter().map(|(path, fingerprint)| (hash(&path), path, fingerprint));
        let is_cached = |hash: &Option<String>| hash.as_ref().is_some_and(|hash| engine.has_cached(hash));
        let (quick, slow): (Vec<_>, Vec<_>) = found.partition(|(hash, ..)| is_cached(hash));
        for (path, fingerprint) in quick.into_iter().map(|(_, path, fingerprint)| (path, fingerprint)) {
            if self.read(&path, fingerprint) {
                self.publish();
            }
        }
        for (hash, path, _) in &slow {
            if let Some(strategy) = self.intake.last_good_at_hand(&files::name(path), hash.as_deref()) {
                self.known(path).held.stand_in(strategy);
                self.publish();
            }
        }
        for (path, fingerprint) in slow.into_iter().map(|(_, path, fingerprint)| (path, fingerprint)) {
            if self.read(&path, fingerprint) {
                self.publish();
            }
        }
        self.intake.prune(&self.in_use());
    }

    pub(super) fn run(mut self, woken: &Receiver<Wake>) {
        loop {
            let mut next = woken.recv_timeout(self.pause()).ok();
            while let Some(wake) = next {
                match wake {
                    Wake::Stop => return,
                    Wake::Touched(paths) => self.doubt(&paths),
                }
                next = woken.try_recv().ok();
            }
            if self.watched_at.elapsed() >= self.pace.rescan {
                self.watch();
            }
            self.look(Instant::now());
        }
    }

    /// Until when nothing happens without an event.
    fn pause(&self) -> Duration {
        let settled = self.settling.values().map(|settling| settling.since + self.pace.settle).min();
        let pause = settled.map_or(self.pace.rescan, |at| at.saturating_duration_since(Instant::now()));
        pause.min(self.pace.rescan)
    }

    /// Begins to watch the folder that is there now, which need not be the one of before.
    fn watch(&mut self) {
        self.watched_at = Instant::now();
        let wake = self.wake.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Some(paths) = files::touched(event) {
                // It fails when the thread is about to end.
                let _ = wake.send(Wake::Touched(paths));
            }
        })
        .and_then(|mut watcher| {
            watcher.watch(&self.folder, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        match watcher {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => {
                self.watcher = None;
                let seconds = self.pace.rescan.as_secs_f64();
                self.say(format!("the system tells nothing of changes, looking every {seconds} s instead: {error}"));
            }
        }
    }

    fn say(&mut self, text: String) {
        if self.said.as_ref() != Some(&text) {
            tracing::warn!(folder = %self.folder.display(), "strategies folder: {text}");
            self.said = Some(text);
        }
    }

    /// The strategy files that are there; `None` when the folder is not: then all goes on from memory.
    fn list(&mut self) -> Option<BTreeMap<PathBuf, Fingerprint>> {
        let mut found = match files::list(&self.folder) {
            Ok(found) => found,
            Err(error) => {
                self.say(format!("cannot be read, what is loaded stays: {error}"));
                return None;
            }
        };
        if let Some(beyond) = found.keys().nth(MAX_FILES).cloned() {
            let count = found.len();
            self.say(format!("has {count} strategies, only the first {MAX_FILES} are taken"));
            found.split_off(&beyond);
        }
        Some(found)
    }

    /// Forgets how these files were, so that they are read again.
    fn doubt(&mut self, paths: &[PathBuf]) {
        for path in paths {
            if let Some(known) = self.files.get_mut(path) {
                known.fingerprint = None;
            }
        }
    }

    /// Compares what is there with what was loaded; reads and forgets what has settled.
    fn look(&mut self, now: Instant) {
        let Some(found) = self.list() else {
            self.settling.clear();
            return;
        };
        let paths: BTreeSet<_> = found.keys().chain(self.files.keys()).cloned().collect();
        self.settling.retain(|path, _| paths.contains(path));
        // What goes goes last: a file that got another name is there under the new one first.
        let (there, gone): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| found.contains_key(path));
        for path in there.into_iter().chain(gone) {
            let there = found.get(&path).copied();
            let is_as_loaded = self.files.get(&path).is_some_and(|known| there.is_some() && known.fingerprint == there);
            if is_as_loaded {
                self.settling.remove(&path);
                continue;
            }
            let settling = self.settling.entry(path.clone()).or_insert(Settling { found: there, since: now });
            if settling.found != there {
                *settling = Settling { found: there, since: now };
            }
            if now.duration_since(settling.since) < self.pace.settle {
                continue;
            }
            self.settling.remove(&path);
            let changed = match there {
                Some(fingerprint) => self.read(&path, fingerprint),
                None => self.remove(&path),
            };
            // At once, since the next file may take long to compile.
            if changed {
                self.publish();
                self.intake.prune(&self.in_use());
            }
        }
    }

    fn known(&mut self, path: &Path) -> &mut Known {
        self.files.entry(path.to_owned()).or_insert_with(|| Known::new(path))
    }

    fn remove(&mut self, path: &Path) -> bool {
        self.intake.forget(&files::name(path));
        self.files.remove(path).is_some()
    }

    /// Reads a file once, and takes in these bytes when they are new. Whether anything changed.
    fn read(&mut self, path: &Path, fingerprint: Fingerprint) -> bool {
        let known = self.files.entry(path.to_owned()).or_insert_with(|| Known::new(path));
        known.fingerprint = Some(fingerprint);
        let file = files::name(path);
        let bytes = match self.intake.engine.read(path) {
            Ok(bytes) => bytes,
            Err(error) => return known.refuse(error.into(), None, &self.intake, &file),
        };
        let hash = load::hash(&bytes);
        if known.held.newest.as_ref() == Some(&hash) && !known.may_pass {
            return false;
        }
        if known.held.good.as_ref().is_some_and(|(strategy, _)| strategy.hash() == hash) {
            known.may_pass = false;
            known.held.newest = Some(hash);
            return known.held.error.take().is_some();
        }
        match self.intake.load(&bytes) {
            Ok(strategy) => {
                let reference = strategy.reference();
                tracing::info!(file = %path.display(), name = reference.name, version = reference.version, "strategy loaded");
                self.intake.keep(&strategy, &bytes, &file);
                known.may_pass = false;
                known.held = Held::good(known.held.origin.clone(), strategy);
                true
            }
            Err(refusal) => known.refuse(refusal, Some(hash), &self.intake, &file),
        }
    }

    /// Hashes of all that is loaded.
    fn in_use(&self) -> BTreeSet<String> {
        let held = self.shipped.iter().chain(self.files.values().map(|known| &known.held));
        held.filter_map(|held| Some(held.good.as_ref()?.0.hash().to_owned())).collect()
    }

    fn publish(&self) {
        self.shared.put(Shelf::new(&self.shipped, self.files.values().map(|known| &known.held)));
    }
}

impl Known {
    /// Notes why the newest is not in use, and has the last good version instead. Whether that is news.
    fn refuse(&mut self, refusal: Refusal, newest: Option<String>, intake: &Intake, file: &str) -> bool {
        let Refusal { text, may_pass } = refusal;
        self.may_pass = may_pass;
        let recalled = if self.held.good.is_none() { intake.last_good(file) } else { None };
        let is_recalled = recalled.is_some();
        if let Some(strategy) = recalled {
            self.held.stand_in(strategy);
        }
        tracing::warn!(file = %self.held.origin, keeps_last_good = self.held.good.is_some(), "strategy not loaded: {text}");
        let error = Some(text);
        let is_news = self.held.error != error || self.held.newest != newest;
        (self.held.error, self.held.newest) = (error, newest);
        is_news || is_recalled
    }
}
