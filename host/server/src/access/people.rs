//! What the owner does about users and tokens, and the record of who changed what.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use journal::Note;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::accounts::Known;
use super::gate::Gate;
use super::routes::SignedIn;
use super::{Accounts, Scope, TokenInfo, UserRole, Users, UsersError};
use crate::api::ask;
use crate::error::{ApiError, Failure};
use crate::query::{Name, NoParameters, Parameters};
use crate::strategies::{Body, Meant, json};

const NOTES_DEFAULT: i64 = 50;
const NOTES_MOST: i64 = 500;

pub(crate) fn routes() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(users, add_user))
        .routes(routes!(remove_user))
        .routes(routes!(set_role))
        .routes(routes!(reset_password))
        .routes(routes!(tokens, add_token))
        .routes(routes!(remove_token))
        .routes(routes!(notes))
}

impl From<UsersError> for ApiError {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::NotFound(message) => Self::new(StatusCode::NOT_FOUND, "not-found", message),
            UsersError::Refused(message) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", message),
            UsersError::File { .. } | UsersError::Unreadable { .. } => {
                tracing::error!(error = &error as &dyn std::error::Error, "a request failed on users or tokens");
                let message = "this could not be done; the daemon's log says why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
            }
        }
    }
}

/// Does what reads or writes a file, or hashes a password, beside the asynchronous work.
async fn work<T: Send + 'static>(
    gate: &Gate,
    work: impl FnOnce(&Accounts) -> Result<T, UsersError> + Send + 'static,
) -> Result<T, ApiError> {
    let accounts = gate.accounts()?.clone();
    let own = accounts.clone();
    match accounts.hash(move || work(&own)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => {
            let message = "this could not be done; the daemon's log says why";
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message))
        }
    }
}

/// All users.
#[utoipa::path(get, path = "/api/users", tag = "access",
    responses(
        (status = 200, description = "All users, by name.", body = Vec<SignedIn>),
        (status = 404, description = "There are no users: everyone is the owner.", body = Failure),
    ))]
async fn users(State(gate): State<Gate>, _: NoParameters) -> Result<Json<Vec<SignedIn>>, ApiError> {
    let list = work(&gate, |accounts| accounts.users.list()).await?;
    Ok(Json(list.into_iter().map(|(name, role)| SignedIn { name, role }).collect()))
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// 1 to 40 of a-z, 0-9 and -.
    pub name: String,
    /// What they may do.
    pub role: UserRole,
}

/// A password that was made; it is told this once only.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MadePassword {
    /// Whose.
    pub name: String,
    /// What they may do.
    pub role: UserRole,
    /// 100 random bits.
    pub password: String,
}

/// Adds a user with a password that is made here.
#[utoipa::path(post, path = "/api/users", tag = "access",
    request_body = NewUser,
    params(Meant),
    responses(
        (status = 200, description = "Added.", body = MadePassword),
        (status = 404, description = "There are no users: the first is added on the machine.", body = Failure),
        (status = 422, description = "The name will not do, or somebody has it.", body = Failure),
    ))]
async fn add_user(
    _: Meant,
    State(gate): State<Gate>,
    _: NoParameters,
    body: Body<NewUser>,
) -> Result<Json<MadePassword>, ApiError> {
    let NewUser { name, role } = json(body)?;
    let added = work(&gate, move |accounts| {
        let password = Users::made_password()?;
        accounts.users.add_new(&name, role, &password)?;
        Ok(MadePassword { name, role, password })
    });
    Ok(Json(added.await?))
}

/// Removes a user, who is signed out at once. Tokens that they made end with them.
#[utoipa::path(delete, path = "/api/users/{name}", tag = "access",
    params(("name" = String, Path, description = "Whom."),
        Meant),
    responses(
        (status = 204, description = "Removed."),
        (status = 404, description = "There is no such user.", body = Failure),
        (status = 422, description = "It is the last owner.", body = Failure),
    ))]
async fn remove_user(
    _: Meant,
    State(gate): State<Gate>,
    Name(name): Name,
    _: NoParameters,
) -> Result<StatusCode, ApiError> {
    work(&gate, move |accounts| match accounts.users.list()?.len() {
        // On the machine the last one may go; whoever asks over the network would leave the home to everyone.
        1 => Err(UsersError::Refused("this is the last user; add another owner first".into())),
        _ => {
            accounts.users.remove(&name)?;
            accounts.tokens.remove_of(&name)
        }
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a user may do from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// The role.
    pub role: UserRole,
}

/// Gives a user another role.
#[utoipa::path(put, path = "/api/users/{name}/role", tag = "access",
    request_body = NewRole,
    params(("name" = String, Path, description = "Whom."),
        Meant),
    responses(
        (status = 200, description = "Done.", body = SignedIn),
        (status = 404, description = "There is no such user.", body = Failure),
        (status = 422, description = "Nobody would be left as owner.", body = Failure),
    ))]
async fn set_role(
    _: Meant,
    State(gate): State<Gate>,
    Name(name): Name,
    _: NoParameters,
    body: Body<NewRole>,
) -> Result<Json<SignedIn>, ApiError> {
    let NewRole { role } = json(body)?;
    let done = work(&gate, move |accounts| {
        accounts.users.set_role(&name, role)?;
        Ok(SignedIn { name, role })
    });
    Ok(Json(done.await?))
}

/// Makes a new password for a user who forgot theirs. Their sessions end.
#[utoipa::path(post, path = "/api/users/{name}/password", tag = "access",
    params(("name" = String, Path, description = "Whose."),
        Meant),
    responses(
        (status = 200, description = "Made.", body = MadePassword),
        (status = 404, description = "There is no such user.", body = Failure),
    ))]
async fn reset_password(
    _: Meant,
    State(gate): State<Gate>,
    Name(name): Name,
    _: NoParameters,
) -> Result<Json<MadePassword>, ApiError> {
    let made = work(&gate, move |accounts| {
        let password = Users::made_password()?;
        accounts.users.set_password(&name, &password)?;
        let role = accounts.users.list()?.into_iter().find(|(known, _)| *known == name).map(|(_, role)| role);
        Ok(MadePassword { role: role.unwrap_or(UserRole::Viewer), name, password })
    });
    Ok(Json(made.await?))
}

/// All tokens, without their secrets.
#[utoipa::path(get, path = "/api/tokens", tag = "access",
    responses(
        (status = 200, description = "All tokens, by name.", body = Vec<TokenInfo>),
        (status = 404, description = "There are no users, so nothing needs a token.", body = Failure),
    ))]
async fn tokens(State(gate): State<Gate>, _: NoParameters) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    Ok(Json(work(&gate, |accounts| accounts.tokens.list()).await?))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// 1 to 40 of a-z, 0-9 and -.
    pub name: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// How many days it is good for; absent: until it is revoked.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    pub days: Option<i64>,
}

/// A token that was made; its secret is told this once only.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MadeToken {
    /// What goes into `Authorization: Bearer`.
    pub secret: String,
    /// What it is.
    pub token: TokenInfo,
}

/// Makes a token for a program.
#[utoipa::path(post, path = "/api/tokens", tag = "access",
    request_body = NewToken,
    params(Meant),
    responses(
        (status = 200, description = "Made.", body = MadeToken),
        (status = 404, description = "There are no users, so nothing needs a token.", body = Failure),
        (status = 422, description = "The name, the scopes or the days will not do.", body = Failure),
    ))]
async fn add_token(
    _: Meant,
    State(gate): State<Gate>,
    known: Option<Extension<Known>>,
    _: NoParameters,
    body: Body<NewToken>,
) -> Result<Json<MadeToken>, ApiError> {
    let NewToken { name, scopes, days } = json(body)?;
    let made_by = known.map(|Extension(known)| known.name);
    let made = work(&gate, move |accounts| accounts.tokens.add(&name, scopes, days, made_by, accounts.now()));
    let (secret, token) = made.await?;
    Ok(Json(MadeToken { secret, token }))
}

/// Revokes a token, from the next request on.
#[utoipa::path(delete, path = "/api/tokens/{name}", tag = "access",
    params(("name" = String, Path, description = "Which."),
        Meant),
    responses(
        (status = 204, description = "Revoked."),
        (status = 404, description = "There is no such token.", body = Failure),
    ))]
async fn remove_token(
    _: Meant,
    State(gate): State<Gate>,
    Name(name): Name,
    _: NoParameters,
) -> Result<StatusCode, ApiError> {
    work(&gate, move |accounts| accounts.tokens.remove(&name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who changed what, who signed in, and what else happened besides decisions; the newest first.
#[utoipa::path(get, path = "/api/notes", tag = "access",
    params(
        ("limit" = Option<i64>, Query, description = "How many at most.", minimum = 1, maximum = 500),
        ("before" = Option<i64>, Query, description = "Only notes with a smaller id: the last id of those before.", minimum = 1),
    ),
    responses(
        (status = 200, description = "At most `limit` (50 when absent).", body = Vec<Note>),
        (status = 400, description = "A parameter is wrong.", body = Failure),
    ))]
async fn notes(State(gate): State<Gate>, parameters: Parameters) -> Result<Json<Vec<Note>>, ApiError> {
    let parameters = parameters.only(&["limit", "before"])?;
    let limit = parameters.whole("limit", 1..=NOTES_MOST, None)?.unwrap_or(NOTES_DEFAULT);
    let before = parameters.whole("before", 1..=i64::MAX, None)?;
    Ok(Json(ask(&gate.journal, move |journal| journal.notes(before, limit as u32)).await?))
}
