//! Puts the parts of a home together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use control::Setup;
use forecast::Tariff;
use home::Home;
use home::homeassistant::{Connection, EntityId, HomeAssistant};
use home::simulated::{SimulatedConfig, SimulatedHome};
use journal::Keep;
use model::score::PromotionRule;
use model::{Link, Roster};

use crate::config::{self, Config, PriceSources, SkySources};

/// How long a command that looks once waits for Home Assistant.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Which kind of home it is.
pub enum Place {
    /// Behind a Home Assistant.
    Real {
        /// The adapter.
        home: Arc<HomeAssistant>,
        /// Where prices come from.
        prices: PriceSources,
        /// Where weather and sun ahead come from.
        sky: Box<SkySources>,
        /// What shows it that the program is alive.
        heartbeat: Option<EntityId>,
        /// By which several Wattwrights agree on which of them commands it.
        lease: Option<EntityId>,
    },
    /// Simulated.
    Simulated(Arc<SimulatedHome>),
}

/// A home, ready to be run or looked at.
pub struct Parts {
    /// For the control loop.
    pub setup: Setup,
    /// Which strategies decide, as the configuration has it.
    pub roster: Roster,
    /// The adapter.
    pub place: Place,
    /// What is made of prices.
    pub tariff: Tariff,
    /// Where the configuration says that strategies are dropped in; `None`: the simulated home has no
    /// place of its own.
    pub strategies: Option<PathBuf>,
    /// Retention.
    pub keep: Keep,
    /// When a shadow is proposed.
    pub promotion: PromotionRule,
}

impl Parts {
    /// The port.
    pub fn home(&self) -> Arc<dyn Home> {
        match &self.place {
            Place::Real { home, .. } => home.clone(),
            Place::Simulated(home) => home.clone(),
        }
    }
}

/// The home that a configuration describes, or the simulated one. Must be called within a Tokio runtime.
pub fn assemble(config: Option<&Path>, simulated_soc: Option<f64>) -> Result<Parts> {
    match config {
        Some(path) => real(config::load(path)?),
        None => simulated(simulated_soc),
    }
}

fn real(config: Config) -> Result<Parts> {
    let connection = connection(&config)?;
    let home = Arc::new(HomeAssistant::connect(connection, config.entities));
    Ok(Parts {
        setup: config.setup,
        roster: config.roster,
        place: Place::Real {
            home,
            prices: config.prices,
            sky: Box::new(config.sky),
            heartbeat: config.heartbeat,
            lease: config.lease,
        },
        tariff: config.tariff,
        strategies: Some(config.strategies),
        keep: config.keep,
        promotion: config.promotion,
    })
}

fn simulated(soc_pct: Option<f64>) -> Result<Parts> {
    let mut simulated = SimulatedConfig::default();
    if let Some(soc_pct) = soc_pct {
        if !(0.0..=100.0).contains(&soc_pct) {
            bail!("--simulated-soc {soc_pct}: expected 0 to 100 percent");
        }
        simulated.present_soc_pct = Some(soc_pct);
    }
    let home = Arc::new(SimulatedHome::start(simulated).context("the simulated home cannot be set up")?);
    let layout = home.layout();
    Ok(Parts {
        setup: config::simulated(&layout),
        roster: Roster { active: vec![config::LAST_RESORT.into()], ..Roster::default() },
        place: Place::Simulated(home),
        tariff: Tariff::default(),
        strategies: None,
        keep: Keep::default(),
        promotion: PromotionRule::default(),
    })
}

/// Home Assistant's address and token, from the configuration or the environment.
fn connection(config: &Config) -> Result<Connection> {
    let file = config.path.display();
    let from_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let url = config.url.clone().or_else(|| from_environment("HA_URL")).with_context(|| {
        format!("{file}: Home Assistant's address is missing; set `url` in [homeassistant], or HA_URL")
    })?;
    let token = match &config.token_file {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("{file}: homeassistant.token_file: {} cannot be read", path.display()))?,
        None => from_environment("HA_TOKEN").with_context(|| {
            format!(
                "{file}: Home Assistant's token is missing; set `token_file` in [homeassistant], or HA_TOKEN. \
                 Make one in Home Assistant under your profile, Security, Long-lived access tokens"
            )
        })?,
    };
    Connection::new(&url, token.trim()).with_context(|| format!("{file}: homeassistant"))
}

/// Waits until a home that was looked up once is connected.
pub async fn connected(place: &Place) -> Result<()> {
    let Place::Real { home, .. } = place else { return Ok(()) };
    match home.settled(PATIENCE).await {
        Link::Up { .. } => Ok(()),
        Link::Rejected { reason } => bail!("Home Assistant does not accept the token: {reason}"),
        Link::Connecting { reason } if reason.is_empty() => {
            bail!("Home Assistant did not answer within {} s", PATIENCE.as_secs())
        }
        Link::Connecting { reason } => bail!("Home Assistant cannot be reached: {reason}"),
    }
}
