//! `GET /oauth/connections/{id}`.

use axum::{Json, extract::State};

use super::wire::{WireConnection, unknown_connection};
use crate::{
    account::Scope,
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

/// One of the calling user's connected accounts.
#[utoipa::path(get, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the account, without its token", body = WireConnection),
        (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
        (status = FORBIDDEN, description = "the token is not for this", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "there is no such thing", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn get_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WireConnection>, ApiError> {
    caller.require(Scope::Connections)?;
    let connection = app.connections().get(&caller.user, &id).await?;
    Ok(Json(connection.ok_or_else(|| unknown_connection(&id))?.into()))
}
