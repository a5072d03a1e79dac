use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;
use crate::guests::{Guest, input};
use crate::{Engine, EngineConfig, Strategy};

/// A cache's folder that does not exist yet, in one that goes with the test.
struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("state/cache")
    }

    fn engine(&self) -> Engine {
        self.limited(EngineConfig::default().cache_bytes)
    }

    fn limited(&self, cache_bytes: u64) -> Engine {
        Engine::new(EngineConfig { cache: Some(self.folder()), cache_bytes, ..EngineConfig::default() }).unwrap()
    }

    /// Loads with an engine of its own, as after a start.
    fn load(&self, name: &str) -> Strategy {
        self.engine().load(&bytes(name)).unwrap()
    }

    fn artefacts(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.to_str().unwrap().ends_with(ENDING)).collect();
        files.sort();
        files
    }

    fn artefact(&self, name: &str) -> PathBuf {
        let hash = crate::load::hash(&bytes(name));
        self.artefacts().into_iter().find(|path| path.to_str().unwrap().contains(&hash)).unwrap()
    }

    /// That the strategy is compiled anew, works, and is in the cache again afterwards.
    #[track_caller]
    fn compiles_anew(&self, name: &str) {
        let strategy = self.load(name);
        assert!(!strategy.from_cache());
        assert_eq!(strategy.decide(&input()).unwrap().plan.summary, name);
        assert!(self.load(name).from_cache());
    }
}

fn bytes(name: &str) -> Vec<u8> {
    Guest::new(name).with_summary(name).bytes()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_second_start_compiles_nothing_and_decides_the_same() {
    let place = Place::new();
    let (cold, warm) = (place.load("alpha"), place.load("alpha"));
    assert_eq!((cold.from_cache(), warm.from_cache()), (false, true));
    assert_eq!((cold.reference(), cold.imports()), (warm.reference(), warm.imports()));
    let (cold, warm) = (cold.decide(&input()).unwrap(), warm.decide(&input()).unwrap());
    assert_eq!((cold.plan, cold.fuel), (warm.plan, warm.fuel));
}

#[test]
fn without_a_folder_nothing_is_kept() {
    let engine = Engine::new(EngineConfig::default()).unwrap();
    for _ in 0..2 {
        assert!(!engine.load(&bytes("alpha")).unwrap().from_cache());
    }
}

#[test]
fn the_folder_and_its_files_are_for_their_owner_only() {
    let place = Place::new();
    place.load("alpha");
    assert_eq!(mode(&place.folder()), 0o700);
    assert_eq!(mode(&place.folder().join(KEY)), 0o600);
    assert_eq!(mode(&place.artefact("alpha")), 0o600);
}

#[test]
fn a_forged_artefact_is_dropped() {
    let place = Place::new();
    place.load("alpha");
    let file = place.artefact("alpha");
    let good = fs::read(&file).unwrap();
    for at in [0, 31, 32, good.len() / 2, good.len() - 1] {
        let mut forged = good.clone();
        forged[at] ^= 1;
        fs::write(&file, forged).unwrap();
        place.compiles_anew("alpha");
    }
}

#[test]
fn a_truncated_artefact_is_dropped() {
    let place = Place::new();
    place.load("alpha");
    let file = place.artefact("alpha");
    let good = fs::read(&file).unwrap();
    for length in [0, 1, 31, 32, 33, good.len() / 2, good.len() - 1] {
        fs::write(&file, &good[..length]).unwrap();
        place.compiles_anew("alpha");
    }
}

#[test]
fn an_artefact_under_the_name_of_another_is_dropped() {
    let place = Place::new();
    place.load("alpha");
    place.load("beta");
    fs::copy(place.artefact("alpha"), place.artefact("beta")).unwrap();
    place.compiles_anew("beta");
    assert!(place.load("alpha").from_cache());
}

#[test]
fn an_artefact_of_another_installation_is_dropped() {
    let (place, other) = (Place::new(), Place::new());
    place.load("alpha");
    other.load("alpha");
    fs::copy(other.artefact("alpha"), place.artefact("alpha")).unwrap();
    place.compiles_anew("alpha");
}

#[test]
fn an_artefact_for_other_settings_is_dropped_even_when_its_seal_is_good() {
    let place = Place::new();
    place.load("alpha");
    let (file, hash) = (place.artefact("alpha"), crate::load::hash(&bytes("alpha")));
    // What an earlier version of this program could have left: its own seal, code for another engine.
    let mut config = wasmtime::Config::new();
    let other = wasmtime::Engine::new(config.wasm_component_model(true).concurrency_support(false)).unwrap();
    let stale = Artefact::compile(&other, &bytes("alpha")).unwrap();
    let cache = Cache::open(&place.folder(), &place.engine().wasmtime, u64::MAX).unwrap();
    cache.put(&hash, &stale);
    assert_eq!(place.artefacts(), [file]);
    place.compiles_anew("alpha");
}

#[test]
fn what_is_for_another_version_goes_at_the_next_start() {
    let place = Place::new();
    place.load("alpha");
    let file = place.artefact("alpha");
    let old = file.with_file_name(format!("{}-0123456789abcdef{ENDING}", crate::load::hash(&bytes("alpha"))));
    fs::rename(&file, &old).unwrap();
    fs::write(place.folder().join("x.artefact.1.half"), "half").unwrap();
    place.compiles_anew("alpha");
    assert_eq!(place.artefacts(), [file]);
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 2);
}

#[test]
fn files_that_are_no_strategies_are_not_kept() {
    let place = Place::new();
    let engine = place.engine();
    assert!(engine.load(&Guest { describe: "(unreachable)".into(), ..Guest::new("bad") }.bytes()).is_err());
    assert!(engine.load(&wat::parse_str("(component)").unwrap()).is_err());
    assert!(place.artefacts().is_empty());
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let place = Place::new();
    for name in ["alpha", "beta"] {
        place.load(name);
    }
    let size = |name| fs::metadata(place.artefact(name)).unwrap().len();
    let room = size("alpha") + size("beta") + size("alpha") / 2;
    let (first, second) = (place.artefact("alpha"), place.artefact("beta"));
    for file in [&first, &second] {
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        fs::File::open(file).unwrap().set_modified(long_ago).unwrap();
    }
    assert!(place.load("alpha").from_cache());
    place.limited(room).load(&bytes("gamma")).unwrap();
    assert!(first.exists() && !second.exists());
    assert_eq!(place.artefacts().len(), 2);
    // One that is larger than the whole cache drives nothing out.
    place.limited(100).load(&bytes("delta")).unwrap();
    assert_eq!(place.artefacts().len(), 2);
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    for bits in [0o770, 0o702, 0o777] {
        let place = Place::new();
        place.load("alpha");
        set_mode(&place.folder(), bits);
        assert!(!place.load("alpha").from_cache());
        let error = Cache::open(&place.folder(), &place.engine().wasmtime, 1).err().unwrap().to_string();
        assert!(error.ends_with(&format!("can be written by others (mode {bits:o}); delete it or `chmod 700` it")));
    }
}

#[test]
fn a_link_to_a_folder_is_not_used() {
    let place = Place::new();
    place.load("alpha");
    let elsewhere = place.root.path().join("elsewhere");
    fs::rename(place.folder(), &elsewhere).unwrap();
    symlink(&elsewhere, place.folder()).unwrap();
    assert!(!place.load("alpha").from_cache());
    let error = Cache::open(&place.folder(), &place.engine().wasmtime, 1).err().unwrap().to_string();
    assert!(error.contains("is a symbolic link"), "{error}");
}

#[test]
fn a_folder_of_another_user_is_not_used() {
    let place = Place::new();
    place.load("alpha");
    // Only the superuser can give a folder away; for others there is nothing to be tried here.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    std::os::unix::fs::chown(place.folder(), Some(12_345), None).unwrap();
    assert!(!place.load("alpha").from_cache());
    let error = Cache::open(&place.folder(), &place.engine().wasmtime, 1).err().unwrap().to_string();
    assert!(error.contains("belongs to user 12345"), "{error}");
}

#[test]
fn what_is_no_folder_or_cannot_be_made_is_not_used() {
    let place = Place::new();
    fs::create_dir_all(place.folder().parent().unwrap()).unwrap();
    fs::write(place.folder(), "a file").unwrap();
    assert!(!place.load("alpha").from_cache());
    let below = place.folder().join("deeper");
    let engine = Engine::new(EngineConfig { cache: Some(below), ..EngineConfig::default() }).unwrap();
    assert!(engine.load(&bytes("alpha")).is_ok());
}

#[test]
fn links_and_pipes_in_the_place_of_artefacts_are_dropped() {
    let place = Place::new();
    place.load("alpha");
    let file = place.artefact("alpha");
    let elsewhere = place.root.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    place.compiles_anew("alpha");
    fs::remove_file(&file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    place.compiles_anew("alpha");
}

#[test]
fn a_key_that_others_could_know_or_that_is_none_is_made_anew() {
    let place = Place::new();
    place.load("alpha");
    let key = place.folder().join(KEY);
    let known = fs::read(&key).unwrap();
    set_mode(&key, 0o640);
    place.compiles_anew("alpha");
    assert_ne!(fs::read(&key).unwrap(), known);
    assert_eq!(mode(&key), 0o600);
    for wrong in [&b""[..], b"short", &[0; 33]] {
        fs::write(&key, wrong).unwrap();
        place.compiles_anew("alpha");
    }
    fs::remove_file(&key).unwrap();
    place.compiles_anew("alpha");
}

#[test]
fn a_cache_that_cannot_be_written_fails_nothing() {
    let place = Place::new();
    let engine = place.engine();
    fs::remove_dir_all(place.folder()).unwrap();
    assert!(!engine.load(&bytes("alpha")).unwrap().from_cache());
}
