//! A folder that only this program writes to.
//!
//! It is opened once and all files are reached through that handle, without following links: what was
//! checked is what is used, whatever is done to the path meanwhile.

use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// How files end that are being written.
pub(crate) const HALF: &str = ".half";

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// Somebody else could put machine code there.
    #[error("{} {why}", path.display())]
    Unsafe {
        /// Which folder.
        path: PathBuf,
        /// What is wrong with it and what to do.
        why: String,
    },
    /// It cannot be made, opened or written.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: Error,
    },
}

/// One of its files.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// When it was used last, by the clock of the file system.
    pub(crate) used: (i64, i64),
}

pub(crate) struct Folder {
    handle: OwnedFd,
    path: PathBuf,
}

impl std::fmt::Display for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

impl Folder {
    /// Opens it; makes it when it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let unusable = |source: Error| FolderError::Unusable { path: path.to_owned(), source };
        let refused = |why: String| FolderError::Unsafe { path: path.to_owned(), why };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(unusable)?;
        }
        match rustix::fs::mkdir(path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(unusable(error.into())),
        }
        if std::fs::symlink_metadata(path).map_err(unusable)?.is_symlink() {
            return Err(refused("is a symbolic link; delete it, the folder is then made anew".into()));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| unusable(error.into()))?;
        let found = rustix::fs::fstat(&handle).map_err(|error| unusable(error.into()))?;
        let own = rustix::process::geteuid().as_raw();
        if found.st_uid != own {
            return Err(refused(format!(
                "belongs to user {} and not to user {own}, who runs this; delete it",
                found.st_uid
            )));
        }
        if others_write(&found) {
            let mode = found.st_mode & 0o777;
            return Err(refused(format!("can be written by others (mode {mode:o}); delete it or `chmod 700` it")));
        }
        Ok(Self { handle, path: path.to_owned() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// The content of a file; `None`: there is none.
    pub(crate) fn read(&self, name: &str, most_bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        self.open_file(name)?.map(|(file, _)| read(file, most_bytes)).transpose()
    }

    /// The same for a file that nobody else may have read.
    pub(crate) fn read_secret(&self, name: &str, most_bytes: usize) -> Result<Option<Vec<u8>>, Error> {
        match self.open_file(name)? {
            None => Ok(None),
            Some((_, found)) if found.st_mode & 0o077 != 0 => Err(Error::other("others can read it")),
            Some((_, found)) if found.st_uid != rustix::process::geteuid().as_raw() => {
                Err(Error::other("it belongs to another user"))
            }
            Some((file, _)) => read(file, most_bytes).map(Some),
        }
    }

    fn open_file(&self, name: &str) -> Result<Option<(File, Stat)>, Error> {
        // Without NONBLOCK a pipe in the place of a file would let this wait for ever.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(Error::other("it is a symbolic link")),
            Err(error) => return Err(error.into()),
        };
        let found = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(Error::other("it is no file"));
        }
        Ok(Some((File::from(file), found)))
    }

    /// Writes a file that only its owner can read: whole or not at all, whenever the power fails.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let half = format!("{name}.{}{HALF}", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let written = rustix::fs::openat(&self.handle, &half, flags, Mode::RUSR | Mode::WUSR)
            .map_err(Error::from)
            .and_then(|file| {
                let mut file = File::from(file);
                file.write_all(bytes)?;
                file.sync_all()
            })
            .and_then(|()| Ok(rustix::fs::renameat(&self.handle, &half, &self.handle, name)?));
        if written.is_err() {
            self.remove(&half);
        }
        written?;
        Ok(rustix::fs::fsync(&self.handle)?)
    }

    /// Notes that a file was used; when it cannot be noted, it is deleted earlier than others.
    pub(crate) fn touch(&self, name: &str) {
        use rustix::fs::{Timespec, Timestamps, UTIME_NOW, utimensat};
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        let _ = utimensat(&self.handle, name, &times, AtFlags::SYMLINK_NOFOLLOW);
    }

    /// Deletes a file; one that cannot be deleted is as good as none, since it is checked when it is read.
    pub(crate) fn remove(&self, name: &str) {
        if let Err(error) = rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            tracing::debug!(folder = %self, name, "cannot be deleted: {error}");
        }
    }

    /// All of its files.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let Ok(entries) = Dir::read_from(&self.handle) else { return Vec::new() };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_str().ok()?.to_owned()));
        let mut files = Vec::new();
        for name in names {
            let Ok(found) = rustix::fs::statat(&self.handle, &name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
                continue;
            }
            let used = (found.st_mtime, i64::try_from(found.st_mtime_nsec).unwrap_or(0));
            files.push(Listed { name, bytes: u64::try_from(found.st_size).unwrap_or(0), used });
        }
        files
    }
}

fn others_write(found: &Stat) -> bool {
    found.st_mode & 0o022 != 0
}

fn read(file: File, most_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    file.take(most_bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most_bytes {
        return Err(Error::other(format!("it has more than {most_bytes} bytes")));
    }
    Ok(bytes)
}
