//! What the owner does by hand: overrides and pauses. These routes change something, so they demand what
//! [`crate::strategies`] demands.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use model::{Command, Hand};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Failure};
use crate::manage::ManageError;
use crate::query::{NoParameters, Parameters};
use crate::secure;
use crate::strategies::{Body, Meant, body_limit, json};

/// A command by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOverride {
    /// Battery or device.
    pub target: String,
    /// What it is told; the guard judges it.
    pub command: Command,
    /// When it ends by itself, seconds from now; a day at the most.
    #[schema(minimum = 1, maximum = 86400)]
    pub lasts_s: u64,
}

/// A pause.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPause {
    /// When it ends by itself, seconds from now; a day at the most.
    #[schema(minimum = 1, maximum = 86400)]
    pub lasts_s: u64,
}

/// The owner's hand on the home: the port behind these routes. Nothing blocks.
pub trait ByHand: Send + Sync {
    /// Commands a target for some time.
    fn set(&self, target: &str, command: Command, lasts: Duration) -> Result<Hand, ManageError>;
    /// Ends that before its time.
    fn clear(&self, target: &str) -> Result<Hand, ManageError>;
    /// Lets no strategy be heard for some time.
    fn pause(&self, lasts: Duration) -> Result<Hand, ManageError>;
    /// Ends that before its time.
    fn resume(&self) -> Result<Hand, ManageError>;
}

type Owner = Arc<dyn ByHand>;

pub(crate) fn routes() -> OpenApiRouter<Owner> {
    OpenApiRouter::new().routes(routes!(set, clear)).routes(routes!(pause, resume)).layer(body_limit(secure::BODY_MOST))
}

/// Commands a battery or device by hand for some time, in place of every strategy. The guard judges it like a
/// plan; what became of it is shown in `doing` of the present.
#[utoipa::path(post, path = "/api/override", tag = "hand",
    params(Meant),
    request_body = NewOverride,
    responses(
        (status = 200, description = "All that is done by hand now.", body = Hand),
        Meant,
        (status = 404, description = "There is no such target.", body = Failure),
        (status = 422, description = "It cannot be told that, or for so long.", body = Failure),
    ))]
async fn set(
    _: Meant,
    State(owner): State<Owner>,
    _: NoParameters,
    body: Body<NewOverride>,
) -> Result<Json<Hand>, ApiError> {
    let NewOverride { target, command, lasts_s } = json(body)?;
    Ok(Json(owner.set(&target, command, Duration::from_secs(lasts_s))?))
}

/// Ends a command by hand before its time.
#[utoipa::path(delete, path = "/api/override", tag = "hand",
    params(("target" = String, Query, description = "Battery or device."),
        Meant),
    responses(
        (status = 200, description = "All that is done by hand now.", body = Hand),
        Meant,
        (status = 404, description = "There is no such target, or nothing to end.", body = Failure),
    ))]
async fn clear(_: Meant, State(owner): State<Owner>, parameters: Parameters) -> Result<Json<Hand>, ApiError> {
    let parameters = parameters.only(&["target"])?;
    let target = parameters.text("target").ok_or_else(|| ApiError::bad_parameter("`target` is missing"))?;
    Ok(Json(owner.clear(target)?))
}

/// Pauses: no strategy is heard, and every target that is not commanded by hand is given back its settings.
#[utoipa::path(post, path = "/api/pause", tag = "hand",
    params(Meant),
    request_body = NewPause,
    responses(
        (status = 200, description = "All that is done by hand now.", body = Hand),
        Meant,
        (status = 422, description = "It cannot last so long.", body = Failure),
    ))]
async fn pause(
    _: Meant,
    State(owner): State<Owner>,
    _: NoParameters,
    body: Body<NewPause>,
) -> Result<Json<Hand>, ApiError> {
    Ok(Json(owner.pause(Duration::from_secs(json(body)?.lasts_s))?))
}

/// Ends a pause before its time.
#[utoipa::path(delete, path = "/api/pause", tag = "hand",
    params(Meant),
    responses(
        (status = 200, description = "All that is done by hand now.", body = Hand),
        Meant,
        (status = 404, description = "There is no pause.", body = Failure),
    ))]
async fn resume(_: Meant, State(owner): State<Owner>, _: NoParameters) -> Result<Json<Hand>, ApiError> {
    Ok(Json(owner.resume()?))
}
