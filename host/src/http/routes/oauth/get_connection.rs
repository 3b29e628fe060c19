//! `GET /oauth/connections/{id}`.

use axum::{Json, extract::State};
use workway_users::Scope;

use super::wire::{WireConnection, unknown_connection};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Path},
};

/// One of the calling user's connected accounts.
#[utoipa::path(get, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the account, without its token", body = WireConnection),
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
