//! What a file has to pass before it is used, and where the last good version comes from when it does not.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::Trial;
use crate::vault::{Note, Vault};
use crate::{Engine, LoadError, Strategy, text};

/// Of what a trial says, so much is shown.
const TRIAL_TEXT_BYTES: usize = 2000;

/// Why the newest is not used.
pub(super) struct Refusal {
    pub(super) text: String,
    /// The same bytes may do another time.
    pub(super) may_pass: bool,
}

impl From<LoadError> for Refusal {
    fn from(error: LoadError) -> Self {
        // With its causes, since it is shown as text.
        let text = match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        let may_pass =
            matches!(error, LoadError::Unreadable { .. } | LoadError::CompileLimit(_) | LoadError::Compiler(_));
        Self { text, may_pass }
    }
}

/// The vault, and who writes what changes in it: a thread that ends with the last of these.
#[derive(Clone)]
pub(super) struct Notes {
    vault: Arc<Vault>,
    changed: SyncSender<()>,
}

impl Notes {
    pub(super) fn new(vault: Arc<Vault>) -> Result<Self, std::io::Error> {
        // One waiting signal stands for all.
        let (changed, changes) = sync_channel(1);
        let written = vault.clone();
        std::thread::Builder::new().name("strategy-notes".into()).spawn(move || {
            while let Ok(()) = changes.recv() {
                written.flush();
            }
        })?;
        Ok(Self { vault, changed })
    }

    pub(super) fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// Notes something of a version. Blocks on no disk.
    pub(super) fn note(&self, hash: &str, note: Note<'_>) {
        self.vault.note(hash, note);
        self.signal();
    }

    fn signal(&self) {
        // It fails when a signal waits already.
        let _ = self.changed.try_send(());
    }
}

/// The gate between the folder and what is used.
pub(super) struct Intake {
    pub(super) engine: Engine,
    pub(super) notes: Option<Notes>,
    pub(super) trial: Option<Trial>,
}

impl Intake {
    /// Makes a strategy of a file's bytes and lets it pass its trial, unless it did before.
    pub(super) fn load(&self, bytes: &[u8]) -> Result<Strategy, Refusal> {
        let loaded = contained(|| self.engine.load(bytes));
        // The thread that follows the folder must not end with one file.
        let strategy = loaded.map_err(|said| LoadError::Compiler(format!("a panic in the engine: {said}")))??;
        if let Some(trial) = &self.trial
            && !self.notes.as_ref().is_some_and(|notes| notes.vault.is_tried(strategy.hash()))
        {
            run(trial, &strategy).map_err(|why| Refusal { text: why, may_pass: true })?;
        }
        Ok(strategy)
    }

    /// Keeps a version that comes into use, with what is known of it by now.
    pub(super) fn keep(&self, strategy: &Strategy, bytes: &[u8], file: &str) {
        let Some(notes) = &self.notes else { return };
        notes.vault.put(&strategy.reference(), bytes, Some(file));
        if self.trial.is_some() {
            notes.note(strategy.hash(), Note::Tried);
        }
        self.in_use(strategy.hash(), file);
    }

    /// A version that is kept already is what the file gives.
    pub(super) fn in_use(&self, hash: &str, file: &str) {
        if let Some(notes) = &self.notes {
            notes.note(hash, Note::GoodFor(file));
        }
    }

    /// Makes room in the vault.
    pub(super) fn prune(&self, in_use: &BTreeSet<String>) {
        if let Some(notes) = &self.notes {
            notes.vault.prune(in_use);
        }
    }

    /// The last good version of a file from the vault.
    pub(super) fn last_good(&self, file: &str) -> Option<Strategy> {
        let vault = &self.notes.as_ref()?.vault;
        let hash = vault.last_good(file)?;
        let bytes = match vault.bytes(&hash) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(file, "the last good version is lost: {error}");
                return None;
            }
        };
        match self.engine.load(&bytes) {
            Ok(strategy) => Some(strategy),
            Err(error) => {
                tracing::warn!(file, hash, "the last good version does not load any more: {error}");
                None
            }
        }
    }

    /// The same when it need not be compiled and is not `newest`.
    pub(super) fn last_good_at_hand(&self, file: &str, newest: Option<&str>) -> Option<Strategy> {
        let hash = self.notes.as_ref()?.vault.last_good(file)?;
        let is_at_hand = Some(hash.as_str()) != newest && self.engine.has_cached(&hash);
        is_at_hand.then(|| self.last_good(file)).flatten()
    }

    /// A file is gone, and its last good version with it.
    pub(super) fn forget(&self, file: &str) {
        if let Some(notes) = &self.notes {
            notes.vault.forget(file);
            notes.signal();
        }
    }

    pub(super) fn forget_all_but(&self, files: &BTreeSet<String>) {
        if let Some(notes) = &self.notes {
            notes.vault.forget_all_but(files);
            notes.signal();
        }
    }
}

/// A trial that panics is a trial that failed.
fn run(trial: &Trial, strategy: &Strategy) -> Result<(), String> {
    let outcome = contained(|| trial(strategy));
    let outcome = outcome.unwrap_or_else(|said| Err(format!("the trial itself ended with a panic: {said}")));
    outcome.map_err(|why| text::line(text::cut(format!("it did not pass its trial: {why}"), TRIAL_TEXT_BYTES)))
}

/// What came out, or what a panic said.
fn contained<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
    })
}
