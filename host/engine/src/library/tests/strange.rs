//! Whatever may happen to a file.

use std::fs::{File, Permissions, set_permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;
use crate::load;

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

/// One strategy, version 1.0.0, in `a.wasm`.
fn alpha() -> Watched {
    Watched::new(&[("a.wasm", guest("alpha", "1.0.0"))], &[])
}

impl Watched {
    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Waits until the file is an error, with the last good version in use all the while.
    async fn until_error(&mut self, part: &str) {
        self.until(part, |w| {
            assert_eq!(w.version("alpha").as_deref(), Some("1.0.0"));
            w.error("a.wasm").is_some_and(|error| error.contains(part))
        })
        .await;
        let entry = self.entry("a.wasm").unwrap();
        assert_eq!((entry.name.as_str(), entry.state), ("alpha", State::InUse));
    }

    async fn until_version(&mut self, version: &str) {
        self.until(version, |w| w.version("alpha").as_deref() == Some(version) && w.error("a.wasm").is_none()).await;
    }
}

#[tokio::test]
async fn a_file_written_in_pieces_is_read_when_it_is_whole() {
    let mut watched = alpha();
    let bytes = guest("alpha", "1.1.0");
    let mut file = File::create(watched.path("a.wasm")).unwrap();
    for piece in bytes.chunks(bytes.len() / 5) {
        file.write_all(piece).unwrap();
        file.flush().unwrap();
    }
    drop(file);
    watched.until_version("1.1.0").await;
}

#[tokio::test]
async fn a_copy_that_stops_for_long_shows_its_error_until_it_goes_on() {
    let mut watched = alpha();
    let bytes = guest("alpha", "1.1.0");
    let mut file = File::create(watched.path("a.wasm")).unwrap();
    for (piece, part) in bytes.chunks(bytes.len() / 3 + 1).zip(["valid", "valid"]) {
        file.write_all(piece).unwrap();
        let read = load::hash(&fs::read(watched.path("a.wasm")).unwrap());
        watched.until("the piece", |w| w.entry("a.wasm").unwrap().newest_hash.as_ref() == Some(&read)).await;
        watched.until_error(part).await;
    }
    file.write_all(&bytes[(bytes.len() / 3 + 1) * 2..]).unwrap();
    drop(file);
    watched.until_version("1.1.0").await;
    assert_eq!(watched.entry("a.wasm").unwrap().newest_hash, Some(load::hash(&bytes)));
}

#[tokio::test]
async fn a_truncated_file_is_an_error_until_it_is_whole_again() {
    let mut watched = alpha();
    let good = fs::read(watched.path("a.wasm")).unwrap();
    File::options().write(true).open(watched.path("a.wasm")).unwrap().set_len(0).unwrap();
    watched.until_error("empty").await;
    fs::write(watched.path("a.wasm"), &good).unwrap();
    watched.until_version("1.0.0").await;
    File::options().write(true).open(watched.path("a.wasm")).unwrap().set_len(good.len() as u64 / 2).unwrap();
    watched.until_error("valid").await;
    fs::write(watched.path("a.wasm"), guest("alpha", "1.1.0")).unwrap();
    watched.until_version("1.1.0").await;
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_an_error_until_it_may() {
    let mut watched = alpha();
    let path = watched.path("a.wasm");
    set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        eprintln!("not tested: this user, root for one, reads every file whatever its rights are");
        return;
    }
    watched.until_error("Permission denied").await;
    assert_eq!(watched.entry("a.wasm").unwrap().newest_hash, None);
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    watched.until_version("1.0.0").await;
}

#[tokio::test]
async fn a_file_replaced_by_rename_is_told_by_more_than_size_and_time() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (old, new) = (elsewhere.path().join("old"), elsewhere.path().join("new"));
    fs::write(&old, guest("alpha", "1.0.0")).unwrap();
    fs::write(&new, guest("alpha", "1.1.0")).unwrap();
    let modified = fs::metadata(&old).unwrap().modified().unwrap();
    File::options().write(true).open(&new).unwrap().set_modified(modified).unwrap();
    assert_eq!(fs::metadata(&old).unwrap().len(), fs::metadata(&new).unwrap().len());
    let folder = tempfile::tempdir().unwrap();
    symlink(&old, folder.path().join("a.wasm")).unwrap();
    let config = LibraryConfig { pace: QUICK, ..LibraryConfig::default() };
    let mut watched = Watched::open(Rc::new(folder), engine(), config);
    watched.until_version("1.0.0").await;
    // No event tells of it, since it is in a folder that is not watched.
    fs::rename(&new, &old).unwrap();
    watched.until_version("1.1.0").await;
}

#[tokio::test]
async fn a_symbolic_link_is_followed_wherever_it_points() {
    let mut watched = Watched::new(&[], &[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let point = |to: &str, link: &Path| {
        let half = link.with_extension("half");
        symlink(elsewhere.path().join(to), &half).unwrap();
        fs::rename(half, link).unwrap();
    };
    put(elsewhere.path(), "built", &guest("alpha", "1.0.0"));
    put(elsewhere.path(), "other", &guest("alpha", "2.0.0"));
    point("built", &watched.path("a.wasm"));
    watched.until_version("1.0.0").await;
    put(elsewhere.path(), "built", &guest("alpha", "1.1.0"));
    watched.until_version("1.1.0").await;
    point("other", &watched.path("a.wasm"));
    watched.until_version("2.0.0").await;
    fs::remove_file(watched.path("a.wasm")).unwrap();
    watched.until("the removal", |w| w.library.entries().is_empty()).await;
}

#[tokio::test]
async fn a_link_to_nowhere_is_an_error_and_no_removal() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("built");
    fs::write(&target, guest("alpha", "1.0.0")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(&target, folder.path().join("a.wasm")).unwrap();
    let config = LibraryConfig { pace: QUICK, ..LibraryConfig::default() };
    let mut watched = Watched::open(Rc::new(folder), engine(), config);
    watched.until_version("1.0.0").await;
    fs::remove_file(&target).unwrap();
    watched.until_error("No such file").await;
    fs::write(&target, guest("alpha", "1.1.0")).unwrap();
    watched.until_version("1.1.0").await;
}

#[tokio::test]
async fn links_in_a_circle_are_an_error() {
    let mut watched = alpha();
    let half = watched.path("half");
    symlink("a.wasm", &half).unwrap();
    fs::rename(half, watched.path("a.wasm")).unwrap();
    watched.until_error("symbolic links").await;
}

#[tokio::test]
async fn folders_and_pipes_are_errors_and_hold_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    pipe(&folder.path().join("a.wasm"));
    fs::create_dir(folder.path().join("b.wasm")).unwrap();
    symlink("/dev/zero", folder.path().join("c.wasm")).unwrap();
    put(folder.path(), "d.wasm", &guest("alpha", "1.0.0"));
    let config = LibraryConfig { pace: QUICK, ..LibraryConfig::default() };
    let mut watched = Watched::open(Rc::new(folder), engine(), config);
    assert_eq!(watched.version("alpha").as_deref(), Some("1.0.0"));
    for (file, part) in [("a.wasm", "a pipe"), ("b.wasm", "a folder"), ("c.wasm", "a device")] {
        let entry = watched.entry(file).unwrap();
        assert!(entry.error.as_ref().unwrap().contains(part), "{entry:?}");
        assert_eq!((entry.state, entry.newest_hash), (State::NotLoaded, None));
    }
    fs::remove_file(watched.path("a.wasm")).unwrap();
    fs::remove_dir(watched.path("b.wasm")).unwrap();
    watched.put("b.wasm", &guest("beta", "1.0.0"));
    watched.until("beta", |w| w.version("beta").is_some() && w.entry("a.wasm").is_none()).await;
}

#[tokio::test]
async fn a_pipe_or_a_folder_in_the_place_of_a_strategy_leaves_the_last_good_version() {
    let mut watched = alpha();
    let path = watched.path("a.wasm");
    pipe(&watched.path("half"));
    fs::rename(watched.path("half"), &path).unwrap();
    watched.until_error("a pipe").await;
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    watched.until_error("a folder").await;
    fs::remove_dir(&path).unwrap();
    watched.put("a.wasm", &guest("alpha", "1.1.0"));
    watched.until_version("1.1.0").await;
}
