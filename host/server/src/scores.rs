//! The route over what strategies would have cost.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use journal::Journal;
use model::Roster;
use model::score::{DayScore, PromotionRule, Proposal, proposals};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{LiveState, ask};
use crate::error::{ApiError, Failure};
use crate::history::{back, in_order};
use crate::manage::{Manage, Role};
use crate::query::Parameters;
use crate::strategies;

const DEFAULT: SignedDuration = SignedDuration::from_hours(24 * 31);
const MOST: SignedDuration = SignedDuration::from_hours(24 * 1100);
/// What a proposal may look back on.
const RECENT: SignedDuration = SignedDuration::from_hours(24 * 200);

/// What is asked.
#[derive(Clone)]
pub(crate) struct Ground {
    pub journal: Journal,
    pub live: LiveState,
    pub manage: Arc<dyn Manage>,
    pub promotion: PromotionRule,
}

pub(crate) fn routes() -> OpenApiRouter<Ground> {
    OpenApiRouter::new().routes(routes!(scores))
}

/// What strategies would have cost, day by day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scores {
    /// Days that were played, the oldest first.
    pub days: Vec<DayScore>,
    /// Shadows that should be promoted, as of now, the best first.
    pub proposals: Vec<Proposal>,
}

/// What each strategy would have cost on the home's own days, beside three references.
#[utoipa::path(
    get,
    path = "/api/scores",
    tag = "history",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339; 31 days before `until` when absent."),
        ("until" = Option<String>, Query, description = "RFC 3339; now when absent. At most 1100 days after `from`."),
    ),
    responses(
        (status = 200, description = "Days that begin in `[from, until)`, and what is proposed now.", body = Scores),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    )
)]
async fn scores(State(ground): State<Ground>, parameters: Parameters) -> Result<Json<Scores>, ApiError> {
    let parameters = parameters.only(&["from", "until"])?;
    let now = ground.live.borrow().at;
    let until = parameters.instant("until")?.unwrap_or(now);
    let from = parameters.instant("from")?.unwrap_or_else(|| back(until, DEFAULT));
    in_order(from, until, MOST, "1100 days")?;
    let (days, recent) = ask(&ground.journal, move |journal| {
        Ok((journal.scores(from, until)?, journal.scores(back(now, RECENT), Timestamp::MAX)?))
    })
    .await?;
    let listed = strategies::ask(ground.manage, |manage| manage.list()).await?;
    let named = |role: Role| {
        let mut all: Vec<_> = listed.iter().filter(|strategy| strategy.role == role).collect();
        all.sort_by_key(|strategy| strategy.position);
        all.into_iter().map(|strategy| strategy.name.clone()).collect()
    };
    let roster = Roster { active: named(Role::Active), shadows: named(Role::Shadow), ..Roster::default() };
    Ok(Json(Scores { days, proposals: proposals(&recent, &roster, ground.promotion) }))
}
