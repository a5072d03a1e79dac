//! The strategies at hand: those that are shipped, and those in the owner's folder.
//!
//! The folder is watched. A new or changed `*.wasm` is loaded as soon as it has stopped changing, on a
//! thread of its own, and takes effect at the next [`Library::current`]; a call that is under way ends
//! on the version that it began with. A file that does not load, or does not pass its [`Trial`], changes
//! nothing but its entry's error: the last good version stays, after a restart too when there is a vault.
//!
//! Names are what strategies call themselves. A file in the folder whose name is that of a shipped
//! strategy replaces it, which is how an owner updates one; without the file the shipped one is back. Of
//! two files with the same name the first in order of file names counts, the other is an error.
//!
//! The folder is the truth: going back to an earlier version is writing its bytes into the file. The
//! vault ([`Vault`]) keeps what was in use, by hash, and what has to outlast a restart.
//!
//! A version that fails three times in a row is in quarantine; what counts is in [`Library::failed`].

mod entry;
mod files;
mod intake;
mod keeper;
mod shelf;
mod strikes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use model::{Roster, StrategyRef};
use tokio::sync::watch;

pub use self::entry::{Entry, Origin, State};
use self::intake::{Intake, Notes};
use self::keeper::{Keeper, Wake};
use self::shelf::{Held, Shelf};
use self::strikes::Ledger;
pub use self::strikes::Quarantine;
pub(crate) use self::strikes::Strikes;
use crate::vault::Note;
use crate::{Engine, LoadError, Strategy, Vault, VaultError, Version};

/// What a new version of a file has to pass before it takes effect; the error is for the owner to read. It
/// is called on the thread that follows the folder, or on the one that opens the library, once for each
/// version when there is a vault to remember that it passed. A panic in it is a trial that failed.
/// Shipped strategies are not tried.
pub type Trial = Arc<dyn Fn(&Strategy) -> Result<(), String> + Send + Sync>;

/// What a library is made of.
#[derive(Clone)]
pub struct LibraryConfig {
    /// The owner's folder, which is made when it is missing. Default: none.
    pub folder: Option<PathBuf>,
    /// What is part of this program: name and file of each. Default: nothing.
    pub shipped: Vec<(&'static str, &'static [u8])>,
    /// Where versions are kept: a folder of its own that nobody else writes to, made when it is missing.
    /// One that cannot be used is done without, which a warning says. Default: nowhere.
    pub vault: Option<PathBuf>,
    /// All that is kept there together, with the notes. Default: 128 MiB.
    pub vault_bytes: u64,
    /// Hashes of versions that are kept whatever they take, until [`Library::keep`]. Default: none.
    pub keep: BTreeSet<String>,
    /// What new versions have to pass. Default: nothing but loading.
    pub trial: Option<Trial>,
    /// How patient the watching is.
    pub pace: Pace,
}

impl Default for LibraryConfig {
    fn default() -> Self {
        Self {
            folder: None,
            shipped: Vec::new(),
            vault: None,
            vault_bytes: 128 << 20,
            keep: BTreeSet::new(),
            trial: None,
            pace: Pace::default(),
        }
    }
}

/// How patient the watching of the folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// For so long a file must not change before it is read. Default: 200 ms.
    pub settle: Duration,
    /// So often the folder is looked at without an event: the system's events can be exhausted, and end
    /// when the folder is replaced. Default: 5 s.
    pub rescan: Duration,
    /// So long the first look at the folder may take before the library is used without what is missing.
    /// Default: 10 s.
    pub first_look: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { settle: Duration::from_millis(200), rescan: Duration::from_secs(5), first_look: Duration::from_secs(10) }
    }
}

/// Why there is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The folder cannot be made or read.
    #[error("cannot use the strategies folder {}; make it readable or configure another", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A strategy that is part of this program does not load: a fault of its build.
    #[error("the shipped strategy `{name}` does not load")]
    Shipped {
        /// Which one.
        name: String,
        /// Why.
        source: LoadError,
    },
    /// A strategy that is part of this program calls itself something else: a fault of its build.
    #[error("the shipped strategy `{name}` calls itself `{found}`")]
    ShippedName {
        /// Under which name it is shipped.
        name: String,
        /// What it says.
        found: String,
    },
    /// The system gives no thread.
    #[error("cannot start the thread that watches the strategies folder")]
    Thread(#[source] std::io::Error),
}

/// Why a kept version is not to be had as a strategy.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// Its file is not to be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Its file does not load any more.
    #[error("the kept version {hash} does not load")]
    Load {
        /// Which one.
        hash: String,
        /// Why.
        source: LoadError,
    },
}

/// What the library and its watching thread share.
struct Shared {
    shelf: RwLock<Arc<Shelf>>,
    ledger: Mutex<Ledger>,
    changes: watch::Sender<u64>,
}

impl Shared {
    fn shelf(&self) -> Arc<Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, shelf: Shelf) {
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shelf);
        self.changed();
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// The strategies at hand. Dropping it ends the watching.
pub struct Library {
    engine: Engine,
    shared: Arc<Shared>,
    notes: Option<Notes>,
    wake: Option<Sender<Wake>>,
}

impl Library {
    /// Loads what is shipped and what is in the folder, and begins to watch it. Blocks while it compiles,
    /// but not for long: what a file that takes its time holds up comes later, as if it was dropped in
    /// then. Files that do not load are entries with an error.
    ///
    /// # Errors
    /// When the folder cannot be used, or a shipped strategy is faulty.
    pub fn open(engine: Engine, config: LibraryConfig) -> Result<Self, LibraryError> {
        let LibraryConfig { folder, shipped, vault, vault_bytes, keep, trial, pace } = config;
        let held: Vec<_> =
            shipped.iter().map(|(name, bytes)| load_shipped(&engine, name, bytes)).collect::<Result<_, _>>()?;
        let notes = vault.and_then(|vault| open_vault(&vault, vault_bytes, keep)).map(Notes::new);
        let notes = notes.transpose().map_err(LibraryError::Thread)?;
        if let Some(notes) = &notes {
            keep_shipped(notes, &held, &shipped);
        }
        let strikes = notes.as_ref().map(|notes| notes.vault().strikes()).unwrap_or_default();
        let shared = Arc::new(Shared {
            shelf: RwLock::new(Arc::new(Shelf::new(&held, []))),
            ledger: Mutex::new(Ledger::new(strikes)),
            changes: watch::Sender::new(0),
        });
        let mut library = Self { engine: engine.clone(), shared, notes: notes.clone(), wake: None };
        let Some(folder) = folder else { return Ok(library) };
        make_folder(&folder)?;
        let (wake, woken) = channel();
        library.wake = Some(wake.clone());
        let intake = Intake { engine, notes, trial };
        let mut keeper = Keeper::new(intake, folder, held, pace, library.shared.clone(), wake);
        let (looked, first_look) = channel();
        std::thread::Builder::new()
            .name("strategies".into())
            .spawn(move || {
                keeper.begin();
                // It fails when nobody waits any more.
                let _ = looked.send(());
                keeper.run(&woken);
            })
            .map_err(LibraryError::Thread)?;
        if let Err(RecvTimeoutError::Timeout) = first_look.recv_timeout(pace.first_look) {
            tracing::warn!("strategies folder: compiling takes long; the start does not wait for it");
        }
        Ok(library)
    }

    /// The strategy of that name as of now; `None`: there is none, or it is in quarantine.
    pub fn current(&self, name: &str) -> Option<Arc<Strategy>> {
        let strategy = self.shared.shelf().current(name)?;
        self.shared.ledger().quarantine(strategy.hash()).is_none().then_some(strategy)
    }

    /// Whether the strategy of that name can be used; `None`: there is nothing by that name.
    pub fn state_of(&self, name: &str) -> Option<State> {
        self.entries().into_iter().find(|entry| entry.name == name).map(|entry| entry.state)
    }

    /// All strategies and would-be strategies, in order of names.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = self.shared.shelf().entries().to_vec();
        let ledger = self.shared.ledger();
        for entry in &mut entries {
            let hash = entry.strategy.as_ref().map(|strategy| strategy.hash());
            if let Some(quarantine) = hash.and_then(|hash| ledger.quarantine(hash)) {
                entry.state = State::Quarantined(quarantine);
            }
        }
        entries
    }

    /// Counts every change of [`Library::entries`], quarantines among them.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// The engine that loads them.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Notes that a call failed. Three strikes in a row put this version in quarantine, across restarts
    /// when there is a vault; the third gives it back. Blocks on no disk.
    ///
    /// | `code` | a strike |
    /// |---|---|
    /// | `trap`, `stack-overflow`, `out-of-fuel`, `out-of-time`, `memory-limit`, `answer-too-large`, `invalid-answer` | yes |
    /// | `declined`: it may have no plan | no, and it does not clear what was before |
    /// | `not-started`: this machine could start no instance | no |
    /// | any other, such as `settings` and `not-loaded`: the owner's or the host's fault | no |
    pub fn failed(&self, strategy: &StrategyRef, code: &str, message: &str) -> Option<Quarantine> {
        if !strikes::is_own_fault(code) {
            return None;
        }
        let (strikes, is_out) = {
            let mut ledger = self.shared.ledger();
            let struck = ledger.strike(strategy, code, message, Timestamp::now());
            // Within the lock, so that what is written last is what was last.
            self.note(&strategy.hash, Note::Strikes(Some(struck.0.clone())));
            struck
        };
        let begun = strikes.quarantine().filter(|_| is_out);
        if begun.is_some() {
            let StrategyRef { name, version, hash } = strategy;
            tracing::warn!(name, version, hash, code, "strategy quarantined after three failures in a row: {message}");
            self.shared.changed();
        }
        begun
    }

    /// Notes that a call gave a usable plan: the count of failures in a row begins anew. A quarantine stays.
    /// Blocks on no disk.
    pub fn succeeded(&self, strategy: &StrategyRef) {
        let mut ledger = self.shared.ledger();
        if ledger.succeed(&strategy.hash) {
            self.note(&strategy.hash, Note::Strikes(None));
        }
    }

    /// Ends the quarantines that began before the owner pardoned the strategy ([`model::Member`]), and
    /// forgets strikes from before. To be called with each new roster, and with the first.
    pub fn pardon(&self, roster: &Roster) {
        let mut is_news = false;
        {
            let mut ledger = self.shared.ledger();
            for (hash, was_out) in ledger.pardon(roster) {
                self.note(&hash, Note::Strikes(None));
                is_news |= was_out;
            }
        }
        if is_news {
            self.shared.changed();
        }
    }

    fn note(&self, hash: &str, note: Note<'_>) {
        if let Some(notes) = &self.notes {
            notes.note(hash, note);
        }
    }

    /// The kept versions of a strategy, newest first; none without a vault.
    pub fn versions(&self, name: &str) -> Vec<Version> {
        self.vault().map(|vault| vault.versions(name)).unwrap_or_default()
    }

    /// Where versions are kept; `None`: nowhere.
    pub fn vault(&self) -> Option<&Vault> {
        self.notes.as_ref().map(|notes| &**notes.vault())
    }

    /// Names the versions that are kept whatever they take, in the place of those of before.
    pub fn keep(&self, hashes: BTreeSet<String>) {
        if let Some(vault) = self.vault() {
            vault.keep(hashes);
        }
    }

    /// Any version that is loaded or kept, also one in quarantine: to replay what it decided. Compiles,
    /// unless it is loaded.
    ///
    /// # Errors
    /// When it is not kept, or does not load.
    pub fn by_hash(&self, hash: &str) -> Result<Arc<Strategy>, VersionError> {
        let shelf = self.shared.shelf();
        let mut loaded = shelf.entries().iter().filter_map(|entry| entry.strategy.as_ref());
        if let Some(strategy) = loaded.find(|strategy| strategy.hash() == hash) {
            return Ok(strategy.clone());
        }
        let vault = self.vault().ok_or_else(|| VaultError::Unknown { hash: hash.to_owned() })?;
        let bytes = vault.bytes(hash)?;
        let loaded = self.engine.load(&bytes);
        loaded.map(Arc::new).map_err(|source| VersionError::Load { hash: hash.to_owned(), source })
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if let Some(wake) = &self.wake {
            // It fails when the thread is gone already.
            let _ = wake.send(Wake::Stop);
        }
        if let Some(vault) = self.vault() {
            vault.flush();
        }
    }
}

fn load_shipped(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Held, LibraryError> {
    let strategy = engine.load_own(bytes).map_err(|source| LibraryError::Shipped { name: name.to_owned(), source })?;
    let found = &strategy.description().name;
    if found != name {
        return Err(LibraryError::ShippedName { name: name.to_owned(), found: found.clone() });
    }
    Ok(Held::good(Origin::Shipped, strategy))
}

/// Versions are a help and no need: without them strategies run all the same.
fn open_vault(path: &Path, limit_bytes: u64, keep: BTreeSet<String>) -> Option<Arc<Vault>> {
    match Vault::open(path, limit_bytes) {
        Ok(vault) => {
            vault.tidy();
            vault.keep(keep);
            Some(Arc::new(vault))
        }
        Err(error) => {
            tracing::warn!("{error}; there is no going back to earlier versions, and no quarantine lasts");
            None
        }
    }
}

fn keep_shipped(notes: &Notes, held: &[Held], shipped: &[(&str, &[u8])]) {
    let mut in_use = BTreeSet::new();
    let strategies = held.iter().filter_map(|held| Some(&held.good.as_ref()?.0));
    for (strategy, (_, bytes)) in strategies.zip(shipped) {
        notes.vault().put(&strategy.reference(), bytes, None);
        notes.note(strategy.hash(), Note::Shipped);
        in_use.insert(strategy.hash().to_owned());
    }
    notes.vault().prune(&in_use);
}

fn make_folder(folder: &Path) -> Result<(), LibraryError> {
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::read_dir(folder).map(drop))
        .map_err(|source| LibraryError::Folder { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests;
