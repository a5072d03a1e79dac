//! A home of one's own for each test: the example configuration with changes, prices, a folder of
//! strategies and a state folder, all gone afterwards.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use toml::Table;

use crate::daemon::Daemon;
use crate::files::{root, wattwright};
use crate::hass::Hass;
use crate::prices::Prices;

const EXAMPLE: &str = "examples/homes/zendure-shelly.toml";

/// A home's files.
pub struct Home {
    folder: TempDir,
}

/// How a command ended.
pub struct Ended {
    /// Its exit status; `None`: a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ended {
    /// What it printed, as JSON.
    ///
    /// # Errors
    ///
    /// It did not succeed, or printed something else.
    pub fn json(&self) -> Result<Value> {
        ensure!(self.code == Some(0), "exit status {:?}: {}", self.code, self.stderr);
        serde_json::from_str(&self.stdout).with_context(|| format!("not JSON: {}", self.stdout))
    }
}

impl Ended {
    /// What it printed, if it succeeded.
    ///
    /// # Errors
    ///
    /// It did not.
    pub fn succeeded(self) -> Result<String> {
        ensure!(self.code == Some(0), "exit status {:?}: {}{}", self.code, self.stdout, self.stderr);
        Ok(self.stdout)
    }
}

impl Home {
    /// The example home with these prices.
    ///
    /// # Errors
    ///
    /// The example cannot be read, or the files cannot be written.
    pub fn new(prices: &Prices) -> Result<Self> {
        let home = Self { folder: tempfile::Builder::new().prefix("wattwright-").tempdir()? };
        std::fs::create_dir(home.strategies())?;
        std::fs::write(home.path("prices.csv"), prices.csv())?;
        let mut config: Table = std::fs::read_to_string(root().join(EXAMPLE))?.parse()?;
        config.insert(
            "prices".into(),
            toml::Value::Table("source = [{ source = \"csv\", file = \"prices.csv\" }]".parse()?),
        );
        // Whether one is due depends on the time of day.
        config.remove("task");
        home.write(&config)?;
        Ok(home)
    }

    /// Changes the prices.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn set_prices(&self, prices: &Prices) -> Result<()> {
        self.replace(&self.path("prices.csv"), prices.csv().as_bytes())
    }

    /// Changes the configuration.
    ///
    /// # Errors
    ///
    /// It cannot be read or written.
    pub fn configure(&self, change: impl FnOnce(&mut Table) -> Result<()>) -> Result<()> {
        let mut config: Table = std::fs::read_to_string(self.config())?.parse()?;
        change(&mut config)?;
        self.write(&config)
    }

    /// Puts a strategy first, by the name of its file.
    ///
    /// # Errors
    ///
    /// The files cannot be written.
    pub fn ask_first(&self, name: &str, wasm: &[u8]) -> Result<()> {
        self.put_strategy(name, wasm)?;
        self.configure(|config| {
            let order = vec![name.into(), "rule-based".into()];
            let strategies = config.entry("strategies").or_insert_with(|| Table::new().into());
            let strategies = strategies.as_table_mut().context("`strategies` is no table")?;
            strategies.insert("order".into(), toml::Value::Array(order));
            strategies.insert("folder".into(), "strategies".into());
            Ok(())
        })
    }

    /// Gives a strategy a setting.
    ///
    /// # Errors
    ///
    /// The configuration cannot be written.
    pub fn set_setting(&self, strategy: &str, key: &str, value: &str) -> Result<()> {
        self.configure(|config| {
            let mut place = config;
            for key in ["strategies", "settings", strategy] {
                let inner = place.entry(key).or_insert_with(|| Table::new().into());
                place = inner.as_table_mut().with_context(|| format!("`{key}` is no table"))?;
            }
            place.insert(key.into(), value.into());
            Ok(())
        })
    }

    /// Puts a file into the folder of strategies.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn put_strategy(&self, name: &str, wasm: &[u8]) -> Result<()> {
        self.replace(&self.strategies().join(format!("{name}.wasm")), wasm)
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.path("home.toml")
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// A file of this home.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the daemon on it; `mode` as in `--mode`.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub async fn run(&self, hass: &Hass, mode: &str) -> Result<Daemon> {
        let mut command = self.command(hass, &["run", "--mode", mode])?;
        command.arg("--config").arg(self.config());
        Daemon::start(command, &self.state(), &self.path("log")).await
    }

    /// Starts the daemon and kills it so long afterwards, whether or not it is up by then.
    ///
    /// # Errors
    ///
    /// It cannot be started, or it has ended by itself.
    pub async fn run_for(&self, hass: &Hass, mode: &str, lasts: Duration) -> Result<()> {
        let mut command = self.command(hass, &["run", "--mode", mode, "--listen", "127.0.0.1:0"])?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("log"))?;
        command.arg("--config").arg(self.config()).arg("--state-dir").arg(self.state());
        let mut daemon = command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
        tokio::time::sleep(lasts).await;
        ensure!(daemon.try_wait()?.is_none(), "the daemon has ended by itself");
        Ok(daemon.kill().await?)
    }

    /// Runs another command to its end.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub async fn ask(&self, hass: &Hass, arguments: &[&str]) -> Result<Ended> {
        let output = self.command(hass, arguments)?.output().await?;
        Ok(Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs a command about this home, beside the daemon.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub async fn manage(&self, hass: &Hass, arguments: &[&str]) -> Result<Ended> {
        let state = self.state();
        let site = ["--config", "home.toml", "--state-dir", state.to_str().context("the state folder's name")?];
        self.ask(hass, &[arguments, &site].concat()).await
    }

    fn command(&self, hass: &Hass, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(wattwright()?);
        command.env("HA_URL", &hass.url).env("HA_TOKEN", &hass.token).args(arguments);
        command.current_dir(self.folder.path());
        Ok(command)
    }

    fn strategies(&self) -> PathBuf {
        self.path("strategies")
    }

    /// Writes a file whole or not at all, as a careful person does.
    fn replace(&self, file: &Path, content: &[u8]) -> Result<()> {
        let draft = self.path("draft");
        std::fs::write(&draft, content)?;
        Ok(std::fs::rename(draft, file)?)
    }

    fn write(&self, config: &Table) -> Result<()> {
        Ok(std::fs::write(self.config(), toml::to_string(config)?)?)
    }
}
