//! A tick with all that its replay needs, in one file.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use engine::{Engine, Strategy};
use guard::SceneRecord;
use model::{StrategyRef, Tick};
use serde::{Deserialize, Serialize};

use super::{ReplayError, Replayed, read_scene, replay};

/// Tells a file of this kind from others.
const FORMAT: &str = "wattwright-tick-1";

/// Why an exported tick cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It is no such file.
    #[error("not an exported tick: {0}; `wattwright replay --export` makes one")]
    Unreadable(#[from] serde_json::Error),
    /// It is one of another format.
    #[error("an exported tick of the format `{found}`, this program reads `{FORMAT}`; written by version {version}")]
    Format {
        /// What it says.
        found: String,
        /// The program that wrote it.
        version: String,
    },
    /// The scene that was recorded cannot be read.
    #[error(transparent)]
    Scene(#[from] ReplayError),
    /// A version of a strategy that the tick names is not to be had.
    #[error("{} {} ({}) is missing: {reason}", strategy.name, strategy.version, strategy.hash)]
    Missing {
        /// Which.
        strategy: StrategyRef,
        /// Why.
        reason: String,
    },
    /// A component is not what it says.
    #[error("the component `{hash}` is not what it says: {reason}")]
    Component {
        /// The hash under which it stands.
        hash: String,
        /// What is wrong.
        reason: String,
    },
}

/// A tick that can be replayed anywhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exported {
    format: String,
    /// The program that wrote it.
    pub program_version: String,
    /// The tick, as it was recorded.
    pub tick: Tick,
    /// What the guard saw; `None`: it was not recorded.
    pub scene: Option<SceneRecord>,
    /// The components of the strategies that were asked, by hash, in Base64.
    components: BTreeMap<String, String>,
}

impl Exported {
    /// Puts together a tick, the scene that was recorded with it (JSON), and the components of the strategies
    /// that it names, which `bytes` gives.
    ///
    /// # Errors
    /// When the scene cannot be read, or a component is not to be had.
    pub fn new(
        tick: Tick,
        scene: Option<&[u8]>,
        bytes: impl Fn(&StrategyRef) -> Result<Vec<u8>, String>,
    ) -> Result<Self, ExportError> {
        let scene = scene.map(|scene| read_scene(tick.id, scene)).transpose()?;
        let mut components = BTreeMap::new();
        for strategy in tick.versions() {
            if !components.contains_key(&strategy.hash) {
                let component =
                    bytes(strategy).map_err(|reason| ExportError::Missing { strategy: strategy.clone(), reason })?;
                components.insert(strategy.hash.clone(), BASE64_STANDARD.encode(component));
            }
        }
        let program_version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { format: FORMAT.to_owned(), program_version, tick, scene, components })
    }

    /// Reads what [`Exported::to_json`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(json: &[u8]) -> Result<Self, ExportError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            #[serde(default)]
            program_version: String,
        }
        let head: Head = serde_json::from_slice(json)?;
        if head.format != FORMAT {
            return Err(ExportError::Format { found: head.format, version: head.program_version });
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// As a file.
    ///
    /// # Errors
    /// Never in practice: a tick that was recorded can be written again.
    pub fn to_json(&self) -> Result<Vec<u8>, ExportError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Replays it with its own components.
    ///
    /// # Errors
    /// When one of them does not load, or is not the one that the tick names.
    pub fn replay(&self, engine: &Engine) -> Result<Replayed, ExportError> {
        let mut strategies: BTreeMap<&str, Arc<Strategy>> = BTreeMap::new();
        for (hash, component) in &self.components {
            strategies.insert(hash, Arc::new(load(engine, hash, component)?));
        }
        let find = |version: &StrategyRef| {
            strategies.get(version.hash.as_str()).cloned().ok_or_else(|| "it is not in the file".to_owned())
        };
        let scene = self.scene.as_ref().map(serde_json::to_vec).transpose()?;
        Ok(replay(&self.tick, scene.as_deref(), &find)?)
    }
}

fn load(engine: &Engine, hash: &str, component: &str) -> Result<Strategy, ExportError> {
    let wrong = |reason: String| ExportError::Component { hash: hash.to_owned(), reason };
    let bytes = BASE64_STANDARD.decode(component).map_err(|error| wrong(error.to_string()))?;
    let strategy = engine.load(&bytes).map_err(|error| wrong(error.to_string()))?;
    if strategy.hash() != hash {
        return Err(wrong(format!("its hash is {}", strategy.hash())));
    }
    Ok(strategy)
}
