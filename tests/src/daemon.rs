//! The real daemon as a process, and its API.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::wait::{seconds, until};

/// A running `wattwright run`; killed when it is dropped.
pub struct Daemon {
    child: Child,
    url: String,
    log: PathBuf,
    http: reqwest::Client,
}

impl Daemon {
    /// Starts `command` with its state in `state`, its page on a free port of this machine only and its
    /// log in the file `log`, and returns when the page answers.
    ///
    /// # Errors
    ///
    /// It ends early or does not answer, with its log.
    pub async fn start(mut command: Command, state: &Path, log: &Path) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        command.arg("--state-dir").arg(state).arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.stdout(file.try_clone()?).stderr(file).kill_on_drop(true);
        let mut daemon = Self {
            child: command.spawn()?,
            url: format!("http://127.0.0.1:{port}"),
            log: log.to_owned(),
            http: reqwest::Client::new(),
        };
        let started = Instant::now();
        while daemon.live().await.is_err() {
            if let Some(status) = daemon.child.try_wait()? {
                bail!("the daemon ended with {status}:\n{}", daemon.log());
            }
            ensure!(started.elapsed() < seconds(30), "the daemon does not answer; its log:\n{}", daemon.log());
            tokio::time::sleep(seconds(1) / 20).await;
        }
        Ok(daemon)
    }

    /// Address of its page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it logged up to now.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// An answer of its API.
    ///
    /// # Errors
    ///
    /// It does not answer, or with an error.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.http.get(format!("{}{path}", self.url)).timeout(seconds(5)).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// This moment.
    ///
    /// # Errors
    ///
    /// See [`Self::get`].
    pub async fn live(&self) -> Result<Value> {
        self.get("/api/live").await
    }

    /// What is done with the battery.
    ///
    /// # Errors
    ///
    /// Nothing yet.
    pub async fn battery(&self) -> Result<Value> {
        let live = self.live().await?;
        let id = &live["home"]["batteries"][0]["id"];
        let doing = live["doing"].as_array().context("no `doing`")?;
        doing.iter().find(|doing| doing["target"] == *id).cloned().with_context(|| format!("nothing of {id} in {live}"))
    }

    /// The last tick.
    ///
    /// # Errors
    ///
    /// There was none.
    pub async fn latest_tick(&self) -> Result<Value> {
        self.get("/api/ticks/latest").await
    }

    /// Waits until a battery command of the kind `kind` came to `stage`.
    ///
    /// # Errors
    ///
    /// It did not.
    pub async fn reaches(&self, kind: &str, stage: &str) -> Result<()> {
        until(&format!("{kind} {stage}"), seconds(60), async || {
            let outcome = self.battery().await?["outcome"].clone();
            let reached = outcome["command"]["kind"] == kind && outcome["stage"] == stage;
            ensure!(reached, "outcome: {outcome}");
            Ok(())
        })
        .await
    }

    /// Whether a tick in the journal, of the last twenty, has a battery command of that kind and stage.
    ///
    /// # Errors
    ///
    /// The API does not answer.
    pub async fn recorded(&self, kind: &str, stage: &str) -> Result<bool> {
        let ticks = self.get("/api/ticks?limit=20").await?;
        for tick in ticks.as_array().context("no list of ticks")? {
            let tick = self.get(&format!("/api/ticks/{}", tick["id"])).await?;
            let outcomes = tick["outcomes"].as_array().context("a tick without outcomes")?;
            if outcomes.iter().any(|o| o["command"]["kind"] == kind && o["stage"] == stage) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether it still runs.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Asks it to end (`SIGTERM`) and waits for that.
    ///
    /// # Errors
    ///
    /// It does not end.
    pub async fn terminate(mut self) -> Result<ExitStatus> {
        let id = self.child.id().context("the daemon has ended already")?;
        let kill = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await?;
        ensure!(kill.success(), "kill: {kill}");
        let ended = tokio::time::timeout(seconds(30), self.child.wait()).await;
        Ok(ended.with_context(|| format!("the daemon does not end; its log:\n{}", self.log()))??)
    }

    /// Its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Stops it (`SIGSTOP`), so that `look` sees its files as they are at that moment, and kills it then.
    ///
    /// # Errors
    ///
    /// It has ended already, or `look` fails.
    pub async fn kill_keeping(self, look: impl FnOnce() -> Result<()>) -> Result<()> {
        let id = self.child.id().context("the daemon has ended already")?;
        let stop = Command::new("kill").arg("-STOP").arg(id.to_string()).status().await?;
        ensure!(stop.success(), "kill: {stop}");
        look()?;
        self.kill().await
    }

    /// Kills it on the spot (`SIGKILL`).
    ///
    /// # Errors
    ///
    /// It has ended already.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}
