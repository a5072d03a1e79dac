//! Which strategies decide, as the owner last said: the configuration, and on top of it what was changed
//! by commands and through the API.
//!
//! The changes stand in a file of the state folder, which commands write whether the daemon runs or not;
//! the daemon looks at it twice a second. Writers take turns by a lock, and the file is replaced whole.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use jiff::Timestamp;
use model::{Allowance, Grant, Member, Roster};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::config::LAST_RESORT;

/// How often the daemon looks whether a command changed the file.
const LOOK: Duration = Duration::from_millis(500);

/// What differs from the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// In place of the configured order.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<Vec<String>>,
    /// In place of the configured shadows.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadows: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    members: BTreeMap<String, MemberChanges>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MemberChanges {
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowance: Option<Allowance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pardoned_at: Option<Timestamp>,
}

/// A change that the owner asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Asked at this place in the order (0: first; `None`: where it is, or first), and out of quarantine.
    Enable { position: Option<usize>, at: Timestamp },
    /// Only looked at, and out of quarantine.
    Shadow { at: Timestamp },
    /// Not asked.
    Disable,
    /// All of its settings; `None`: those of the configuration.
    Settings(Option<Value>),
    /// What it may do.
    Grant(Grant),
    /// What a call may use.
    Allowance(Allowance),
    /// Nothing is remembered of it.
    Forget,
}

impl Changes {
    /// The configuration with the changes.
    pub fn over(&self, configured: &Roster) -> Roster {
        let mut active = self.active.clone().unwrap_or_else(|| configured.active.clone());
        if !active.iter().any(|name| name == LAST_RESORT) {
            active.push(LAST_RESORT.to_owned());
        }
        let mut shadows = self.shadows.clone().unwrap_or_else(|| configured.shadows.clone());
        shadows.retain(|name| !active.contains(name));
        let mut members = configured.members.clone();
        for (name, changes) in &self.members {
            let member: &mut Member = members.entry(name.clone()).or_default();
            if let Some(settings) = &changes.settings {
                member.settings = settings.clone();
            }
            if let Some(grant) = &changes.grant {
                member.grant = grant.clone();
            }
            if let Some(allowance) = &changes.allowance {
                member.allowance = allowance.clone();
            }
            member.pardoned_at = changes.pardoned_at.or(member.pardoned_at);
        }
        Roster { active, shadows, members }
    }

    /// Makes a change. A name in one list leaves the other.
    fn make(&mut self, configured: &Roster, name: &str, change: Change) -> Result<()> {
        if !model::is_valid_id(name) {
            bail!("`{name}` is no strategy's name: 1 to 40 of a-z, 0-9 and -");
        }
        let Roster { mut active, mut shadows, .. } = self.over(configured);
        match change {
            Change::Enable { position, at } => {
                let was = active.iter().position(|other| other == name);
                active.retain(|other| other != name);
                shadows.retain(|other| other != name);
                let place = position.or(was).unwrap_or(0).min(active.len());
                active.insert(place, name.to_owned());
                self.lists(active, shadows);
                self.member(name).pardoned_at = Some(at);
            }
            Change::Shadow { at } => {
                stays(name)?;
                active.retain(|other| other != name);
                if !shadows.iter().any(|other| other == name) {
                    shadows.push(name.to_owned());
                }
                self.lists(active, shadows);
                self.member(name).pardoned_at = Some(at);
            }
            Change::Disable => {
                stays(name)?;
                active.retain(|other| other != name);
                shadows.retain(|other| other != name);
                self.lists(active, shadows);
            }
            Change::Settings(settings) => self.member(name).settings = settings,
            Change::Grant(grant) => self.member(name).grant = Some(grant),
            Change::Allowance(allowance) => self.member(name).allowance = Some(allowance),
            Change::Forget => {
                active.retain(|other| other != name || name == LAST_RESORT);
                shadows.retain(|other| other != name);
                self.lists(active, shadows);
                self.members.remove(name);
            }
        }
        self.members.retain(|_, changes| *changes != MemberChanges::default());
        Ok(())
    }

    fn lists(&mut self, active: Vec<String>, shadows: Vec<String>) {
        self.active = Some(active);
        self.shadows = Some(shadows);
    }

    fn member(&mut self, name: &str) -> &mut MemberChanges {
        self.members.entry(name.to_owned()).or_default()
    }
}

fn stays(name: &str) -> Result<()> {
    if name == LAST_RESORT {
        bail!(
            "`{name}` is the last resort and stays active; enable another strategy, which is then asked first, or \
             narrow what `{name}` may do by its grant"
        );
    }
    Ok(())
}

/// The file.
#[derive(Clone, Debug)]
pub struct RosterFile {
    path: PathBuf,
    configured: Arc<Roster>,
    preferred: Vec<String>,
}

impl RosterFile {
    /// The one in `state_dir`, on top of `configured`.
    pub fn new(state_dir: &Path, configured: Roster) -> Self {
        Self { path: state_dir.join("strategies.json"), configured: Arc::new(configured), preferred: Vec::new() }
    }

    /// With strategies that are asked before all others, whatever the file says; it is not changed by that.
    pub fn preferring(self, names: Vec<String>) -> Self {
        Self { preferred: names, ..self }
    }

    /// The roster in force. Without the file, what is configured.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub fn read(&self) -> Result<Roster> {
        Ok(self.in_force(&self.changes()?))
    }

    fn in_force(&self, changes: &Changes) -> Roster {
        let mut roster = changes.over(&self.configured);
        roster.active.retain(|name| !self.preferred.contains(name));
        roster.shadows.retain(|name| !self.preferred.contains(name));
        roster.active.splice(0..0, self.preferred.iter().cloned());
        roster
    }

    /// Makes a change, whole or not at all, and gives the roster that follows.
    ///
    /// # Errors
    /// When the change makes no sense, or the file cannot be read or written.
    pub fn change(&self, name: &str, change: Change) -> Result<Roster> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let file = self.path.display();
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let lock_path = self.path.with_extension("lock");
        let lock = std::fs::File::create(&lock_path)
            .and_then(|lock| lock.lock().map(|()| lock))
            .with_context(|| format!("{} cannot be locked", lock_path.display()))?;
        let mut changes = self.changes()?;
        changes.make(&self.configured, name, change)?;
        let text = serde_json::to_string_pretty(&changes)? + "\n";
        let new = self.path.with_extension("new");
        let write = || {
            let mut out = std::fs::File::create(&new)?;
            out.write_all(text.as_bytes())?;
            out.sync_all()?;
            std::fs::rename(&new, &self.path)
        };
        write().with_context(|| format!("{file} cannot be written; what was in force stays in force"))?;
        drop(lock);
        Ok(self.in_force(&changes))
    }

    fn changes(&self) -> Result<Changes> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Changes::default()),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", self.path.display())),
        };
        let mut json = serde_json::Deserializer::from_str(&text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            anyhow!(
                "{}: {}: {}; mend it, or remove the file to go back to what the configuration says",
                self.path.display(),
                error.path(),
                error.inner()
            )
        })
    }

    fn seen(&self) -> Option<(SystemTime, u64)> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    /// The roster as it changes. A file that cannot be understood changes nothing and is complained of
    /// once. Must be called within a Tokio runtime; ends when nobody listens any more.
    pub fn follow(self) -> watch::Receiver<Arc<Roster>> {
        let mut seen = self.seen();
        let configured = Arc::new(self.in_force(&Changes::default()));
        let (sender, receiver) = watch::channel(self.read_or(configured));
        tokio::spawn(async move {
            while !sender.is_closed() {
                tokio::time::sleep(LOOK).await;
                let now = self.seen();
                if now == seen {
                    continue;
                }
                seen = now;
                let new = self.read_or(sender.borrow().clone());
                sender.send_if_modified(|roster| {
                    let is_new = **roster != *new;
                    *roster = new;
                    is_new
                });
            }
        });
        receiver
    }

    fn read_or(&self, before: Arc<Roster>) -> Arc<Roster> {
        match self.read() {
            Ok(roster) => Arc::new(roster),
            Err(error) => {
                tracing::error!("the strategies stay as they are: {error:#}");
                before
            }
        }
    }
}

#[cfg(test)]
mod tests;
