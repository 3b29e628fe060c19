//! `PATCH /oauth/connections/{id}`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};
use workway_users::Scope;

use super::wire::{WireConnection, unknown_connection};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{Json, Path},
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct ConnectionUpdate {
    /// True: calls take this connection which choose none. A provider's default account stops being that when another one
    /// becomes it.
    #[schema(schema_with = only_true)]
    default: bool,
}

/// `false` would leave a provider without a default account.
fn only_true() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).build()
}

/// Makes one of the calling user's accounts the default one of its provider.
#[utoipa::path(patch, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path)),
    request_body = ConnectionUpdate,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the account, without its token", body = WireConnection),
    ))]
pub(in crate::http) async fn update_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(update): Json<ConnectionUpdate>,
) -> Result<axum::Json<WireConnection>, ApiError> {
    caller.require(Scope::Connections)?;
    if !update.default {
        let detail = "default can only be true: make another connection the default one instead";
        return Err(ApiError::bad_request("invalid-body", detail));
    }
    let connection = app.connections().make_default(&caller.user, &id).await?;
    Ok(axum::Json(connection.ok_or_else(|| unknown_connection(&id))?.into()))
}
