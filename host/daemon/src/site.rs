//! Which home a command is about, and where its state is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use control::Setup;
use journal::Journal;
use model::Roster;
use model::score::PromotionRule;

use crate::cli::SiteArgs;
use crate::roster::RosterFile;
use crate::{config, wiring};

/// A home's folders and what is configured of its strategies.
pub struct Site {
    /// The home.
    pub setup: Setup,
    /// What is configured.
    pub configured: Roster,
    /// Where the journal is kept.
    pub state_dir: PathBuf,
    /// Where strategies are dropped in.
    pub folder: PathBuf,
    /// When a shadow is proposed.
    pub promotion: PromotionRule,
}

impl Site {
    /// As `run` would find it, without connecting to anything.
    pub fn find(args: &SiteArgs) -> Result<Self> {
        let (setup, configured, folder, promotion) = match &args.home.config {
            Some(path) => {
                let config = config::load(path)?;
                (config.setup, config.roster, Some(config.strategies), config.promotion)
            }
            None => {
                let parts = wiring::assemble(None, None)?;
                (parts.setup, parts.roster, parts.strategies, parts.promotion)
            }
        };
        let state_dir = args.state_dir.clone().map_or_else(|| default_state_dir(&setup.name), Ok)?;
        let folder = folder_of(args.strategies.as_deref(), folder.as_deref(), &state_dir);
        Ok(Self { setup, configured, state_dir, folder, promotion })
    }

    /// What the owner says of strategies.
    pub fn roster(&self) -> RosterFile {
        RosterFile::new(&self.state_dir, self.configured.clone())
    }

    /// The journal, to look into; `None`: there is none yet.
    pub fn journal(&self) -> Result<Option<Journal>> {
        let path = journal_of(&self.state_dir);
        Ok(if path.exists() { Some(Journal::look(path)?) } else { None })
    }
}

/// Where the journal is.
pub fn journal_of(state_dir: &Path) -> PathBuf {
    state_dir.join("journal.db")
}

/// Opens the journal to write it. A home is not commanded without: what was found there before would be lost.
pub fn open_journal(state_dir: &Path) -> Result<Journal> {
    Journal::open(journal_of(state_dir)).with_context(|| {
        let folder = state_dir.display();
        format!("the state folder `{folder}` cannot be used as it is; another one is named with --state-dir")
    })
}

/// Where strategies are dropped in: as typed, as configured, or in the state folder.
pub fn folder_of(typed: Option<&Path>, configured: Option<&Path>, state_dir: &Path) -> PathBuf {
    typed.or(configured).map_or_else(|| state_dir.join("strategies"), Path::to_owned)
}

/// A folder for each home: systemd's, or below the user's state folder (XDG Base Directory).
pub fn default_state_dir(home_name: &str) -> Result<PathBuf> {
    if let Some(systemd) = std::env::var_os("STATE_DIRECTORY") {
        return Ok(systemd.into());
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = match (state, std::env::home_dir()) {
        (Some(state), _) => state,
        (None, Some(home)) => home.join(".local/state"),
        (None, None) => bail!("there is no home folder to keep the journal in; say where with --state-dir"),
    };
    let name: String =
        home_name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    Ok(state.join("wattwright").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_folder_that_cannot_be_made_or_written_to_is_named_with_the_way_out() {
        // Neither takes a file, whoever asks.
        for folder in ["/dev/null/state", "/proc/self"] {
            let error = format!("{:#}", open_journal(Path::new(folder)).unwrap_err());
            assert!(error.contains(&format!("`{folder}`")) && error.contains("--state-dir"), "{error}");
            assert!(error.contains("may write to it"), "{error}");
        }
    }
}
