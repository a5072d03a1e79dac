use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

const LIMIT: u64 = 1 << 20;

/// A vault's folder in one that goes with the test.
struct Place {
    root: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("state/versions")
    }

    fn open(&self) -> Vault {
        Vault::open(&self.folder(), LIMIT).unwrap()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder().join(file)
    }
}

/// Any bytes do: the vault does not look into components.
fn content(version: &str) -> Vec<u8> {
    format!("component of {version}").into_bytes()
}

fn reference(name: &str, version: &str, bytes: &[u8]) -> StrategyRef {
    StrategyRef { name: name.into(), version: version.into(), hash: load::hash(bytes) }
}

/// Keeps a version as the good one of `a.wasm`, and gives its hash.
fn put(vault: &Vault, version: &str) -> String {
    let bytes = content(version);
    let strategy = reference("alpha", version, &bytes);
    vault.put(&strategy, &bytes, Some("a.wasm"));
    vault.note(&strategy.hash, Note::GoodFor("a.wasm"));
    strategy.hash
}

fn names(versions: &[Version]) -> Vec<&str> {
    versions.iter().map(|version| version.version.as_str()).collect()
}

fn strikes(count: u32) -> Strikes {
    let json = serde_json::json!({"count": count, "at": "2026-11-24T10:00:00Z", "code": "trap", "message": "boom"});
    serde_json::from_value(json).unwrap()
}

#[test]
fn what_is_kept_is_there_after_a_restart() {
    let place = Place::new();
    let vault = place.open();
    let hash = put(&vault, "1.0.0");
    vault.note(&hash, Note::Tried);
    vault.note(&hash, Note::Strikes(Some(strikes(3))));
    let before = vault.versions("alpha");
    vault.flush();
    drop(vault);
    let vault = place.open();
    assert_eq!(vault.versions("alpha"), before);
    let version = &before[0];
    assert_eq!((version.version.as_str(), version.file.as_deref()), ("1.0.0", Some("a.wasm")));
    assert_eq!(version.quarantine.as_ref().unwrap().code, "trap");
    assert_eq!(vault.bytes(&hash).unwrap(), content("1.0.0"));
    assert!(vault.is_tried(&hash));
    assert_eq!(vault.last_good("a.wasm"), Some(hash.clone()));
    assert_eq!(vault.strikes()[0].0, reference("alpha", "1.0.0", &content("1.0.0")));
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.folder()), 0o700);
    assert_eq!(mode(place.path(&format!("{hash}.wasm"))), 0o600);
}

#[test]
fn going_back_goes_by_what_was_seen_first_and_passes_over_quarantine() {
    let vault = Place::new();
    let vault = vault.open();
    let [a, b, c] = ["1.0.0", "1.1.0", "1.2.0"].map(|version| put(&vault, version));
    let to = |from: &str| vault.before("alpha", from).map(|version| version.version);
    assert_eq!(names(&vault.versions("alpha")), ["1.2.0", "1.1.0", "1.0.0"]);
    assert_eq!(to(&c).as_deref(), Some("1.1.0"));
    // Going back makes B the newest in use, and not the newest.
    put(&vault, "1.1.0");
    assert_eq!(to(&b).as_deref(), Some("1.0.0"));
    assert_eq!(to(&a), None);
    assert_eq!(vault.before("beta", &c), None);
    assert_eq!(to(&"0".repeat(64)).as_deref(), Some("1.2.0"));
    vault.note(&b, Note::Strikes(Some(strikes(3))));
    assert_eq!(to(&c).as_deref(), Some("1.0.0"));
    vault.note(&b, Note::Strikes(Some(strikes(2))));
    assert_eq!(to(&c).as_deref(), Some("1.1.0"));
}

#[test]
fn the_order_outlasts_a_restart_whatever_the_clock_says() {
    let place = Place::new();
    let vault = place.open();
    let first = put(&vault, "1.0.0");
    put(&vault, "1.1.0");
    vault.flush();
    drop(vault);
    let path = place.path(&format!("{first}.json"));
    let mut notes: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    notes["first_seen"] = "2090-01-01T00:00:00Z".into();
    fs::write(&path, notes.to_string()).unwrap();
    let vault = place.open();
    let third = put(&vault, "1.2.0");
    assert_eq!(names(&vault.versions("alpha")), ["1.2.0", "1.1.0", "1.0.0"]);
    assert_eq!(vault.last_good("a.wasm"), Some(third));
}

#[test]
fn a_damaged_component_is_dropped_and_reported() {
    let place = Place::new();
    let vault = place.open();
    let (hash, other) = (put(&vault, "1.0.0"), put(&vault, "1.1.0"));
    vault.flush();
    let mut bytes = content("1.0.0");
    bytes[3] ^= 1;
    fs::write(place.path(&format!("{hash}.wasm")), bytes).unwrap();
    let vault = place.open();
    let error = vault.bytes(&hash).unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
    assert!(matches!(vault.bytes(&hash).unwrap_err(), VaultError::Unknown { .. }));
    assert_eq!(names(&vault.versions("alpha")), ["1.1.0"]);
    assert_eq!(vault.bytes(&other).unwrap(), content("1.1.0"));
    // It comes back with its file.
    put(&vault, "1.0.0");
    assert_eq!(vault.bytes(&hash).unwrap(), content("1.0.0"));
}

#[test]
fn damaged_notes_leave_the_component_and_all_others() {
    let place = Place::new();
    let vault = place.open();
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"].map(|version| (put(&vault, version), version));
    let last = put(&vault, "2.0.0");
    vault.flush();
    drop(vault);
    let notes = |hash: &str| place.path(&format!("{hash}.json"));
    let whole = fs::read(notes(&versions[0].0)).unwrap();
    fs::write(notes(&versions[0].0), &whole[..whole.len() / 2]).unwrap();
    fs::write(notes(&versions[1].0), r#"{"name": "../../etc", "version": "1.1.0"}"#).unwrap();
    fs::write(notes(&versions[2].0), vec![b' '; NOTES_BYTES + 1]).unwrap();
    fs::remove_file(notes(&versions[3].0)).unwrap();
    fs::create_dir(notes(&versions[3].0)).unwrap();
    let vault = place.open();
    assert_eq!(names(&vault.versions("alpha")), ["2.0.0"]);
    assert_eq!(vault.last_good("a.wasm"), Some(last));
    for (hash, version) in &versions {
        assert_eq!(vault.bytes(hash).unwrap(), content(version));
    }
    put(&vault, "1.0.0");
    vault.flush();
    assert_eq!(names(&place.open().versions("alpha")), ["1.0.0", "2.0.0"]);
}

#[test]
fn strange_files_are_passed_over_and_leftovers_deleted() {
    let place = Place::new();
    let vault = place.open();
    let hash = put(&vault, "1.0.0");
    vault.flush();
    let orphan = format!("{}.json", "0".repeat(64));
    for file in [orphan.as_str(), "abc.wasm.17.half", "notes.txt", "x.wasm"] {
        fs::write(place.path(file), "x").unwrap();
    }
    fs::create_dir(place.path(&format!("{}.wasm", "1".repeat(64)))).unwrap();
    let vault = place.open();
    assert!(place.path(&orphan).exists(), "opening alone must change nothing");
    vault.tidy();
    assert!(!place.path(&orphan).exists() && !place.path("abc.wasm.17.half").exists());
    assert!(place.path("notes.txt").exists());
    assert_eq!(vault.versions("alpha")[0].hash, hash);
    for wrong in ["", "x", "../../../etc/passwd", &"1".repeat(64)] {
        assert!(vault.bytes(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_oldest_unused_goes_first_and_what_is_needed_stays() {
    let place = Place::new();
    let vault = Vault::open(&place.folder(), 5 * 2 * BLOCK_BYTES).unwrap();
    let hashes: Vec<_> = (0..6).map(|i| put(&vault, &format!("1.{i}.0"))).collect();
    vault.put(&reference("beta", "1.0.0", b"beta"), b"beta", Some("b.wasm"));
    let good = load::hash(b"beta");
    vault.note(&good, Note::GoodFor("b.wasm"));
    // Used again, and so younger than what came after it.
    vault.note(&hashes[0], Note::GoodFor("a.wasm"));
    let replayed = vault.put_other("0.1.0");
    vault.keep(BTreeSet::from([hashes[2].clone()]));
    vault.flush();
    vault.prune(&BTreeSet::from([hashes[1].clone()]));
    let is_left = |hash: &String| vault.bytes(hash).is_ok();
    // Of eight, three go: the ones that were used least recently and that nothing needs.
    assert_eq!(hashes.iter().map(is_left).collect::<Vec<_>>(), [true, true, true, false, false, false]);
    assert!(is_left(&good) && is_left(&replayed));
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 10);
    // What must stay stays beyond the limit.
    vault.keep(hashes[..3].iter().cloned().collect());
    let more: Vec<_> = (0..6).map(|i| put(&vault, &format!("2.{i}.0"))).collect();
    vault.prune(&more.iter().cloned().collect());
    assert!(hashes[..3].iter().chain(&more).all(is_left));
    assert!(!is_left(&replayed));
    assert!(is_left(&good), "the last good version of a file");
}

#[test]
fn a_file_that_is_gone_has_no_last_good_version() {
    let place = Place::new();
    let vault = place.open();
    let hash = put(&vault, "1.0.0");
    vault.note(&hash, Note::GoodFor("b.wasm"));
    vault.forget("a.wasm");
    assert_eq!((vault.last_good("a.wasm"), vault.last_good("b.wasm")), (None, Some(hash.clone())));
    put(&vault, "1.0.0");
    vault.forget_all_but(&BTreeSet::from(["a.wasm".to_owned()]));
    vault.flush();
    let vault = place.open();
    assert_eq!((vault.last_good("a.wasm"), vault.last_good("b.wasm")), (Some(hash), None));
}

#[test]
fn a_version_that_cannot_be_kept_leaves_the_last_good_one_of_before() {
    let place = Place::new();
    let vault = place.open();
    let good = put(&vault, "1.0.0");
    // A folder in the file's place, which works for root as well.
    fs::create_dir(place.path(&format!("{}.wasm", load::hash(&content("1.1.0"))))).unwrap();
    let lost = put(&vault, "1.1.0");
    assert_eq!(vault.last_good("a.wasm"), Some(good));
    assert_eq!(names(&vault.versions("alpha")), ["1.0.0"]);
    assert!(vault.bytes(&lost).is_err());
}

#[test]
fn notes_that_cannot_be_written_are_written_with_the_next() {
    let place = Place::new();
    let vault = place.open();
    let hash = put(&vault, "1.0.0");
    let notes = place.path(&format!("{hash}.json"));
    // A folder in the file's place, which works for root as well.
    fs::create_dir(&notes).unwrap();
    vault.flush();
    assert!(notes.is_dir());
    fs::remove_dir(&notes).unwrap();
    vault.flush();
    assert_eq!(names(&place.open().versions("alpha")), ["1.0.0"]);
}

#[test]
fn a_folder_that_others_write_to_is_refused() {
    let place = Place::new();
    fs::create_dir_all(place.folder()).unwrap();
    fs::set_permissions(place.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    let error = Vault::open(&place.folder(), LIMIT).unwrap_err();
    assert!(error.to_string().contains("can be written by others (mode 777)"), "{error}");
}

impl Vault {
    /// As a write does.
    pub(crate) fn hold_writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap()
    }

    /// Keeps a version of another strategy that no file gives.
    fn put_other(&self, version: &str) -> String {
        let bytes = content(&format!("other {version}"));
        let strategy = reference("other", version, &bytes);
        self.put(&strategy, &bytes, None);
        strategy.hash
    }
}
