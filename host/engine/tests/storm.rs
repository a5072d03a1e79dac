//! A storm of replacements, while the strategies are called as if nothing happened.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../src/guests.rs"]
mod guests;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use guests::{Guest, input};
use sha2::{Digest, Sha256};
use wattwright_engine::{Engine, EngineConfig, Library, LibraryConfig, Origin, Pace, State};

const REPLACEMENTS: usize = 1000;

/// Replacements after which the process has all that it needs.
const WARM: usize = 100;

/// Versions of each strategy.
const VERSIONS: usize = 12;

/// So much more may be resident after the storm than after its beginning: what the allocator has not
/// given back. Keeping one strategy at each replacement takes some 40 MB, and was seen here.
const GROWTH_KB: u64 = 16 << 10;

const PACE: Pace =
    Pace { settle: Duration::from_millis(4), rescan: Duration::from_millis(100), first_look: Duration::from_secs(60) };

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// How a file comes into the folder.
#[derive(Clone, Copy, Debug)]
enum How {
    /// Whole, by a rename over the one before.
    Renamed,
    /// Truncated and written in place, in pieces.
    InPlace,
}

/// A strategy file that is replaced all the time.
struct File {
    name: &'static str,
    path: std::path::PathBuf,
    /// Good ones.
    versions: Vec<Vec<u8>>,
}

impl File {
    fn new(folder: &Path, name: &'static str) -> Self {
        let version = |i| {
            let version = format!("1.{i}.0");
            Guest { version, ..Guest::new(name) }.with_summary(format!("{name} {i}")).bytes()
        };
        Self { name, path: folder.join(name).with_extension("wasm"), versions: (0..VERSIONS).map(version).collect() }
    }

    /// What comes at this turn: good ones in turn, and between them everything else.
    fn content(&self, turn: usize) -> Vec<u8> {
        let good = &self.versions[turn % VERSIONS];
        match turn % 5 {
            0 => good[..good.len() * (turn % 7 + 1) / 9].to_vec(),
            2 => match turn % 3 {
                0 => Vec::new(),
                1 => b"<!doctype html><title>Not found</title>".to_vec(),
                _ => good.clone(),
            },
            _ => good.clone(),
        }
    }

    fn put(&self, bytes: &[u8], how: How) {
        match how {
            How::Renamed => {
                let half = self.path.with_extension("half");
                fs::write(&half, bytes).unwrap();
                fs::rename(half, &self.path).unwrap();
            }
            How::InPlace => {
                let mut file = fs::File::create(&self.path).unwrap();
                for piece in bytes.chunks(bytes.len() / 3 + 1) {
                    file.write_all(piece).unwrap();
                }
            }
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was read last of a file, and what is in use of it.
fn seen(library: &Library, file: &File) -> (Option<String>, Option<String>) {
    let entries = library.entries();
    let entry = entries.iter().find(|entry| entry.origin == Origin::File(file.path.clone())).unwrap();
    assert_eq!((entry.name.as_str(), &entry.state), (file.name, &State::InUse));
    (entry.newest_hash.clone(), entry.reference().map(|reference| reference.hash))
}

async fn until(library: &Library, what: &str, holds: impl Fn() -> bool) {
    let mut changes = library.changes();
    while !holds() {
        let changed = tokio::time::timeout(Duration::from_secs(60), changes.changed()).await;
        changed.unwrap_or_else(|_| panic!("not seen: {what}; {:?}", library.entries())).unwrap();
    }
}

/// What this process holds of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    files: usize,
    threads: usize,
}

fn held() -> Held {
    let count = |folder| fs::read_dir(folder).unwrap().count();
    Held { files: count("/proc/self/fd"), threads: count("/proc/self/task") }
}

fn resident_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The folder is watched anew from time to time, for which there is one more of each for a moment.
fn settled(expected: Held) -> Held {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        let held = held();
        if (held.files <= expected.files && held.threads <= expected.threads) || Instant::now() > patience {
            return held;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Calls all strategies in turn until it is told to stop. Gives how many calls each version answered.
fn call(library: &Library, markers: &BTreeMap<String, String>, stop: &AtomicBool) -> BTreeMap<String, usize> {
    let input = input();
    let mut answered = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        for name in NAMES {
            let strategy = library.current(name).unwrap_or_else(|| panic!("{name} is missing"));
            let answer = strategy.decide(&input).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(markers.get(strategy.hash()), Some(&answer.plan.summary), "{name} is no version that we made");
            library.succeeded(&strategy.reference());
            *answered.entry(strategy.hash().to_owned()).or_insert(0) += 1;
        }
        // So that the rest has something of the two processors too.
        std::thread::sleep(Duration::from_millis(1));
    }
    answered
}

#[tokio::test(flavor = "current_thread")]
async fn no_call_is_missed_or_answered_by_half_a_strategy() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = NAMES.map(|name| File::new(folder.path(), name));
    let mut markers = BTreeMap::new();
    for file in &files {
        file.put(&file.versions[0], How::Renamed);
        let marked = file.versions.iter().enumerate().map(|(i, bytes)| (hash(bytes), format!("{} {i}", file.name)));
        markers.extend(marked);
    }
    let trials = Arc::new(AtomicUsize::new(0));
    let trial = {
        let (trials, input) = (trials.clone(), input());
        Arc::new(move |strategy: &wattwright_engine::Strategy| {
            trials.fetch_add(1, Ordering::SeqCst);
            strategy.decide(&input).map(drop).map_err(|error| error.to_string())
        })
    };
    let config = LibraryConfig {
        folder: Some(folder.path().to_owned()),
        vault: Some(state.path().join("versions")),
        trial: Some(trial),
        pace: PACE,
        ..LibraryConfig::default()
    };
    let library = Arc::new(Library::open(Engine::new(EngineConfig::default()).unwrap(), config).unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let caller = std::thread::spawn({
        let (library, markers, stop) = (library.clone(), markers.clone(), stop.clone());
        move || call(&library, &markers, &stop)
    });

    let begun = Instant::now();
    let (mut loads, mut refusals, mut warm) = (0, 0, None);
    for turn in 0..REPLACEMENTS {
        let file = &files[turn % files.len()];
        let bytes = file.content(turn / files.len());
        file.put(&bytes, if turn % 4 == 1 { How::InPlace } else { How::Renamed });
        // Every tenth is followed by the next at once: of such a burst the last one counts.
        if turn % 10 != 9 {
            let put = hash(&bytes);
            until(&library, "the replacement", || seen(&library, file).0.as_ref() == Some(&put)).await;
            let in_use = seen(&library, file).1.unwrap();
            let is_good = markers.contains_key(&put);
            assert_eq!(in_use == put, is_good, "turn {turn}");
            *(if is_good { &mut loads } else { &mut refusals }) += 1;
        }
        assert!(!caller.is_finished(), "the caller failed");
        if turn == WARM {
            warm = Some((held(), resident_kb()));
        }
    }
    for (file, version) in files.iter().zip([3, 5, 7]) {
        for bytes in &file.versions {
            file.put(bytes, How::InPlace);
        }
        file.put(&file.versions[version], How::Renamed);
    }
    let last = |file: &File, version: usize| Some(hash(&file.versions[version]));
    for (file, version) in files.iter().zip([3, 5, 7]) {
        until(&library, "the last one", || seen(&library, file).1 == last(file, version)).await;
    }

    let (warm_held, warm_kb) = warm.unwrap();
    let kb = resident_kb();
    assert!(kb < warm_kb + GROWTH_KB, "{kb} kB are resident, {warm_kb} kB were at the beginning");
    let held = settled(warm_held);
    assert!(held.files <= warm_held.files && held.threads <= warm_held.threads, "{held:?} from {warm_held:?}");
    stop.store(true, Ordering::SeqCst);
    let answered = caller.join().unwrap();
    let calls: usize = answered.values().sum();
    // Each good replacement that was waited for was loaded and in use, so there are many.
    assert!(loads > REPLACEMENTS / 2 && refusals > REPLACEMENTS / 10, "{loads} loaded, {refusals} refused");
    assert!(answered.len() > files.len(), "{answered:?}");
    // Each version is tried once, however often it comes back.
    assert!(trials.load(Ordering::SeqCst) <= markers.len());
    println!(
        "{REPLACEMENTS} replacements in {:.1?}: {loads} loaded, {refusals} refused; {calls} calls by {} versions, none missed; \
         {} files, {} threads, {warm_kb} -> {kb} kB",
        begun.elapsed(),
        answered.len(),
        warm_held.files,
        warm_held.threads,
    );
}
