//! `wattwright run`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use control::Controller;
use engine::{Library, Trial};
use jiff::Timestamp;
use journal::Journal;
use model::{Roster, slot};
use server::{AllowedHosts, Server};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::Run;
use crate::hand::OwnersHand;
use crate::knowledge::Knowledge;
use crate::manager::Manager;
use crate::recorder::Recorder;
use crate::roster::RosterFile;
use crate::trial::Ground;
use crate::wiring::Place;
use crate::{config, feeds, heartbeat, shipped, site, supervisor, wiring};

/// How long the first tick waits for prices.
const FIRST_PRICES: Duration = Duration::from_secs(5);
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
    let state_dir = args.state_dir.map_or_else(|| site::default_state_dir(&parts.setup.name), Ok)?;
    let journal = Journal::open(site::journal_of(&state_dir))?;
    let folder = site::folder_of(args.strategies.as_deref(), parts.strategies.as_deref(), &state_dir);
    let home = parts.home();
    let roster = RosterFile::new(&state_dir, parts.roster).preferring(args.strategy);
    let library = shipped::lasting_library(
        &folder,
        &state_dir,
        journal.referenced_hashes()?,
        trial(journal.clone(), roster.clone()),
    )?;
    let manager = Manager::new(library.clone(), None, roster.clone(), Some(journal.clone()), folder.clone());
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
            feeds::enter_simulated(home, &knowledge, now);
            tokio::spawn(feeds::simulated(home.clone(), knowledge.clone()));
            knowledge
        }
        Place::Real { home, prices, weather, .. } => {
            let knowledge = Arc::new(Knowledge::new(parts.tariff.clone(), Some(journal.clone()), known_past));
            let prices = feeds::prices(prices.clone(), home.clone(), knowledge.clone(), state_dir.clone());
            // The first decision is better with prices, and no better for waiting long; they go on without us.
            let _ = tokio::time::timeout(FIRST_PRICES, tokio::spawn(prices)).await;
            if let Some(entity) = weather.clone() {
                tokio::spawn(feeds::weather(entity, home.clone(), knowledge.clone()));
            }
            knowledge
        }
    };

    let (controller, live) = Controller::new(
        parts.setup,
        home,
        knowledge,
        Arc::new(Recorder(journal.clone())),
        library.clone(),
        roster.follow(),
    );
    tokio::spawn(supervisor::tell(live.clone()));
    let beating = match &parts.place {
        Place::Real { home, heartbeat: Some(entity), .. } => {
            Some(tokio::spawn(heartbeat::beat(home.clone(), entity.clone(), live.clone())))
        }
        _ => None,
    };
    let shutdown = CancellationToken::new();
    let page = Server {
        live,
        journal: journal.clone(),
        manage: Arc::new(manager),
        hand: Arc::new(OwnersHand(controller.owner())),
        hosts: AllowedHosts::default(),
        shutdown: shutdown.clone(),
    };
    let page = tokio::spawn(server::serve(listener, page));
    let pruning = tokio::spawn(prune(journal, parts.keep, library));
    super::say(format!("Wattwright is running: http://{address}"));
    super::say(format!("Strategies are dropped into {}", folder.display()));
    let control = tokio::spawn(controller.run(shutdown.clone()));

    signals.received().await;
    tracing::info!("stopping; giving back what was taken over");
    shutdown.cancel();
    control.await.context("the control loop ended by a fault")?;
    if let Some(beating) = beating {
        // It ends with the control loop, and tells Home Assistant so.
        let _ = beating.await;
    }
    pruning.abort();
    page.await.context("the page ended by a fault")?.context("the page could not be served to the end")?;
    Ok(())
}

/// A new version of a strategy has to have a plan for the home as it was last seen.
fn trial(journal: Journal, roster: RosterFile) -> Trial {
    // It is called on the library's own thread, and the sample home needs a runtime.
    let runtime = tokio::runtime::Handle::current();
    Arc::new(move |strategy| {
        let _within = runtime.enter();
        let roster = roster.read().unwrap_or_else(|error| {
            tracing::warn!("a strategy is tried with its own defaults: {error:#}");
            Roster::default()
        });
        let ground = Ground::of_home(Some(journal.clone()), roster).map_err(|error| format!("{error:#}"))?;
        ground.admit(strategy)
    })
}

fn back(now: Timestamp) -> Timestamp {
    now.checked_sub(jiff::SignedDuration::from_secs(slot::SLOT_S * 192)).unwrap_or(Timestamp::MIN)
}

async fn prune(journal: Journal, keep: journal::Keep, library: Arc<Library>) {
    loop {
        let (own, library) = (journal.clone(), library.clone());
        let pruned = tokio::task::spawn_blocking(move || {
            let pruned = own.prune(Timestamp::now(), keep)?;
            library.keep(own.referenced_hashes()?);
            Ok::<_, journal::Error>(pruned)
        });
        match pruned.await {
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
