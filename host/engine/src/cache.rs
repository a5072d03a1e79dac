//! Machine code that is kept from one start of the daemon to the next.
//!
//! A file is named by what it was made of (SHA-256 of the strategy's file) and for what (wasmtime's
//! version, its settings, the processor's features), and carries a seal over name and content. Names that
//! were never written, files that others wrote, halves of files and files under another's name are all
//! the same: they are not there, and what is there by that name is deleted.

use std::hash::{Hash, Hasher};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::artefact::Artefact;
use crate::artefact::seal::{KEY_BYTES, Key};
use crate::folder::{Folder, FolderError, HALF, Listed};

/// The key's file.
const KEY: &str = "key";

/// How artefacts' files end.
const ENDING: &str = ".artefact";

/// A seal and an artefact that is too large to be one of ours.
const MOST_BYTES: usize = 512 << 20;

/// The artefacts of one engine.
pub(crate) struct Cache {
    folder: Folder,
    key: Key,
    /// For what they are made; a part of each name.
    settings: String,
    limit_bytes: u64,
}

impl Cache {
    /// Uses a folder, which is made when it is missing; deletes what is for other settings.
    pub(crate) fn open(path: &Path, engine: &wasmtime::Engine, limit_bytes: u64) -> Result<Self, FolderError> {
        let folder = Folder::open(path)?;
        let key = key(&folder)?;
        let cache = Self { folder, key, settings: settings(engine), limit_bytes };
        cache.drop_outdated();
        Ok(cache)
    }

    fn name(&self, hash: &str) -> String {
        format!("{hash}-{}{ENDING}", self.settings)
    }

    /// Whether there is a file for it, good or not.
    pub(crate) fn has(&self, hash: &str) -> bool {
        self.folder.has(&self.name(hash))
    }

    /// What was made of the strategy with that hash.
    pub(crate) fn get(&self, hash: &str) -> Option<Artefact> {
        let name = self.name(hash);
        let sealed = match self.folder.read(&name, MOST_BYTES) {
            Ok(sealed) => sealed?,
            Err(error) => {
                self.discard(hash, &error.to_string());
                return None;
            }
        };
        let artefact = self.key.open(&name, sealed);
        match artefact {
            // What is used is kept longest.
            Some(_) => self.folder.touch(&name),
            None => self.discard(hash, "it is not as this program wrote it"),
        }
        artefact
    }

    /// Deletes what is there for that hash.
    pub(crate) fn discard(&self, hash: &str, why: &str) {
        let name = self.name(hash);
        tracing::warn!(folder = %self.folder, name, "compile cache: a file is dropped, the strategy is compiled anew: {why}");
        self.folder.remove(&name);
    }

    /// Keeps an artefact, and deletes the ones that were not used for longest when there are too many.
    pub(crate) fn put(&self, hash: &str, artefact: &Artefact) {
        let name = self.name(hash);
        let Some(sealed) = self.key.seal(&name, artefact) else { return };
        if sealed.len() as u64 > self.limit_bytes {
            return;
        }
        match self.folder.write(&name, &sealed) {
            Ok(()) => self.shrink(&name),
            Err(error) => tracing::warn!(folder = %self.folder, "compile cache: cannot be written: {error}"),
        }
    }

    fn artefacts(&self) -> Vec<Listed> {
        let mut artefacts = self.folder.list();
        artefacts.retain(|file| file.name.ends_with(ENDING));
        artefacts
    }

    /// Deletes what is for other settings, and halves that a crash left.
    fn drop_outdated(&self) {
        for file in self.folder.list().iter().filter(|file| file.name.ends_with(HALF)) {
            self.folder.remove(&file.name);
        }
        let ending = self.name("");
        let mut count = 0;
        for file in self.artefacts().iter().filter(|file| !file.name.ends_with(&ending)) {
            self.folder.remove(&file.name);
            count += 1;
        }
        if count > 0 {
            tracing::warn!(folder = %self.folder, count, "compile cache: files of another version or processor are dropped");
        }
    }

    fn shrink(&self, newest: &str) {
        let mut artefacts = self.artefacts();
        artefacts.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
        let mut total: u64 = artefacts.iter().map(|file| file.bytes).sum();
        for file in artefacts.iter().filter(|file| file.name != newest) {
            if total <= self.limit_bytes {
                return;
            }
            self.folder.remove(&file.name);
            total -= file.bytes;
        }
    }
}

/// The installation's key. One that others could read, or that is none, is replaced; what it sealed is
/// then compiled anew.
fn key(folder: &Folder) -> Result<Key, FolderError> {
    match folder.read_secret(KEY, KEY_BYTES) {
        Ok(Some(bytes)) => match Key::from_bytes(&bytes) {
            Some(key) => return Ok(key),
            None => tracing::warn!(folder = %folder, "compile cache: its key is none and is made anew"),
        },
        Ok(None) => {}
        Err(error) => tracing::warn!(folder = %folder, "compile cache: its key is made anew: {error}"),
    }
    let unusable = |source| FolderError::Unusable { path: folder.path().to_owned(), source };
    let key = Key::random().map_err(unusable)?;
    folder.write(KEY, key.as_bytes()).map_err(unusable)?;
    Ok(key)
}

/// All that decides whether machine code fits: what wasmtime says of itself, of its settings and of the
/// processor, and our own version, since it decides how a module becomes a component.
fn settings(engine: &wasmtime::Engine) -> String {
    let mut hasher = Collect(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.write(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The standard hasher has 64 bits and gives no promise from one version of Rust to the next.
struct Collect(Sha256);

impl Hasher for Collect {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests;
