//! The strategies at hand: those that are shipped, and those in the owner's folder.
//!
//! The folder is watched. A new or changed `*.wasm` is loaded as soon as it has stopped changing, on a
//! thread of its own, and takes effect at the next [`Library::current`]; a call that is under way ends
//! on the version that it began with. A file that does not load changes nothing but its entry's error:
//! the last good version stays.
//!
//! Names are what strategies call themselves. A file in the folder whose name is that of a shipped
//! strategy replaces it, which is how an owner updates one; without the file the shipped one is back. Of
//! two files with the same name the first in order of file names counts, the other is an error.

mod keeper;
mod shelf;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use self::keeper::{Keeper, Wake};
use self::shelf::{Held, Shelf};
use crate::{Engine, LoadError, Strategy};

/// Where a strategy comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is part of this program.
    Shipped,
    /// A file in the owner's folder.
    File(PathBuf),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Shipped => write!(f, "shipped"),
            Origin::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One strategy or would-be strategy.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it calls itself; for a file that never loaded, its name without `.wasm`.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What [`Library::current`] gives for `name`; `None`: nothing usable came from there.
    pub strategy: Option<Arc<Strategy>>,
    /// Why the file as it is now is not in use.
    pub error: Option<String>,
    /// When `strategy` was loaded.
    pub loaded_at: Option<Timestamp>,
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

/// How patient the watching is.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// For so long a file must not change before it is read.
    settle: Duration,
    /// So often the folder is looked at without an event: the system's events can be exhausted, and end
    /// when the folder is replaced.
    rescan: Duration,
    /// So long the first look at the folder may take before the library is used without what is missing.
    first_look: Duration,
}

const PACE: Pace =
    Pace { settle: Duration::from_millis(200), rescan: Duration::from_secs(5), first_look: Duration::from_secs(10) };

/// What the library and its watching thread share.
struct Shared {
    shelf: RwLock<Arc<Shelf>>,
    changes: watch::Sender<u64>,
}

impl Shared {
    fn shelf(&self) -> Arc<Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, shelf: Shelf) {
        *self.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shelf);
        self.changes.send_modify(|count| *count += 1);
    }
}

/// The strategies at hand. Dropping it ends the watching.
pub struct Library {
    engine: Engine,
    shared: Arc<Shared>,
    wake: Option<Sender<Wake>>,
}

impl Library {
    /// Loads what is shipped and what is in `folder`, which is created when it is missing, and begins to
    /// watch it. Blocks while it compiles, but not for long: what a file that takes its time holds up comes
    /// later, as if it was dropped in then. Files that do not load are entries with an error.
    ///
    /// # Errors
    /// When the folder cannot be used, or a shipped strategy is faulty.
    pub fn open(
        engine: Engine,
        folder: Option<PathBuf>,
        shipped: &[(&str, &'static [u8])],
    ) -> Result<Self, LibraryError> {
        Self::open_at(engine, folder, shipped, PACE)
    }

    fn open_at(
        engine: Engine,
        folder: Option<PathBuf>,
        shipped: &[(&str, &'static [u8])],
        pace: Pace,
    ) -> Result<Self, LibraryError> {
        let shipped: Vec<_> =
            shipped.iter().map(|(name, bytes)| load_shipped(&engine, name, bytes)).collect::<Result<_, _>>()?;
        let shared =
            Arc::new(Shared { shelf: RwLock::new(Arc::new(Shelf::default())), changes: watch::Sender::new(0) });
        let Some(folder) = folder else {
            shared.put(Shelf::new(&shipped, []));
            return Ok(Self { engine, shared, wake: None });
        };
        make_folder(&folder)?;
        let (wake, woken) = channel();
        let mut keeper = Keeper::new(engine.clone(), folder, shipped, pace, shared.clone(), wake.clone());
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
        Ok(Self { engine, shared, wake: Some(wake) })
    }

    /// The strategy of that name as of now.
    pub fn current(&self, name: &str) -> Option<Arc<Strategy>> {
        self.shared.shelf().current(name)
    }

    /// All strategies and would-be strategies, in order of names.
    pub fn entries(&self) -> Vec<Entry> {
        self.shared.shelf().entries().to_vec()
    }

    /// Counts every change of [`Library::entries`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// The engine that loads them.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if let Some(wake) = &self.wake {
            // It fails when the thread is gone already.
            let _ = wake.send(Wake::Stop);
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

fn make_folder(folder: &Path) -> Result<(), LibraryError> {
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::read_dir(folder).map(drop))
        .map_err(|source| LibraryError::Folder { path: folder.to_owned(), source })
}

#[cfg(test)]
mod tests;
