//! `wattwright run`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use control::{Controller, Holder, Setup};
use engine::{Library, Trial};
use home::homeassistant::{EntityId, HomeAssistant};
use jiff::Timestamp;
use journal::Journal;
use model::{Live, Mode, Roster};
use server::{Access, Accounts, AllowedHosts, Server, Tokens, Users};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cli::Run;
use crate::hand::OwnersHand;
use crate::lab::Laboratory;
use crate::log::Log;
use crate::manager::Manager;
use crate::overview::Overview;
use crate::recorder::Recorder;
use crate::roster::RosterFile;
use crate::scores::Scorer;
use crate::trial::Ground;
use crate::what_if::Evaluator;
use crate::wiring::Place;
use crate::{config, feeds, heartbeat, lease, past, shipped, site, supervisor, wiring};
use knowledge::Knowledge;

/// How long the first tick waits for prices.
const FIRST_PRICES: Duration = Duration::from_secs(5);
/// How often old records are deleted.
const PRUNE: Duration = Duration::from_secs(6 * 3600);

/// Runs until SIGTERM or SIGINT.
pub async fn run(args: Run, log: Log) -> Result<()> {
    let mut signals = Signals::new()?;
    let mut parts = wiring::assemble(args.home.config.as_deref(), Some(args.simulated_soc))?;
    if let Some(mode) = args.mode {
        config::set_mode(&mut parts.setup, mode.into());
    }
    let state_dir = args.state_dir.map_or_else(|| site::default_state_dir(&parts.setup.name), Ok)?;
    let (access, hosts) = access(args.listen, &state_dir, &args.hosts)?;
    let journal = site::open_journal(&state_dir)?;
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
    let knowledge = Arc::new(Knowledge::new(parts.tariff.clone(), Some(journal.clone())));
    match &parts.place {
        Place::Simulated(simulated) => {
            past::record_missing(&journal, simulated.past_slots())?;
            past::learn(&journal, &parts.setup, &home.state(), &knowledge)?;
            feeds::enter_simulated(simulated, &knowledge, now);
            tokio::spawn(feeds::simulated(simulated.clone(), knowledge.clone()));
        }
        Place::Real { home: real, prices, sky, .. } => {
            let learned = past::learn(&journal, &parts.setup, &home.state(), &knowledge)?;
            let prices = feeds::prices::run(prices.clone(), real.clone(), knowledge.clone(), state_dir.clone());
            tokio::spawn(feeds::sky::run(sky.as_ref().clone(), real.clone(), knowledge.clone(), state_dir.clone()));
            let follower = past::Follower {
                home: real.clone(),
                setup: parts.setup.clone(),
                journal: journal.clone(),
                knowledge: knowledge.clone(),
            };
            tokio::spawn(follower.run(learned));
            // The first decision is better with prices, and no better for waiting long; they go on without us.
            let _ = tokio::time::timeout(FIRST_PRICES, tokio::spawn(prices)).await;
        }
    }

    let scorer = Scorer { journal: journal.clone(), library: library.clone(), setup: parts.setup.clone() };
    let home_for_scores = home.clone();
    let evaluator = Evaluator::new(library.clone(), roster.clone(), journal.clone());
    let lab = Laboratory::new(&parts.setup, library.clone(), roster.clone(), journal.clone(), &state_dir);
    let setup = parts.setup.clone();
    let (controller, live) = Controller::new(
        parts.setup,
        home,
        knowledge.clone(),
        Arc::new(Recorder(journal.clone())),
        library.clone(),
        roster.follow(),
    );
    let (controller, held) = match commands_something(&setup) {
        true => under_lease(controller, &parts.place, &state_dir, &live)?,
        // Who only advises is in nobody's way.
        false => (controller, None),
    };
    tokio::spawn(supervisor::tell(live.clone()));
    let beating = match &parts.place {
        Place::Real { home, heartbeat: Some(entity), .. } => {
            let beating = tokio::spawn(heartbeat::beat(home.clone(), entity.clone(), live.clone()));
            Some((beating, home.clone(), entity.clone()))
        }
        _ => None,
    };
    let shutdown = CancellationToken::new();
    let page = Server {
        live,
        journal: journal.clone(),
        manage: Arc::new(manager),
        hand: Arc::new(OwnersHand(controller.owner())),
        evaluate: Arc::new(evaluator),
        lab: Arc::new(lab),
        site: Arc::new(Overview {
            setup,
            keep: parts.keep,
            knowledge,
            journal: journal.clone(),
            written: controller.written(),
            log,
        }),
        hosts,
        access,
        promotion: parts.promotion,
        shutdown: shutdown.clone(),
    };
    let page = tokio::spawn(server::serve(listener, page));
    tokio::spawn(scorer.run(home_for_scores, shutdown.clone()));
    let pruning = tokio::spawn(prune(journal, parts.keep, library));
    super::say(format!("Wattwright is running: http://{address}"));
    super::say(format!("Strategies are dropped into {}", folder.display()));
    let mut control = tokio::spawn(controller.run(shutdown.clone()));

    tokio::select! {
        () = signals.received() => {}
        // Without it nothing is looked after; whoever started this may start it again.
        ended = &mut control => {
            ended.context("the control loop ended by a fault")?;
            bail!("the control loop ended by itself");
        }
    }
    tracing::info!("stopping; giving back what was taken over");
    shutdown.cancel();
    let all_given_back = control.await.context("the control loop ended by a fault")?;
    let leads = held.as_ref().is_none_or(|(_, _, holder)| matches!(*holder.borrow(), Holder::Ours { .. }));
    if let Some((beating, home, entity)) = beating {
        // It ends with the control loop.
        let has_beaten = beating.await.unwrap_or(false);
        if has_beaten && all_given_back && leads {
            heartbeat::rest(&home, &entity).await;
        }
    }
    if let Some((home, entity, _)) = held
        && all_given_back
        && leads
    {
        lease::let_go(&home, &entity).await;
    }
    pruning.abort();
    page.await.context("the page ended by a fault")?.context("the page could not be served to the end")?;
    Ok(())
}

fn commands_something(setup: &Setup) -> bool {
    let batteries = setup.batteries.iter().map(|battery| battery.mode);
    batteries.chain(setup.devices.iter().map(|device| device.mode)).any(|mode| mode == Mode::Control)
}

/// What is let go of at the end: the entity, and who holds it.
type Held = (Arc<HomeAssistant>, EntityId, watch::Receiver<Holder>);

/// Lets the control loop command only while the home's lease is ours, where there is one.
fn under_lease(
    controller: Controller,
    place: &Place,
    state_dir: &Path,
    live: &watch::Receiver<Arc<Live>>,
) -> Result<(Controller, Option<Held>)> {
    let Place::Real { home, lease: Some(entity), .. } = place else { return Ok((controller, None)) };
    let (sender, holder) = watch::channel(Holder::Unknown);
    tokio::spawn(lease::take_part(home.clone(), entity.clone(), lease::name(state_dir)?, sender, live.clone()));
    Ok((controller.under_lease(holder.clone()), Some((home.clone(), entity.clone(), holder))))
}

/// As long as there are no users, everyone on this machine is the owner. Once there are some, also those on this
/// machine have to sign in: who asks may be a proxy that lets others in.
fn access(listen: SocketAddr, state_dir: &Path, names: &[String]) -> Result<(Access, AllowedHosts)> {
    let hosts = AllowedHosts::new(names);
    let users = Users::new(state_dir);
    let is_local = listen.ip().is_loopback();
    if users.list()?.is_empty() {
        if is_local && names.is_empty() {
            return Ok((Access::Open, hosts));
        }
        bail!(
            "--listen {listen}{}: others than this machine can reach that, and there is no user yet who may; \
             add one first: `wattwright user add NAME --role owner`, with the same --config and --state-dir",
            if names.is_empty() { "" } else { " with --host" }
        );
    }
    let accounts = Accounts::new(users, Tokens::new(state_dir), Arc::new(Timestamp::now));
    let hosts = if is_local { hosts } else { hosts.with_any_address() };
    Ok((Access::Accounts(Arc::new(accounts)), hosts))
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
