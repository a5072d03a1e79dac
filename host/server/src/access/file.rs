//! A list in a file that only the owner of the machine can read, and that commands and the daemon both change.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::users::UsersError;

/// Tells one state of a file from another: when it was written, which file it is, and its length. The time alone is
/// too coarse for two changes in a row.
pub(super) type Version = Option<(i64, i64, u64, u64)>;

/// The list. It is written whole and under a lock, so that no change is lost.
#[derive(Clone, Debug)]
pub(super) struct ListFile<T> {
    path: PathBuf,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> ListFile<T> {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, of: PhantomData }
    }

    /// Without a file: empty.
    pub(super) fn load(&self) -> Result<Vec<T>, UsersError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| UsersError::Unreadable { path: self.path.clone(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(self.failed("read", source)),
        }
    }

    /// `None`: there is no file.
    pub(super) fn version(&self) -> Version {
        let file = fs::metadata(&self.path).ok()?;
        Some((file.mtime(), file.mtime_nsec(), file.ino(), file.len()))
    }

    /// Changes the list; an error of `change` leaves it as it was.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Vec<T>) -> Result<R, UsersError>) -> Result<R, UsersError> {
        let _lock = self.lock().map_err(|source| self.failed("locked", source))?;
        let mut list = self.load()?;
        let result = change(&mut list)?;
        let text = serde_json::to_vec_pretty(&list)
            .map_err(|source| UsersError::Unreadable { path: self.path.clone(), source })?;
        self.write(&text).map_err(|source| self.failed("written", source))?;
        Ok(result)
    }

    fn lock(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = private(&self.path.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        let new = self.path.with_extension("json.new");
        let mut file = private(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> UsersError {
        UsersError::File { path: self.path.clone(), doing, source }
    }
}

fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    // What root writes belongs to whom the folder belongs to, who has to read it.
    if let Some(folder) = path.parent() {
        let (folder, own) = (fs::metadata(folder)?, file.metadata()?);
        if own.uid() != folder.uid() {
            std::os::unix::fs::fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
        }
    }
    Ok(file)
}
