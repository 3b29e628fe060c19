//! `GET /oauth/connections`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use workway_users::Scope;

use super::wire::WireConnection;
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Connections {
    items: Vec<WireConnection>,
}

/// The calling user's connected accounts, by provider.
#[utoipa::path(get, path = "/oauth/connections", tag = "oauth", security(("bearer" = [])), responses(
    (status = OK, description = "the accounts, without their tokens", body = Connections),
))]
pub(in crate::http) async fn list_connections(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Connections>, ApiError> {
    caller.require(Scope::Connections)?;
    let connections = app.connections().list(&caller.user).await?;
    Ok(Json(Connections { items: connections.into_iter().map(Into::into).collect() }))
}
