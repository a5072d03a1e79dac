//! What is in the folder, without opening it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind};

/// By which a file that may have changed is told: which file it is, its size, and when its content and
/// its rights changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl From<Metadata> for Fingerprint {
    fn from(of: Metadata) -> Self {
        Self {
            file: (of.dev(), of.ino()),
            bytes: of.len(),
            modified: (of.mtime(), of.mtime_nsec()),
            changed: (of.ctime(), of.ctime_nsec()),
        }
    }
}

impl Fingerprint {
    /// Of what is behind a link; of the link when there is nothing, so that a file which is away for a
    /// moment, as when it is built anew, is one that cannot be read and not one that was removed.
    fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).or_else(|_| std::fs::symlink_metadata(path)).ok().map(Self::from)
    }
}

/// All that is named like a strategy's file. Folders, pipes and links to nowhere are among it: that they
/// are no strategies is said when they are read.
pub(super) fn list(folder: &Path) -> io::Result<BTreeMap<PathBuf, Fingerprint>> {
    let paths = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let files = paths.filter(|path| is_strategy_file(path));
    Ok(files.filter_map(|path| Some((Fingerprint::of(&path)?, path))).map(|(found, path)| (path, found)).collect())
}

fn is_strategy_file(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !is_hidden && path.extension().is_some_and(|extension| extension == "wasm")
}

/// How a file is called within the folder.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The files of an event that may mean a change; reading them, as we do, is none.
pub(super) fn touched(event: notify::Result<Event>) -> Option<Vec<PathBuf>> {
    let event = event.ok()?;
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(event.paths),
        EventKind::Access(_) => None,
        _ => Some(event.paths),
    }
}
