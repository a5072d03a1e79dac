//! The thread that follows the folder.
//!
//! Events of the system only say when to look. What is done follows from what is found: each file has a
//! fingerprint (size and time), and a file whose fingerprint is not the one that was loaded is read when
//! it has stayed the same for a while. Half-written files, replacements by rename, symbolic links,
//! removals and lost events all come down to that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::shelf::{Held, Shelf};
use super::{Origin, Pace, Shared};
use crate::{Engine, load};

/// How often a file that is about to be read is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Files that are taken at most; each costs memory once it is compiled.
const MAX_FILES: usize = 64;

/// What wakes the thread.
pub(super) enum Wake {
    /// These files may have changed.
    Touched(Vec<PathBuf>),
    /// The library is gone.
    Stop,
}

/// Size and time of last change.
type Fingerprint = (u64, Option<SystemTime>);

/// A file that was read.
struct Known {
    held: Held,
    /// As it was when it was read; `None`: something may have happened since.
    fingerprint: Option<Fingerprint>,
    /// Hash of what was read last.
    hash: Option<String>,
}

/// A file that is not as it was loaded, and since when it has been as it is.
struct Settling {
    found: Option<Fingerprint>,
    since: Instant,
}

pub(super) struct Keeper {
    engine: Engine,
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
        engine: Engine,
        folder: PathBuf,
        shipped: Vec<Held>,
        pace: Pace,
        shared: Arc<Shared>,
        wake: Sender<Wake>,
    ) -> Self {
        Self {
            engine,
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
    /// be compiled, so that it does not wait for a file that takes long.
    pub(super) fn begin(&mut self) {
        self.publish();
        self.watch();
        let files: Vec<_> = self.list().unwrap_or_default().into_iter().collect();
        let is_cached = |path: &Path| self.engine.read(path).is_ok_and(|bytes| self.engine.has_cached(&bytes));
        let (quick, slow): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| is_cached(path));
        for (path, fingerprint) in quick.into_iter().chain(slow) {
            if self.read(&path, fingerprint) {
                self.publish();
            }
        }
    }

    pub(super) fn run(mut self, woken: &Receiver<Wake>) {
        loop {
            let pause = if self.settling.is_empty() { self.pace.rescan } else { LOOK };
            let mut next = woken.recv_timeout(pause).ok();
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

    /// Begins to watch the folder that is there now, which need not be the one of before.
    fn watch(&mut self) {
        self.watched_at = Instant::now();
        let wake = self.wake.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Some(paths) = touched(event) {
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
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.say(format!("cannot be read, what is loaded stays: {error}"));
                return None;
            }
        };
        let mut files: BTreeMap<_, _> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_strategy_file(path))
            .filter_map(|path| {
                let metadata = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
                Some((path, (metadata.len(), metadata.modified().ok())))
            })
            .collect();
        if let Some(beyond) = files.keys().nth(MAX_FILES).cloned() {
            let count = files.len();
            self.say(format!("has {count} strategies, only the first {MAX_FILES} are taken"));
            files.split_off(&beyond);
        }
        Some(files)
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
                None => self.files.remove(&path).is_some(),
            };
            // At once, since the next file may take long to compile.
            if changed {
                self.publish();
            }
        }
    }

    /// Reads a file once, and loads these bytes when they are new. Whether anything changed.
    fn read(&mut self, path: &Path, fingerprint: Fingerprint) -> bool {
        let known = self.files.entry(path.to_owned()).or_insert_with(|| Known {
            held: Held { origin: Origin::File(path.to_owned()), good: None, error: None },
            fingerprint: None,
            hash: None,
        });
        known.fingerprint = Some(fingerprint);
        let bytes = match self.engine.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                known.hash = None;
                return known.held.fail(error_text(&error));
            }
        };
        let hash = load::hash(&bytes);
        if known.hash.as_ref() == Some(&hash) {
            return false;
        }
        known.hash = Some(hash.clone());
        if known.held.good.as_ref().is_some_and(|(strategy, _)| strategy.hash() == hash) {
            return known.held.error.take().is_some();
        }
        match self.engine.load(&bytes) {
            Ok(strategy) => {
                let reference = strategy.reference();
                tracing::info!(file = %path.display(), name = reference.name, version = reference.version, "strategy loaded");
                known.held = Held::good(known.held.origin.clone(), strategy);
                true
            }
            Err(error) => known.held.fail(error_text(&error)),
        }
    }

    fn publish(&self) {
        self.shared.put(Shelf::new(&self.shipped, self.files.values().map(|known| &known.held)));
    }
}

impl Held {
    /// Notes why the newest is not in use. Whether that is news.
    fn fail(&mut self, error: String) -> bool {
        tracing::warn!(file = %self.origin, keeps_last_good = self.good.is_some(), "strategy not loaded: {error}");
        let is_news = self.error.as_ref() != Some(&error);
        self.error = Some(error);
        is_news
    }
}

/// With its causes, since it is shown as text.
fn error_text(error: &crate::LoadError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn is_strategy_file(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && path.extension().is_some_and(|extension| extension == "wasm")
}

/// The files of an event that may mean a change; reading them, as we do, is none.
fn touched(event: notify::Result<Event>) -> Option<Vec<PathBuf>> {
    let event = event.ok()?;
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(event.paths),
        EventKind::Access(_) => None,
        _ => Some(event.paths),
    }
}
