//! One Home Assistant with simulated devices for all tests, one test at a time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};

use crate::files::root;
use crate::hass::Hass;
use crate::sim::Sim;
use crate::wait::{seconds, until};

static STARTED: Mutex<Option<Addresses>> = Mutex::const_new(None);

#[derive(Clone)]
struct Addresses {
    hass_url: String,
    token: String,
    mqtt_port: u16,
    /// Locked: another run would stop this one's Home Assistant.
    _alone: Arc<File>,
}

/// The rig, ours until it is dropped.
pub struct Rig {
    /// Home Assistant.
    pub hass: Hass,
    /// The devices.
    pub sim: Sim,
    _turn: MutexGuard<'static, Option<Addresses>>,
}

impl Rig {
    /// Waits for its turn, starts the rig when it is the first, and puts all devices at rest.
    ///
    /// # Errors
    ///
    /// The rig does not start.
    pub async fn claim() -> Result<Self> {
        let mut turn = STARTED.lock().await;
        let addresses = match turn.clone() {
            Some(addresses) => addresses,
            None => turn.insert(start().await?).clone(),
        };
        let sim = Sim::connect(addresses.mqtt_port).await?;
        let hass = Hass::new(addresses.hass_url, addresses.token);
        sim.reset().await?;
        hass.is_ready().await?;
        Ok(Self { hass, sim, _turn: turn })
    }
}

impl Rig {
    /// Sets what is true, a whole state of charge included, and waits until Home Assistant shows that.
    ///
    /// # Errors
    ///
    /// It does not.
    pub async fn set(&self, soc_pct: i64, load_w: i64) -> Result<()> {
        self.sim.set(json!({"soc": soc_pct, "load": load_w, "solar": 0})).await?;
        until("Home Assistant shows the state of charge", seconds(15), async || {
            let shown = self.hass.state("sensor.solarflow_800_electric_level").await?;
            ensure!(shown.parse() == Ok(soc_pct), "{shown}");
            Ok(())
        })
        .await
    }
}

impl Rig {
    /// Does something while Home Assistant has more in its configuration, for which it is started anew twice.
    ///
    /// # Errors
    ///
    /// Those of `work`, and when Home Assistant does not come back.
    pub async fn with_configuration(&self, yaml: &str, work: impl AsyncFnOnce() -> Result<()>) -> Result<()> {
        let file = folder().join("config/configuration.yaml");
        let before = std::fs::read_to_string(&file)?;
        std::fs::write(&file, format!("{before}\n{yaml}"))?;
        let began = async {
            self.hass.restart().await?;
            self.hass.is_ready().await
        }
        .await;
        let result = match began {
            Ok(()) => work().await,
            Err(error) => Err(error),
        };
        std::fs::write(&file, before)?;
        self.hass.restart().await?;
        self.hass.is_ready().await?;
        result
    }
}

fn folder() -> PathBuf {
    let folder = std::env::var_os("WATTWRIGHT_RIG").unwrap_or_else(|| "target/test-home-assistant".into());
    root().join(PathBuf::from(folder))
}

fn alone(folder: &Path) -> Result<Arc<File>> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let lock = File::create(folder.with_extension("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(Arc::new(lock)),
        Err(TryLockError::WouldBlock) => {
            bail!("another run of the tests uses {}; wait for its end, or set WATTWRIGHT_RIG", folder.display())
        }
        Err(TryLockError::Error(error)) => Err(error).context("the lock of the tests' Home Assistant"),
    }
}

async fn start() -> Result<Addresses> {
    let folder = folder();
    let alone = alone(&folder)?;
    let scripts = root().join("tests/ha");
    let mut down = Command::new(scripts.join("down"));
    ensure!(down.arg("--wipe").arg(&folder).status().await?.success(), "the last run's Home Assistant does not stop");

    let mut up = Command::new(scripts.join("up"));
    up.arg("--while").arg(std::process::id().to_string()).arg(&folder);
    let output = up.stderr(Stdio::inherit()).output().await?;
    ensure!(output.status.success(), "tests/ha/up: {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(str::to_owned).with_context(|| format!("tests/ha/up printed no {name}"))
    };
    let mqtt = value("MQTT_URL")?;
    let port = mqtt.rsplit(':').next().unwrap_or_default();
    Ok(Addresses { hass_url: value("HA_URL")?, token: value("HA_TOKEN")?, mqtt_port: port.parse()?, _alone: alone })
}
