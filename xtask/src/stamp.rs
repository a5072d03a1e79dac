//! Whether files changed since a step was done: by their content, since times say little after a
//! checkout and nothing of a file that is gone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A mark that a step was done with just these files.
pub struct Stamp {
    file: PathBuf,
    now: String,
}

impl Stamp {
    /// Over the files and folders `sources`, kept in `file`.
    pub fn over(file: PathBuf, sources: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for source in sources {
            collect(source, &mut files)?;
        }
        files.sort();
        let mut hasher = DefaultHasher::new();
        for path in &files {
            path.hash(&mut hasher);
            read(path)?.hash(&mut hasher);
        }
        Ok(Self { file, now: format!("{:016x}\n", hasher.finish()) })
    }

    /// Whether the step was done with the files as they are.
    pub fn is_fresh(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|then| then == self.now)
    }

    /// Remembers that it was.
    pub fn set(&self) -> Result<()> {
        write(&self.file, self.now.as_bytes())
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.extend(path.exists().then(|| path.to_path_buf()));
        return Ok(());
    }
    for entry in std::fs::read_dir(path).with_context(|| format!("cannot read `{}`", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

/// A file's content.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Writes a file, and its folder where it is missing.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("cannot write `{}`", path.display()))
}
