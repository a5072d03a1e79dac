//! Managing strategies: for the API within the daemon, and for commands beside it.
//!
//! The owner's folder is the truth of what is there, the roster of what it may do; everything here changes
//! one of the two, and whoever runs the home sees it. So the same code serves a daemon that runs and one
//! that does not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::replay::{self, Exported};
use engine::{Entry, Library, LoadError, Origin, State, Strategy, Vault};
use jiff::Timestamp;
use journal::Journal;
use model::{Allowance, Roster, StrategyRef, Tick};
use serde_json::{Value, json};
use server::manage::{
    Examination, LogEntry, Manage, ManageError, Problem, Quarantine, Role, RoleChange, StrategyDetail, Version,
};

use crate::roster::{Change, RosterFile};
use crate::shipped::SHIPPED;
use crate::trial::Ground;

/// How long a changed file may take until it is in use: it is left alone for a moment and then compiled.
const TAKEN_IN: Duration = Duration::from_secs(30);

/// How often it is looked whether it is.
const LOOK: Duration = Duration::from_millis(50);

type Result<T> = std::result::Result<T, ManageError>;

/// Manages one home's strategies.
pub struct Manager {
    library: Arc<Library>,
    /// Where no library keeps versions: the daemon's, to look into.
    versions: Option<Vault>,
    roster: RosterFile,
    journal: Option<Journal>,
    folder: PathBuf,
}

fn failed(error: impl std::fmt::Display) -> ManageError {
    ManageError::Failed(error.to_string())
}

fn refused(error: impl std::fmt::Display) -> ManageError {
    ManageError::Refused(error.to_string())
}

impl Manager {
    /// `versions` where the library keeps none.
    pub fn new(
        library: Arc<Library>,
        versions: Option<Vault>,
        roster: RosterFile,
        journal: Option<Journal>,
        folder: PathBuf,
    ) -> Self {
        Self { library, versions, roster, journal, folder }
    }

    fn vault(&self) -> Option<&Vault> {
        self.library.vault().or(self.versions.as_ref())
    }

    fn roster(&self) -> Result<Roster> {
        self.roster.read().map_err(|error| failed(format!("{error:#}")))
    }

    fn change(&self, name: &str, change: Change) -> Result<()> {
        self.roster.change(name, change).map(drop).map_err(|error| refused(format!("{error:#}")))
    }

    fn entry(&self, name: &str) -> Result<Entry> {
        let entries = self.library.entries();
        let of_name = |entry: &&Entry| entry.name == name;
        let good = entries.iter().filter(of_name).find(|entry| entry.strategy.is_some());
        good.or_else(|| entries.iter().find(of_name)).cloned().ok_or_else(|| {
            let known: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            ManageError::NotFound(format!("there is no strategy `{name}`; there are: {}", known.join(", ")))
        })
    }

    fn detail(&self, entry: &Entry, roster: &Roster) -> StrategyDetail {
        let member = roster.member(&entry.name);
        let description = entry.strategy.as_ref().map(|strategy| strategy.description());
        let position = roster.active.iter().position(|name| *name == entry.name);
        let is_shadow = roster.shadows.contains(&entry.name);
        let role = match (position, is_shadow) {
            (Some(_), _) => Role::Active,
            (None, true) => Role::Shadow,
            (None, false) => Role::Off,
        };
        let settings = entry.strategy.as_ref().and_then(|s| s.complete_settings(&member.settings).ok());
        StrategyDetail {
            name: entry.name.clone(),
            role,
            position,
            origin: origin(&entry.origin),
            version: entry.reference(),
            author: description.map(|d| d.author.clone()).unwrap_or_default(),
            summary: description.map(|d| d.summary.clone()).unwrap_or_default(),
            commands: description.map(|d| d.commands.clone()).unwrap_or_default(),
            imports: entry.strategy.as_ref().map(|s| s.imports().to_vec()).unwrap_or_default(),
            size_bytes: entry.strategy.as_ref().map(|s| s.size_bytes() as u64),
            loaded_at: entry.loaded_at,
            error: entry.error.clone(),
            quarantine: self.quarantine(entry, member.pardoned_at),
            settings,
            own_settings: member.settings,
            settings_schema: description.map(|d| d.settings_schema.clone()),
            grant: member.grant,
            allowance: member.allowance,
            versions: self.versions(&entry.name, entry.strategy.as_deref()),
        }
    }

    /// As the library has it; a library beside the daemon knows only what the daemon noted.
    fn quarantine(&self, entry: &Entry, pardoned_at: Option<Timestamp>) -> Option<Quarantine> {
        let found = match &entry.state {
            State::Quarantined(quarantine) => Some(quarantine.clone()),
            State::InUse | State::NotLoaded => {
                let hash = entry.strategy.as_ref().map(|strategy| strategy.hash().to_owned())?;
                let kept = self.vault()?.versions(&entry.name).into_iter().find(|kept| kept.hash == hash);
                kept.and_then(|kept| kept.quarantine)
            }
        }?;
        let is_over = pardoned_at.is_some_and(|at| at >= found.since);
        (!is_over).then_some(Quarantine { since: found.since, code: found.code, message: found.message })
    }

    fn versions(&self, name: &str, current: Option<&Strategy>) -> Vec<Version> {
        let Some(vault) = self.vault() else { return Vec::new() };
        let before = current.and_then(|current| vault.before(name, current.hash()));
        let to_version = |kept: engine::Version| Version {
            is_current: current.is_some_and(|current| current.hash() == kept.hash),
            is_before: before.as_ref().is_some_and(|before| before.hash == kept.hash),
            strategy: StrategyRef { name: kept.name, version: kept.version, hash: kept.hash },
            first_seen_at: kept.first_seen,
        };
        vault.versions(name).into_iter().map(to_version).collect()
    }

    fn one(&self, name: &str) -> Result<StrategyDetail> {
        Ok(self.detail(&self.entry(name)?, &self.roster()?))
    }

    fn ground(&self) -> Result<Ground> {
        Ground::of_home(self.journal.clone(), self.roster()?).map_err(|error| failed(format!("{error:#}")))
    }

    /// Puts bytes into a file of the folder, whole or not at all, and waits until they are in use.
    fn put(&self, name: &str, hash: &str, path: &Path, wasm: &[u8]) -> Result<StrategyDetail> {
        // Hidden, so that nobody takes it for a strategy before it is whole.
        let half = self.folder.join(format!(".{name}.new"));
        let write = || {
            std::fs::create_dir_all(&self.folder)?;
            let mut file = std::fs::File::create(&half)?;
            file.write_all(wasm)?;
            file.sync_all()?;
            std::fs::rename(&half, path)
        };
        write().map_err(|error| failed(format!("{}: cannot be written: {error}", path.display())))?;
        self.awaited(name, hash, path)
    }

    /// Waits until a version is in use after `path` was changed.
    fn awaited(&self, name: &str, hash: &str, path: &Path) -> Result<StrategyDetail> {
        let begun = Instant::now();
        loop {
            let entries = self.library.entries();
            let is_wanted = |entry: &&Entry| entry.strategy.as_ref().is_some_and(|s| s.hash() == hash);
            let is_newest = |entry: &&Entry| entry.newest_hash.as_deref() == Some(hash);
            let of_name = || entries.iter().filter(|entry| entry.name == name);
            if let Some(entry) = of_name().find(is_wanted) {
                return Ok(self.detail(entry, &self.roster()?));
            }
            match of_name().find(is_newest) {
                Some(Entry { error: Some(error), .. }) => {
                    return Err(refused(format!("{}: {error}; what was in use stays in use", path.display())));
                }
                _ if begun.elapsed() > TAKEN_IN => {
                    let seconds = TAKEN_IN.as_secs();
                    return Err(failed(format!("{}: was not taken in within {seconds} s", path.display())));
                }
                _ => std::thread::sleep(LOOK),
            }
        }
    }

    /// The file of a strategy in the folder: its own, or a new one.
    fn file_of(&self, name: &str) -> PathBuf {
        match self.entry(name).map(|entry| entry.origin) {
            Ok(Origin::File(path)) => path,
            Ok(Origin::Shipped) | Err(_) => self.folder.join(format!("{name}.wasm")),
        }
    }

    /// That settings fit the version in use, or the newest file where that waits for them.
    fn fit(&self, entry: &Entry, settings: &Value) -> Result<()> {
        let Some(strategy) = &entry.strategy else {
            return Err(refused(format!("`{}` is not loaded; settings are checked against its schema", entry.name)));
        };
        let Err(problems) = strategy.complete_settings(settings) else { return Ok(()) };
        if let (Origin::File(path), Some(_)) = (&entry.origin, &entry.error)
            && let Ok(newest) = self.library.engine().load_file(path)
            && newest.complete_settings(settings).is_ok()
        {
            return Ok(());
        }
        let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
        Err(refused(format!("these settings do not fit `{}`: {}", entry.name, list.join("; "))))
    }

    fn recorded(&self, id: i64) -> Result<(Tick, Option<Vec<u8>>)> {
        let journal = self.journal.as_ref().ok_or_else(|| ManageError::NotFound("there is no journal yet".into()))?;
        let tick = journal.tick(id).map_err(failed)?;
        let tick = tick.ok_or_else(|| {
            ManageError::NotFound(format!("there is no tick {id}; it is too old to be kept, or never was"))
        })?;
        Ok((tick, journal.scene(id).map_err(failed)?))
    }

    /// A version that decided once.
    fn by_hash(&self, wanted: &StrategyRef) -> std::result::Result<Arc<Strategy>, String> {
        let from_library = self.library.by_hash(&wanted.hash);
        match (from_library, &self.versions) {
            (Err(_), Some(versions)) => {
                let bytes = versions.bytes(&wanted.hash).map_err(|error| error.to_string())?;
                self.library.engine().load(&bytes).map(Arc::new).map_err(|error| error.to_string())
            }
            (found, _) => found.map_err(|error| error.to_string()),
        }
    }

    fn bytes(&self, wanted: &StrategyRef) -> std::result::Result<Vec<u8>, String> {
        let vault = self.vault().ok_or("no versions are kept")?;
        vault.bytes(&wanted.hash).map_err(|error| error.to_string())
    }

    /// A recorded tick for another machine.
    pub fn exported(&self, id: i64) -> Result<Exported> {
        let (tick, scene) = self.recorded(id)?;
        Exported::new(tick, scene.as_deref(), |version| self.bytes(version)).map_err(refused)
    }

    /// A recorded tick, decided again.
    pub fn replayed(&self, id: i64) -> Result<replay::Replayed> {
        let (tick, scene) = self.recorded(id)?;
        replay::replay(&tick, scene.as_deref(), &|version| self.by_hash(version)).map_err(failed)
    }

    /// What another strategy would have said to a recorded tick, with the settings and the grant that it has
    /// now.
    pub fn otherwise(&self, id: i64, other: &Arc<Strategy>) -> Result<replay::Otherwise> {
        let (tick, _) = self.recorded(id)?;
        let roster = self.roster()?;
        let name = &other.description().name;
        let settings = other.complete_settings(&roster.member(name).settings).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            refused(format!("the settings of `{name}` do not fit: {}", list.join("; ")))
        })?;
        Ok(replay::ask_other(&tick, other, settings, &roster.terms(name)))
    }

    /// The strategy of that name as of now.
    pub fn current(&self, name: &str) -> Result<Arc<Strategy>> {
        let entry = self.entry(name)?;
        entry.strategy.ok_or_else(|| refused(format!("`{name}` is not loaded")))
    }
}

impl Manage for Manager {
    fn list(&self) -> Result<Vec<StrategyDetail>> {
        let roster = self.roster()?;
        let mut list: Vec<_> = self.library.entries().iter().map(|entry| self.detail(entry, &roster)).collect();
        let place = |detail: &StrategyDetail| match detail.role {
            Role::Active => (0, detail.position.unwrap_or_default()),
            Role::Shadow => (1, roster.shadows.iter().position(|name| *name == detail.name).unwrap_or_default()),
            Role::Off => (2, 0),
        };
        list.sort_by_key(place);
        Ok(list)
    }

    fn check(&self, wasm: &[u8]) -> Result<Examination> {
        match self.library.engine().load(wasm) {
            Ok(strategy) => Ok(self.ground()?.examine(&strategy)),
            Err(error) => Ok(not_loaded(&error)),
        }
    }

    fn add(&self, wasm: &[u8]) -> Result<StrategyDetail> {
        let strategy = self.library.engine().load(wasm).map_err(|error| refused(whole(&error)))?;
        self.ground()?.admit(&strategy).map_err(refused)?;
        let name = &strategy.description().name;
        self.put(name, strategy.hash(), &self.file_of(name), wasm)
    }

    fn remove(&self, name: &str) -> Result<()> {
        let entry = self.entry(name)?;
        let Origin::File(path) = &entry.origin else {
            return Err(refused(format!(
                "`{name}` is part of this program and cannot be removed; take it out of use instead"
            )));
        };
        std::fs::remove_file(path)
            .map_err(|error| failed(format!("{}: cannot be removed: {error}", path.display())))?;
        self.change(name, Change::Forget)
    }

    fn set_role(&self, name: &str, change: RoleChange) -> Result<StrategyDetail> {
        let entry = self.entry(name)?;
        if change.role != Role::Off && entry.strategy.is_none() {
            let why = entry.error.unwrap_or_default();
            return Err(refused(format!("`{name}` is not loaded: {why}")));
        }
        if let Some(grant) = change.grant {
            self.change(name, Change::Grant(grant))?;
        }
        let at = Timestamp::now();
        self.change(
            name,
            match change.role {
                Role::Active => Change::Enable { position: change.position, at },
                Role::Shadow => Change::Shadow { at },
                Role::Off => Change::Disable,
            },
        )?;
        self.one(name)
    }

    fn set_settings(&self, name: &str, settings: Option<Value>) -> Result<StrategyDetail> {
        let entry = self.entry(name)?;
        if let Some(settings) = &settings {
            self.fit(&entry, settings)?;
        }
        self.change(name, Change::Settings(settings))?;
        self.one(name)
    }

    fn set_allowance(&self, name: &str, allowance: Allowance) -> Result<StrategyDetail> {
        self.entry(name)?;
        self.change(name, Change::Allowance(allowance))?;
        self.one(name)
    }

    fn roll_back(&self, name: &str, to: Option<&str>) -> Result<StrategyDetail> {
        let vault = self.vault().ok_or_else(|| ManageError::NotFound("no versions are kept yet".into()))?;
        let entry = self.entry(name)?;
        let kept = vault.versions(name);
        let version = match to {
            Some(hash) => {
                let mut fitting = kept.iter().filter(|version| !hash.is_empty() && version.hash.starts_with(hash));
                match (fitting.next(), fitting.next()) {
                    (Some(one), None) => one.clone(),
                    (None, _) => return Err(ManageError::NotFound(no_version(name, &format!("`{hash}`"), &kept))),
                    (Some(_), Some(_)) => return Err(refused(format!("more than one version begins with `{hash}`"))),
                }
            }
            None => {
                let current = entry.strategy.as_ref().map_or("", |strategy| strategy.hash());
                let before = vault.before(name, current);
                before.ok_or_else(|| ManageError::NotFound(no_version(name, "before the one in use", &kept)))?
            }
        };
        let wasm = vault.bytes(&version.hash).map_err(failed)?;
        let is_shipped = SHIPPED.iter().any(|(shipped, bytes)| *shipped == name && *bytes == wasm.as_slice());
        // What the owner goes back to is wanted, whatever it did before.
        let roster = self.roster()?;
        let at = Timestamp::now();
        if let Some(position) = roster.active.iter().position(|active| active == name) {
            self.change(name, Change::Enable { position: Some(position), at })?;
        } else if roster.shadows.iter().any(|shadow| shadow == name) {
            self.change(name, Change::Shadow { at })?;
        }
        match &entry.origin {
            // Without the owner's file the shipped one is back, and follows the program's updates again.
            Origin::File(path) if is_shipped => {
                std::fs::remove_file(path)
                    .map_err(|error| failed(format!("{}: cannot be removed: {error}", path.display())))?;
                self.awaited(name, &version.hash, path)
            }
            _ => self.put(name, &version.hash, &self.file_of(name), &wasm),
        }
    }

    fn log(&self, name: &str, limit: u32) -> Result<Vec<LogEntry>> {
        let Some(journal) = &self.journal else { return Ok(Vec::new()) };
        let lines = journal.log(name, limit).map_err(failed)?;
        Ok(lines.into_iter().map(|line| LogEntry { tick: line.tick, at: line.at, text: line.text }).collect())
    }

    fn replay(&self, tick: i64, strategy: Option<&str>) -> Result<Value> {
        let value = match strategy {
            None => {
                let replayed = self.replayed(tick)?;
                serde_json::to_value(&replayed).map(|mut value| {
                    value["is_same"] = json!(replayed.is_same());
                    value
                })
            }
            Some(name) => serde_json::to_value(self.otherwise(tick, &self.current(name)?)?),
        };
        value.map_err(failed)
    }

    fn export(&self, tick: i64) -> Result<Value> {
        serde_json::to_value(self.exported(tick)?).map_err(failed)
    }
}

/// What a file that does not load comes down to.
pub fn not_loaded(error: &LoadError) -> Examination {
    let problem = Problem { code: error.code().to_owned(), message: whole(error) };
    Examination { problems: vec![problem], ..Examination::default() }
}

/// What is neither a file nor a shipped strategy.
pub fn missing(message: &str) -> Examination {
    let problem = Problem { code: "file".to_owned(), message: message.to_owned() };
    Examination { problems: vec![problem], ..Examination::default() }
}

fn whole(error: &LoadError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// The name of a file only: where the owner's folder is concerns nobody who can reach the API.
fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Shipped => "shipped".to_owned(),
        Origin::File(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

fn no_version(name: &str, wanted: &str, kept: &[engine::Version]) -> String {
    let list: Vec<String> = kept
        .iter()
        .map(|version| format!("{} ({})", version.version, &version.hash[..12.min(version.hash.len())]))
        .collect();
    let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    format!("there is no version {wanted} of `{name}`; kept are: {list}")
}
