//! `GET /auth/tokens`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use workway_users::{Scope, unix_now};

use super::wire::WireToken;
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
    },
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Tokens {
    items: Vec<WireToken>,
}

/// The calling user's tokens that are of use, newest first, without their texts.
#[utoipa::path(get, path = "/auth/tokens", tag = "auth", security(("bearer" = [])), responses(
    (status = OK, description = "the tokens", body = Tokens),
    (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
    (status = FORBIDDEN, description = "the token is not for this", body = Problem, content_type = "application/problem+json"),
    (status = SERVICE_UNAVAILABLE, description = "the database is busy", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn list_tokens(State(app): State<App>, caller: Caller) -> Result<Json<Tokens>, ApiError> {
    caller.require(Scope::Account)?;
    let tokens = app.accounts().tokens(&caller.user, unix_now()).await?;
    Ok(Json(Tokens { items: tokens.into_iter().map(WireToken::from).collect() }))
}
