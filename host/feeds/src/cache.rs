//! What is remembered of each source across restarts.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::schedule::Health;

/// The files' version. Another one is not read.
const VERSION: u32 = 2;

/// A folder with a file for each source.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// What one file has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept<S, T> {
    version: u32,
    /// Whose: a source that is configured in another way is another source.
    source: S,
    pub health: Health,
    /// What it said.
    pub said: T,
}

impl<S, T> Kept<S, T> {
    pub(crate) fn new(source: S, health: Health, said: T) -> Self {
        Self { version: VERSION, source, health, said }
    }
}

impl Cache {
    /// In this folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// A name that tells differently configured sources of one kind apart. Should it change with the
    /// compiler, a cache is lost, which is what caches may be.
    fn file(&self, source: &impl Serialize) -> PathBuf {
        let text = serde_json::to_string(source).unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        self.folder.join(format!("{:016x}.json", hasher.finish()))
    }

    /// What was kept of a source. A file that cannot be read is as good as none.
    pub(crate) fn load<S, T>(&self, source: &S) -> Option<Kept<S, T>>
    where
        S: Serialize + DeserializeOwned + PartialEq,
        T: DeserializeOwned,
    {
        let path = self.file(source);
        let bytes = std::fs::read(&path).ok()?;
        let kept: Kept<S, T> = serde_json::from_slice(&bytes)
            .inspect_err(|error| tracing::warn!(file = %path.display(), %error, "what was kept cannot be read"))
            .ok()?;
        (kept.version == VERSION && kept.source == *source).then_some(kept)
    }

    /// Keeps it; the file is there as a whole or not at all.
    pub(crate) async fn store(&self, kept: &Kept<impl Serialize, impl Serialize>) -> std::io::Result<()> {
        let path = self.file(&kept.source);
        let folder = self.folder.clone();
        let bytes = serde_json::to_vec(kept)?;
        tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            let mut file = tempfile::NamedTempFile::new_in(&folder)?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(|error| error.error)
        })
        .await
        .map_err(std::io::Error::other)?
    }
}
