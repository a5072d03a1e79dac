//! `wattwright run`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use control::Controller;
use jiff::Timestamp;
use journal::Journal;
use model::slot;
use server::{AllowedHosts, Server};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::Run;
use crate::knowledge::Knowledge;
use crate::recorder::Recorder;
use crate::wiring::{Parts, Place};
use crate::{config, feeds, shipped, wiring};

/// How often old records are deleted.
const PRUNE: Duration = Duration::from_secs(6 * 3600);

/// Runs until SIGTERM or SIGINT.
pub async fn run(args: Run) -> Result<()> {
    if !args.listen.ip().is_loopback() {
        bail!(
            "--listen {}: the page has no accounts yet, so it is served on this machine only; \
             use 127.0.0.1, and `ssh -L 8420:127.0.0.1:8420` from elsewhere",
            args.listen
        );
    }
    let mut signals = Signals::new()?;
    let mut parts = wiring::assemble(args.home.config.as_deref(), Some(args.simulated_soc))?;
    if let Some(mode) = args.mode {
        config::set_mode(&mut parts.setup, mode.into());
    }
    prefer(&mut parts.setup.order, &args.strategy);
    let state_dir = args.state_dir.map_or_else(|| default_state_dir(&parts), Ok)?;
    let journal = Journal::open(state_dir.join("journal.db"))?;
    let folder = args.strategies.or(parts.strategies.clone()).unwrap_or_else(|| state_dir.join("strategies"));
    let library = shipped::lasting_library(&folder, &state_dir)?;
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        format!("--listen {}: the address cannot be used; is another Wattwright running?", args.listen)
    })?;
    let address = listener.local_addr()?;

    let now = Timestamp::now();
    let known_past = journal.past(back(now), now)?;
    let knowledge = match &parts.place {
        Place::Simulated(home) => {
            let past = home.past_slots();
            journal.record_past(&past)?;
            let knowledge = Arc::new(Knowledge::new(parts.tariff.clone(), Some(journal.clone()), past));
            feeds::enter_simulated(home, &knowledge);
            tokio::spawn(feeds::simulated(home.clone(), knowledge.clone()));
            knowledge
        }
        Place::Real { home, prices, weather } => {
            let knowledge = Arc::new(Knowledge::new(parts.tariff.clone(), Some(journal.clone()), known_past));
            if let Some(prices) = prices.clone() {
                feeds::once(&prices, home, &knowledge).await;
                tokio::spawn(feeds::run(prices, home.clone(), knowledge.clone()));
            }
            if let Some(entity) = weather.clone() {
                tokio::spawn(feeds::weather(entity, home.clone(), knowledge.clone()));
            }
            knowledge
        }
    };

    let home = parts.home();
    let (controller, live) =
        Controller::new(parts.setup, home, knowledge, Arc::new(Recorder(journal.clone())), library);
    let shutdown = CancellationToken::new();
    let page = Server { live, journal: journal.clone(), hosts: AllowedHosts::default(), shutdown: shutdown.clone() };
    let page = tokio::spawn(server::serve(listener, page));
    let pruning = tokio::spawn(prune(journal, parts.keep));
    super::say(format!("Wattwright is running: http://{address}"));
    super::say(format!("Strategies are dropped into {}", folder.display()));
    let control = tokio::spawn(controller.run(shutdown.clone()));

    signals.received().await;
    tracing::info!("stopping; giving back what was taken over");
    shutdown.cancel();
    control.await.context("the control loop ended by a fault")?;
    pruning.abort();
    page.await.context("the page ended by a fault")?.context("the page could not be served to the end")?;
    Ok(())
}

/// Puts strategies that were asked for before the configured ones.
fn prefer(order: &mut Vec<String>, preferred: &[String]) {
    order.retain(|name| !preferred.contains(name));
    order.splice(0..0, preferred.iter().cloned());
}

fn back(now: Timestamp) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_secs(slot::SLOT_S * 192)).unwrap_or(Timestamp::MIN)
}

async fn prune(journal: Journal, keep: journal::Keep) {
    loop {
        let own = journal.clone();
        match tokio::task::spawn_blocking(move || own.prune(Timestamp::now(), keep)).await {
            Ok(Ok(pruned)) => tracing::debug!(?pruned, "journal pruned"),
            Ok(Err(error)) => tracing::error!(%error, "old records could not be deleted"),
            Err(error) => tracing::error!(%error, "old records could not be deleted"),
        }
        tokio::time::sleep(PRUNE).await;
    }
}

/// SIGTERM and SIGINT, from the moment on in which this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("SIGTERM cannot be awaited")?,
            interrupt: signal(SignalKind::interrupt()).context("SIGINT cannot be awaited")?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A folder for each home: systemd's, or below the user's state folder (XDG Base Directory).
fn default_state_dir(parts: &Parts) -> Result<PathBuf> {
    if let Some(systemd) = std::env::var_os("STATE_DIRECTORY") {
        return Ok(systemd.into());
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = match (state, std::env::home_dir()) {
        (Some(state), _) => state,
        (None, Some(home)) => home.join(".local/state"),
        (None, None) => bail!("there is no home folder to keep the journal in; say where with --state-dir"),
    };
    let name: String = parts
        .setup
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    Ok(state.join("wattwright").join(name))
}
