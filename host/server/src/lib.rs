//! The JSON API, live events and the page, over HTTP.
//!
//! ```text
//! control ── watch ──> /api/live, /api/events (SSE)
//! journal ──────────> /api/ticks, /api/past, /api/decisions, /api/energy, /api/scores
//! manage <──────────> /api/strategies, /api/ticks/{id}/replay
//! users <───────────> /api/session, /api/password, /api/users, /api/tokens, /api/notes
//! hand <────────────> /api/override, /api/pause
//! evaluate <────────> /api/what-if
//! lab <─────────────> /api/lab
//! site ─────────────> /api/setup, /api/log, /api/backup
//! web/dist ─────────> everything else
//! ```
//!
//! The API is described by `web/openapi.json`, which is made from this code; a test fails when they
//! drift apart.
//!
//! Architecture invariants: only the routes of `strategies`, [`hand`], [`lab`] and `access` change anything, and each of
//! them demands that the request is meant (`strategies::Meant`); all others read. What a request needs stands in
//! [`access::ROUTES`]. Every error under `/api` is JSON with a sentence for people. Nothing here blocks the tick:
//! readers of the journal run beside it, and a slow listener of events skips to the newest state.

pub mod access;
mod api;
mod energy;
mod error;
mod events;
pub mod hand;
mod history;
mod hosts;
pub mod lab;
pub mod manage;
mod page;
mod query;
mod scores;
mod secure;
mod serve;
pub mod site;
mod strategies;
pub mod what_if;

use std::sync::Arc;

use axum::{Router, middleware};
use journal::Journal;
use model::Live;
use model::score::PromotionRule;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use access::{Access, Accounts, Scope, Tokens, UserRole, Users};
pub use api::{Health, HealthStatus, openapi_json};
pub use energy::{EnergyPeriod, Sum};
pub use error::{Failure, FailureDetail};
pub use hand::ByHand;
pub use history::SlotDecision;
pub use hosts::AllowedHosts;
pub use lab::Lab;
pub use manage::Manage;
pub use scores::Scores;
pub use serve::{Patience, serve, serve_with};
pub use site::Site;
pub use what_if::Evaluate;

/// What the server shows, and to whom.
#[derive(Clone)]
pub struct Server {
    /// The newest state of everything.
    pub live: watch::Receiver<Arc<Live>>,
    /// The record of the past.
    pub journal: Journal,
    /// Who manages strategies.
    pub manage: Arc<dyn Manage>,
    /// By which the owner commands by hand.
    pub hand: Arc<dyn ByHand>,
    /// Who decides once more with other inputs.
    pub evaluate: Arc<dyn Evaluate>,
    /// Who makes backtests.
    pub lab: Arc<dyn Lab>,
    /// What is known of the home and of this program besides.
    pub site: Arc<dyn Site>,
    /// Under which names it may be asked.
    pub hosts: AllowedHosts,
    /// Whether users are told apart.
    pub access: Access,
    /// When a shadow is proposed.
    pub promotion: PromotionRule,
    /// Ends all event streams, and [`serve`].
    pub shutdown: CancellationToken,
}

/// All routes.
pub fn router(server: Server) -> Router {
    let gate = access::Gate { access: server.access.clone(), journal: server.journal.clone() };
    let routes = api::router(&server, &gate)
        .fallback(page::serve)
        .layer(middleware::from_fn(secure::read_in_time))
        .layer(middleware::from_fn_with_state(gate, access::gate));
    secure::wrap(routes, server.hosts)
}
