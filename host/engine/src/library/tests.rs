use std::fs;
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::EngineConfig;
use crate::guests::{Guest, input};

mod lasting;
mod strange;

/// Quick, so that the tests are; what they assert does not depend on it.
const QUICK: Pace =
    Pace { settle: Duration::from_millis(60), rescan: Duration::from_millis(300), first_look: Duration::from_secs(60) };

fn guest(name: &str, version: &str) -> Vec<u8> {
    Guest { version: version.into(), ..Guest::new(name) }.with_summary(version).bytes()
}

fn engine() -> Engine {
    Engine::new(EngineConfig::default()).unwrap()
}

fn open(folder: Option<PathBuf>, shipped: Vec<(&'static str, &'static [u8])>) -> Result<Library, LibraryError> {
    Library::open(engine(), LibraryConfig { folder, shipped, ..LibraryConfig::default() })
}

fn leak(bytes: &[u8]) -> &'static [u8] {
    bytes.to_vec().leak()
}

/// Put there whole, as careful programs do.
fn put(folder: &Path, file: &str, bytes: &[u8]) {
    let half = folder.join("incoming.part");
    fs::write(&half, bytes).unwrap();
    fs::rename(half, folder.join(file)).unwrap();
}

struct Watched {
    folder: Rc<tempfile::TempDir>,
    library: Library,
    changes: watch::Receiver<u64>,
}

impl Watched {
    fn new(files: &[(&str, Vec<u8>)], shipped: &[(&'static str, Vec<u8>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (file, bytes) in files {
            put(folder.path(), file, bytes);
        }
        let shipped = shipped.iter().map(|(name, bytes)| (*name, leak(bytes))).collect();
        Self::open(Rc::new(folder), engine(), LibraryConfig { shipped, pace: QUICK, ..LibraryConfig::default() })
    }

    fn open(folder: Rc<tempfile::TempDir>, engine: Engine, config: LibraryConfig) -> Self {
        let config = LibraryConfig { folder: Some(folder.path().to_owned()), ..config };
        let library = Library::open(engine, config).unwrap();
        let changes = library.changes();
        Self { folder, library, changes }
    }

    fn put(&self, file: &str, bytes: &[u8]) {
        put(self.folder.path(), file, bytes);
    }

    fn version(&self, name: &str) -> Option<String> {
        Some(self.library.current(name)?.description().version.clone())
    }

    fn entry(&self, origin: &str) -> Option<Entry> {
        self.library.entries().into_iter().find(|entry| match &entry.origin {
            Origin::Shipped => origin == "shipped",
            Origin::File(path) => path.ends_with(origin),
        })
    }

    fn error(&self, origin: &str) -> Option<String> {
        self.entry(origin).and_then(|entry| entry.error)
    }

    /// Waits for a change after which this holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let patience = Duration::from_secs(60);
        while !holds(self) {
            let changed = tokio::time::timeout(patience, self.changes.changed()).await;
            changed.unwrap_or_else(|_| panic!("not seen: {what}; {:?}", self.library.entries())).unwrap();
        }
    }
}

#[tokio::test]
async fn a_file_that_is_dropped_in_is_there() {
    let mut watched = Watched::new(&[], &[]);
    assert!(watched.library.entries().is_empty());
    watched.put("a.wasm", &guest("alpha", "1.0.0"));
    watched.until("alpha", |w| w.version("alpha").is_some()).await;
    let entry = watched.entry("a.wasm").unwrap();
    assert_eq!((entry.name.as_str(), entry.error), ("alpha", None));
    assert!(entry.loaded_at.is_some());
}

#[tokio::test]
async fn a_replaced_file_is_swapped_in_and_a_running_call_keeps_the_old() {
    let mut watched = Watched::new(&[("a.wasm", guest("alpha", "1.0.0"))], &[]);
    let old = watched.library.current("alpha").unwrap();
    watched.put("a.wasm", &guest("alpha", "1.1.0"));
    watched.until("1.1.0", |w| w.version("alpha").as_deref() == Some("1.1.0")).await;
    assert_eq!(old.decide(&input()).unwrap().plan.summary, "1.0.0");
    let new = watched.library.current("alpha").unwrap();
    assert_eq!(new.decide(&input()).unwrap().plan.summary, "1.1.0");
}

#[tokio::test]
async fn a_broken_file_changes_nothing_but_shows_its_error() {
    let good = guest("alpha", "1.0.0");
    let mut watched = Watched::new(&[("a.wasm", good.clone())], &[]);
    watched.put("a.wasm", b"<html>Not found</html>");
    watched.until("the error", |w| w.error("a.wasm").is_some()).await;
    assert!(watched.error("a.wasm").unwrap().contains("web page"));
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    let before = watched.library.current("alpha").unwrap();
    watched.put("a.wasm", &good);
    watched.until("no error", |w| w.error("a.wasm").is_none()).await;
    assert!(Arc::ptr_eq(&before, &watched.library.current("alpha").unwrap()), "compiled again for nothing");
}

#[tokio::test]
async fn a_removed_file_goes_and_the_shipped_one_is_back() {
    let shipped = [("alpha", guest("alpha", "1.0.0"))];
    let mut watched =
        Watched::new(&[("a.wasm", guest("alpha", "2.0.0")), ("b.wasm", guest("beta", "1.0.0"))], &shipped);
    assert_eq!(watched.version("alpha").as_deref(), Some("2.0.0"));
    assert!(watched.entry("shipped").is_none());
    fs::remove_file(watched.folder.path().join("a.wasm")).unwrap();
    fs::remove_file(watched.folder.path().join("b.wasm")).unwrap();
    watched.until("1.0.0", |w| w.version("alpha").as_deref() == Some("1.0.0") && w.version("beta").is_none()).await;
    assert!(watched.entry("shipped").is_some());
    assert_eq!(watched.library.entries().len(), 1);
}

#[tokio::test]
async fn a_file_that_gets_another_name_is_never_missing() {
    let mut watched = Watched::new(&[("a.wasm", guest("alpha", "1.0.0"))], &[]);
    fs::rename(watched.folder.path().join("a.wasm"), watched.folder.path().join("b.wasm")).unwrap();
    watched
        .until("the new name", |w| {
            assert!(w.version("alpha").is_some());
            w.entry("a.wasm").is_none()
        })
        .await;
    assert_eq!(watched.error("b.wasm"), None);
}

#[tokio::test]
async fn the_same_bytes_again_change_nothing() {
    let bytes = guest("alpha", "1.0.0");
    let mut watched = Watched::new(&[("a.wasm", bytes.clone())], &[]);
    let before = watched.library.current("alpha").unwrap();
    watched.put("a.wasm", &bytes);
    watched.put("b.wasm", &guest("beta", "1.0.0"));
    watched.until("beta", |w| w.version("beta").is_some()).await;
    assert!(Arc::ptr_eq(&before, &watched.library.current("alpha").unwrap()));
}

#[tokio::test]
async fn of_two_files_with_one_name_the_second_is_an_error() {
    let mut watched = Watched::new(&[("a.wasm", guest("alpha", "1.0.0")), ("b.wasm", guest("alpha", "2.0.0"))], &[]);
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    assert!(watched.error("b.wasm").unwrap().contains("its name `alpha` is taken by"));
    assert!(watched.entry("b.wasm").unwrap().strategy.is_none());
    fs::remove_file(watched.folder.path().join("a.wasm")).unwrap();
    watched.until("2.0.0", |w| w.version("alpha").as_deref() == Some("2.0.0")).await;
    assert_eq!(watched.error("b.wasm"), None);
}

#[tokio::test]
async fn a_file_that_never_loaded_has_its_own_name() {
    let watched = Watched::new(&[("rubbish.wasm", b"rubbish, really".to_vec()), ("notes.txt", b"x".to_vec())], &[]);
    let entries = watched.library.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].name, "rubbish");
    assert!(entries[0].strategy.is_none() && entries[0].error.is_some());
    assert!(watched.library.current("rubbish").is_none());
}

#[tokio::test]
async fn a_folder_that_goes_takes_nothing_along_and_is_watched_again() {
    let mut watched = Watched::new(&[("a.wasm", guest("alpha", "1.0.0"))], &[]);
    fs::remove_dir_all(watched.folder.path()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    put(elsewhere.path(), "a.wasm", &guest("alpha", "1.0.0"));
    put(elsewhere.path(), "b.wasm", &guest("beta", "1.0.0"));
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    fs::rename(elsewhere.path(), watched.folder.path()).unwrap();
    watched.until("beta", |w| w.version("beta").is_some()).await;
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    watched.put("c.wasm", &guest("gamma", "1.0.0"));
    watched.until("gamma", |w| w.version("gamma").is_some()).await;
}

#[test]
fn a_missing_folder_is_created_and_a_useless_one_is_named() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("deep/strategies");
    drop(open(Some(folder.clone()), Vec::new()).unwrap());
    assert!(folder.is_dir());
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = open(Some(file), Vec::new()).err().unwrap();
    assert!(error.to_string().starts_with("cannot use the strategies folder "), "{error}");
}

#[test]
fn faults_of_what_is_shipped_are_named() {
    let bytes: &'static [u8] = guest("alpha", "1.0.0").leak();
    let library = open(None, vec![("alpha", bytes)]).unwrap();
    assert!(library.current("alpha").is_some());
    let error = open(None, vec![("other", bytes)]).err().unwrap();
    assert_eq!(error.to_string(), "the shipped strategy `other` calls itself `alpha`");
    let error = open(None, vec![("alpha", b"")]).err().unwrap();
    assert_eq!(error.to_string(), "the shipped strategy `alpha` does not load");
}

#[tokio::test]
async fn a_file_that_takes_long_to_compile_holds_up_neither_the_start_nor_what_is_cached() {
    use crate::{ChildCompiler, CompileLimits, Compiler};
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cache = Some(state.path().join("cache"));
    let known = guest("known", "1.0.0");
    Engine::new(EngineConfig { cache: cache.clone(), ..EngineConfig::default() }).unwrap().load(&known).unwrap();
    put(folder.path(), "a.wasm", &guest("slow", "1.0.0"));
    put(folder.path(), "b.wasm", &known);
    // Never answers, and ends when it is killed.
    let limits = CompileLimits { wall: Duration::from_secs(3), ..CompileLimits::default() };
    let arguments = ["-c", "exec sleep 1000"].map(Into::into).to_vec();
    let compiler = Compiler::Child(ChildCompiler { program: "/bin/sh".into(), arguments, limits });
    let engine = Engine::new(EngineConfig { cache, compiler, ..EngineConfig::default() }).unwrap();
    let pace = Pace { first_look: Duration::ZERO, ..QUICK };
    let mut watched = Watched::open(Rc::new(folder), engine, LibraryConfig { pace, ..LibraryConfig::default() });
    watched.until("known", |w| w.version("known").is_some()).await;
    assert!(watched.library.current("known").unwrap().from_cache());
    assert_eq!(watched.library.entries().len(), 1);
    watched.until("the error", |w| w.error("a.wasm").is_some()).await;
    let error = watched.error("a.wasm").unwrap();
    assert_eq!(error, "it cannot be compiled within limits: it took longer than 3s");
    assert!(watched.library.current("known").is_some());
}
