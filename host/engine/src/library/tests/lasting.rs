//! Trials, quarantine, and what outlasts a restart.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use model::Member;

use super::*;
use crate::load;

/// A library's folders, in which it is started again and again.
struct Place {
    folder: Rc<tempfile::TempDir>,
    state: tempfile::TempDir,
    config: LibraryConfig,
}

impl Place {
    fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        let vault = Some(state.path().join("versions"));
        let config = LibraryConfig { vault, pace: QUICK, ..LibraryConfig::default() };
        Self { folder: Rc::new(tempfile::tempdir().unwrap()), state, config }
    }

    fn start(&self) -> Watched {
        Watched::open(self.folder.clone(), engine(), self.config.clone())
    }

    fn put(&self, version: &str) {
        put(self.folder.path(), "a.wasm", &guest("alpha", version));
    }

    fn break_file(&self) {
        put(self.folder.path(), "a.wasm", b"<html>");
    }
}

impl Watched {
    async fn until_alpha(&mut self, version: &str) {
        self.until(version, |w| w.version("alpha").as_deref() == Some(version)).await;
    }

    fn fail(&self, strategy: &StrategyRef) -> Option<Quarantine> {
        self.library.failed(strategy, "trap", "stopped by itself: unreachable")
    }

    fn kept(&self) -> Vec<String> {
        self.library.versions("alpha").into_iter().map(|version| version.version).collect()
    }
}

fn reference(version: &str) -> StrategyRef {
    let hash = load::hash(&guest("alpha", version));
    StrategyRef { name: "alpha".into(), version: version.into(), hash }
}

fn pardon(at: Timestamp) -> Roster {
    let member = Member { pardoned_at: Some(at), ..Member::default() };
    Roster { members: [("alpha".to_owned(), member)].into(), ..Roster::default() }
}

#[tokio::test]
async fn after_a_restart_the_last_good_version_stands_in_for_a_broken_file() {
    let mut place = Place::new();
    place.config.shipped = vec![("alpha", leak(&guest("alpha", "0.1.0")))];
    place.put("1.0.0");
    drop(place.start());
    place.break_file();
    let mut watched = place.start();
    let entry = watched.entry("a.wasm").unwrap();
    assert_eq!(entry.reference(), Some(reference("1.0.0")));
    assert_eq!((entry.state, entry.newest_hash), (State::InUse, Some(load::hash(b"<html>"))));
    assert!(entry.error.unwrap().contains("web page"));
    let answer = watched.library.current("alpha").unwrap().decide(&input()).unwrap();
    assert_eq!(answer.plan.summary, "1.0.0");
    // Removing the file really removes it.
    fs::remove_file(place.folder.path().join("a.wasm")).unwrap();
    watched.until_alpha("0.1.0").await;
    place.break_file();
    watched.until("the error", |w| w.error("a.wasm").is_some()).await;
    assert_eq!(watched.version("alpha").as_deref(), Some("0.1.0"));
    drop(watched);
    assert_eq!(place.start().version("alpha").as_deref(), Some("0.1.0"));
}

#[test]
fn a_file_that_is_removed_while_nothing_runs_is_removed() {
    let place = Place::new();
    place.put("1.0.0");
    drop(place.start());
    fs::remove_file(place.folder.path().join("a.wasm")).unwrap();
    drop(place.start());
    place.break_file();
    let watched = place.start();
    assert!(watched.library.current("alpha").is_none());
    assert_eq!(watched.kept(), ["1.0.0"], "it is kept for replay");
}

#[test]
fn a_file_that_cannot_be_read_at_the_start_has_its_last_good_version() {
    let place = Place::new();
    place.put("1.0.0");
    drop(place.start());
    fs::remove_file(place.folder.path().join("a.wasm")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.folder.path().join("a.wasm")).unwrap();
    let watched = place.start();
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    assert!(watched.error("a.wasm").unwrap().contains("cannot read"));
}

#[test]
fn a_last_good_version_that_is_damaged_is_done_without() {
    let mut place = Place::new();
    place.config.shipped = vec![("alpha", leak(&guest("alpha", "0.1.0")))];
    place.put("1.0.0");
    drop(place.start());
    place.break_file();
    let hash = reference("1.0.0").hash;
    fs::write(place.state.path().join(format!("versions/{hash}.wasm")), "damaged").unwrap();
    let watched = place.start();
    assert_eq!(watched.version("alpha").as_deref(), Some("0.1.0"));
    assert!(watched.error("a.wasm").is_some());
}

#[test]
fn a_vault_that_cannot_be_used_is_done_without() {
    let mut place = Place::new();
    let file = place.state.path().join("file");
    fs::write(&file, "x").unwrap();
    place.config.vault = Some(file);
    place.put("1.0.0");
    let watched = place.start();
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    assert!(watched.library.vault().is_none() && watched.kept().is_empty());
    assert!(watched.library.by_hash(&reference("1.0.0").hash).is_ok());
    let error = watched.library.by_hash(&reference("0.9.0").hash).unwrap_err();
    assert!(matches!(error, VersionError::Vault(VaultError::Unknown { .. })), "{error}");
    for round in 1..=3 {
        assert_eq!(watched.fail(&reference("1.0.0")).is_some(), round == 3);
    }
    assert!(watched.library.current("alpha").is_none());
}

#[tokio::test]
async fn going_back_is_writing_the_version_before_into_the_file() {
    let place = Place::new();
    place.put("1.0.0");
    let mut watched = place.start();
    for version in ["1.1.0", "1.2.0"] {
        place.put(version);
        watched.until_alpha(version).await;
    }
    assert_eq!(watched.kept(), ["1.2.0", "1.1.0", "1.0.0"]);
    for version in ["1.1.0", "1.0.0"] {
        let vault = watched.library.vault().unwrap();
        let current = watched.library.current("alpha").unwrap();
        let before = vault.before("alpha", current.hash()).unwrap();
        assert_eq!(before.version, version);
        let bytes = vault.bytes(&before.hash).unwrap();
        watched.put("a.wasm", &bytes);
        watched.until_alpha(version).await;
    }
    let current = watched.library.current("alpha").unwrap();
    assert!(watched.library.vault().unwrap().before("alpha", current.hash()).is_none());
}

#[tokio::test]
async fn every_version_can_be_replayed_also_shipped_ones_of_before() {
    let mut place = Place::new();
    place.config.shipped = vec![("beta", leak(&guest("beta", "0.1.0")))];
    place.put("1.0.0");
    let mut watched = place.start();
    place.put("1.1.0");
    watched.until_alpha("1.1.0").await;
    drop(watched);
    place.config.shipped = vec![("beta", leak(&guest("beta", "0.2.0")))];
    let watched = place.start();
    let hashes = [load::hash(&guest("beta", "0.1.0")), reference("1.0.0").hash, reference("1.1.0").hash];
    let summaries = hashes.map(|hash| {
        let strategy = watched.library.by_hash(&hash).unwrap();
        assert_eq!(strategy.hash(), hash);
        strategy.decide(&input()).unwrap().plan.summary
    });
    assert_eq!(summaries, ["0.1.0", "1.0.0", "1.1.0"]);
    let current = watched.library.current("alpha").unwrap();
    assert!(Arc::ptr_eq(&current, &watched.library.by_hash(current.hash()).unwrap()), "compiled for nothing");
    let versions = watched.library.versions("beta");
    assert_eq!(versions.iter().map(|v| v.file.as_deref()).collect::<Vec<_>>(), [None, None]);
}

#[tokio::test]
async fn room_is_made_by_what_is_not_used() {
    let mut place = Place::new();
    place.config.vault_bytes = 1;
    place.config.keep = BTreeSet::from([reference("1.0.0").hash]);
    place.put("1.0.0");
    let mut watched = place.start();
    for version in ["1.1.0", "1.2.0"] {
        place.put(version);
        watched.until_alpha(version).await;
    }
    // The next change comes after room was made for the one before.
    put(place.folder.path(), "b.wasm", &guest("beta", "1.0.0"));
    watched.until("beta", |w| w.version("beta").is_some()).await;
    assert_eq!(watched.kept(), ["1.2.0", "1.0.0"]);
}

/// A trial that fails when it is told to, and how often it was asked.
struct Judge {
    fails: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    trial: Trial,
}

impl Judge {
    fn new(outcome: impl Fn(&Strategy) -> Result<(), String> + Send + Sync + 'static) -> Self {
        let (fails, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let trial: Trial = Arc::new({
            let (fails, asked) = (fails.clone(), asked.clone());
            move |strategy: &Strategy| {
                asked.fetch_add(1, Ordering::SeqCst);
                if fails.load(Ordering::SeqCst) { outcome(strategy) } else { Ok(()) }
            }
        });
        Self { fails, asked, trial }
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_version_that_fails_its_trial_is_not_used_and_may_try_again() {
    let mut place = Place::new();
    let judge = Judge::new(|strategy| Err(format!("{} gives two plans", strategy.description().version)));
    place.config.trial = Some(judge.trial.clone());
    place.put("1.0.0");
    let mut watched = place.start();
    judge.fail(true);
    place.put("1.1.0");
    watched.until("the error", |w| w.error("a.wasm").is_some()).await;
    assert_eq!(watched.error("a.wasm").unwrap(), "it did not pass its trial: 1.1.0 gives two plans");
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    assert_eq!(watched.entry("a.wasm").unwrap().newest_hash, Some(reference("1.1.0").hash));
    assert_eq!(watched.kept(), ["1.0.0"]);
    // The same bytes again, under what has changed meanwhile.
    judge.fail(false);
    place.put("1.1.0");
    watched.until_alpha("1.1.0").await;
    assert_eq!(watched.error("a.wasm"), None);
}

#[tokio::test]
async fn a_trial_that_panics_is_one_that_failed() {
    let mut place = Place::new();
    let judge = Judge::new(|_| panic!("no snapshot yet"));
    place.config.trial = Some(judge.trial.clone());
    place.put("1.0.0");
    let mut watched = place.start();
    judge.fail(true);
    place.put("1.1.0");
    watched.until("the error", |w| w.error("a.wasm").is_some()).await;
    assert!(watched.error("a.wasm").unwrap().contains("ended with a panic: no snapshot yet"));
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    judge.fail(false);
    place.put("1.2.0");
    watched.until_alpha("1.2.0").await;
}

#[test]
fn a_trial_is_passed_once() {
    let mut place = Place::new();
    place.config.shipped = vec![("beta", leak(&guest("beta", "0.1.0")))];
    place.put("1.0.0");
    // Without a trial there is nothing that was passed.
    drop(place.start());
    let judge = Judge::new(|_| Err("no".into()));
    place.config.trial = Some(judge.trial.clone());
    for _ in 0..3 {
        assert_eq!(place.start().version("alpha").as_deref(), Some("1.0.0"));
        assert_eq!(judge.asked(), 1);
    }
    judge.fail(true);
    place.put("1.1.0");
    let watched = place.start();
    assert_eq!((judge.asked(), watched.version("alpha").as_deref()), (2, Some("1.0.0")));
    assert!(watched.error("a.wasm").is_some());
    drop(watched);
    assert_eq!(place.start().version("alpha").as_deref(), Some("1.0.0"));
    assert_eq!(judge.asked(), 3, "what failed is tried again");
}

#[tokio::test]
async fn three_failures_in_a_row_put_a_version_in_quarantine() {
    let place = Place::new();
    place.put("1.0.0");
    let mut watched = place.start();
    let bad = reference("1.0.0");
    watched.changes.mark_unchanged();
    assert_eq!([watched.fail(&bad), watched.fail(&bad)], [None, None]);
    watched.library.failed(&bad, "declined", "has no plan");
    watched.library.failed(&bad, "not-started", "no memory");
    assert!(watched.version("alpha").is_some() && !watched.changes.has_changed().unwrap());
    let quarantine = watched.fail(&bad).unwrap();
    assert_eq!((quarantine.code.as_str(), quarantine.message.as_str()), ("trap", "stopped by itself: unreachable"));
    assert!(watched.changes.has_changed().unwrap());
    assert_eq!(watched.version("alpha"), None);
    let entry = watched.entry("a.wasm").unwrap();
    assert_eq!(entry.state, State::Quarantined(quarantine.clone()));
    assert_eq!(watched.library.state_of("alpha"), Some(entry.state));
    assert_eq!(watched.library.state_of("beta"), None);
    assert_eq!((entry.strategy.unwrap().reference(), entry.error), (bad.clone(), None));
    assert!(watched.library.by_hash(&bad.hash).is_ok(), "what it decided can still be replayed");
    drop(watched);

    let mut watched = place.start();
    assert_eq!(watched.library.state_of("alpha"), Some(State::Quarantined(quarantine.clone())));
    assert_eq!(watched.library.versions("alpha")[0].quarantine, Some(quarantine.clone()));
    // A new version is none that failed, and the old one still is.
    place.put("1.1.0");
    watched.until_alpha("1.1.0").await;
    place.put("1.0.0");
    watched.until("the old one", |w| w.version("alpha").is_none()).await;
    // Only a pardon that came after helps.
    watched.library.pardon(&pardon(quarantine.since));
    assert_eq!(watched.version("alpha"), None);
    watched.changes.mark_unchanged();
    let roster = pardon(Timestamp::now());
    watched.library.pardon(&roster);
    assert!(watched.changes.has_changed().unwrap());
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    drop(watched);

    let watched = place.start();
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    for _ in 0..3 {
        watched.fail(&bad);
    }
    watched.library.pardon(&roster);
    assert_eq!(watched.version("alpha"), None, "that pardon was for what came before it");
}

#[test]
fn strikes_outlast_a_restart_and_end_with_a_success() {
    let place = Place::new();
    place.put("1.0.0");
    let bad = reference("1.0.0");
    let watched = place.start();
    assert_eq!([watched.fail(&bad), watched.fail(&bad)], [None, None]);
    watched.library.succeeded(&bad);
    assert_eq!([watched.fail(&bad), watched.fail(&bad)], [None, None]);
    drop(watched);
    assert!(place.start().fail(&bad).is_some());
}

#[test]
fn noting_a_failure_waits_for_no_disk() {
    let place = Place::new();
    place.put("1.0.0");
    let watched = place.start();
    let bad = reference("1.0.0");
    {
        let vault = watched.library.vault().unwrap();
        // As if a write took for ever.
        let _writing = vault.hold_writing();
        watched.fail(&bad);
        watched.library.succeeded(&bad);
        for _ in 0..3 {
            watched.fail(&bad);
        }
        assert_eq!(watched.version("alpha"), None);
        watched.library.pardon(&pardon(Timestamp::now()));
        assert!(watched.version("alpha").is_some());
    }
}

#[test]
fn what_is_noted_is_written_without_an_end_of_the_program() {
    let place = Place::new();
    place.put("1.0.0");
    let watched = place.start();
    let bad = reference("1.0.0");
    for _ in 0..3 {
        watched.fail(&bad);
    }
    let path = place.state.path().join("versions");
    let is_written = || {
        let vault = Vault::open(&path, u64::MAX).unwrap();
        vault.versions("alpha").first().is_some_and(|version| version.quarantine.is_some())
    };
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while !is_written() {
        assert!(std::time::Instant::now() < patience, "never written");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn what_is_kept_stands_in_while_the_newest_is_compiled() {
    use crate::{ChildCompiler, CompileLimits, Compiler};
    let mut place = Place::new();
    let cache = Some(place.state.path().join("cache"));
    place.put("1.0.0");
    let config = EngineConfig { cache, ..EngineConfig::default() };
    drop(Watched::open(place.folder.clone(), Engine::new(config.clone()).unwrap(), place.config.clone()));
    place.put("1.1.0");
    // Never answers, and ends when it is killed.
    let limits = CompileLimits { wall: Duration::from_secs(3), ..CompileLimits::default() };
    let arguments = ["-c", "exec sleep 1000"].map(Into::into).to_vec();
    let compiler = Compiler::Child(ChildCompiler { program: "/bin/sh".into(), arguments, limits });
    place.config.pace.first_look = Duration::ZERO;
    let engine = Engine::new(EngineConfig { compiler, ..config }).unwrap();
    let mut watched = Watched::open(place.folder.clone(), engine, place.config.clone());
    watched.until("the stand-in", |w| w.version("alpha").as_deref() == Some("1.0.0")).await;
    assert_eq!(watched.error("a.wasm"), None, "it was not there before the compiler gave up");
    watched.until("the error", |w| w.error("a.wasm").is_some()).await;
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
}
