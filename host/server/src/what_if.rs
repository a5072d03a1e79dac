//! What if: the same decision with other inputs. Nothing is recorded and nothing sent; the request demands what
//! [`crate::strategies`] demands all the same, since it costs a call of a strategy.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use model::snapshot::Slot;
use model::{Changes, Command, Plan, StrategyRef, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Failure};
use crate::manage::ManageError;
use crate::query::NoParameters;
use crate::secure;
use crate::strategies::{Body, Meant, blocking, body_limit, json};

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhatIf {
    /// Of which decision; absent: the newest.
    #[schema(minimum = 1)]
    pub tick: Option<i64>,
    /// Whom to ask; absent: who decided.
    pub strategy: Option<String>,
    /// Settings that are other than the owner's.
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Map<String, Value>>,
    /// What is other than it was.
    pub changes: Changes,
    /// Further values by their path, such as `snapshot.batteries.0.soc_pct`; set after `changes`.
    #[schema(value_type = Object)]
    pub set: BTreeMap<String, Value>,
}

/// The decision as it was, and as it would be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// Which decision.
    pub tick: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// As it was recorded.
    pub real: Alternative,
    /// With what was changed.
    pub other: Alternative,
}

/// One way to decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alternative {
    /// Who decides.
    pub strategy: Option<StrategyRef>,
    /// The plan; `None`: see `failure`.
    pub plan: Option<Plan>,
    /// What the guard says of it.
    pub verdicts: Vec<Verdict>,
    /// Why there is no plan.
    pub failure: Option<String>,
    /// What is known or assumed of the slots ahead.
    pub ahead: Vec<Slot>,
    /// What the plan comes down to when all comes as expected; `None`: the home has not one battery with a known
    /// state of charge, or the plan says nothing of the slots ahead.
    pub bill: Option<Bill>,
}

/// A plan, played through the slots ahead whose price, use and sun are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bill {
    /// Import at the import price less what export earns, in the home's currency.
    pub cost: f64,
    /// The same, with what is stored at the end beyond the start (or missing to it) credited (or charged) at the
    /// mean import price times the discharge efficiency.
    pub cost_adjusted: f64,
    /// From the grid.
    pub import_kwh: f64,
    /// To the grid.
    pub export_kwh: f64,
    /// Stored energy that is taken out, in capacities.
    pub cycles: f64,
    /// Slot by slot, the first from now on.
    pub slots: Vec<BilledSlot>,
}

/// A slot of a plan, played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BilledSlot {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// What the battery is told; `None`: nothing, so it holds.
    pub command: Option<Command>,
    /// The battery: discharge positive, charge negative.
    pub power_w: f64,
    /// At the meter: import positive, export negative.
    pub grid_w: f64,
    /// At the end of the slot.
    pub soc_pct: f64,
}

/// Decides once more: the port behind this route. It may block, as long as a call of a strategy may take.
pub trait Evaluate: Send + Sync {
    /// Asks. One question at a time: [`ManageError::Busy`] while another is under way.
    fn what_if(&self, question: WhatIf) -> Result<Comparison, ManageError>;
}

type Evaluator = Arc<dyn Evaluate>;

pub(crate) fn routes() -> OpenApiRouter<Evaluator> {
    OpenApiRouter::new().routes(routes!(what_if)).layer(body_limit(secure::BODY_MOST))
}

/// The same decision with other inputs: calls a strategy in its sandbox, and the guard. Nothing is recorded, nothing
/// sent.
#[utoipa::path(post, path = "/api/what-if", tag = "lab",
    params(Meant),
    request_body = WhatIf,
    responses(
        (status = 200, description = "The decision as it was, and as it would be.", body = Comparison),
        Meant,
        (status = 404, description = "There is no such decision or strategy.", body = Failure),
        (status = 409, description = "Another question is under way.", body = Failure),
        (status = 422, description = "No home can be like that, or the settings do not fit.", body = Failure),
    ))]
async fn what_if(
    _: Meant,
    State(evaluator): State<Evaluator>,
    _: NoParameters,
    body: Body<WhatIf>,
) -> Result<Json<Comparison>, ApiError> {
    let question = json(body)?;
    Ok(Json(blocking(move || evaluator.what_if(question)).await?))
}
