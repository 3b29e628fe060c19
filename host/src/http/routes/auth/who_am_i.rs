//! `GET /auth/whoami`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use workway_users::Developer;

use super::wire::{WireScope, wire_scopes};
use crate::{
    app::App,
    http::{
        auth::{Caller, CallerKind},
        error::{ApiError, Problem},
    },
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WhoAmI {
    /// `usr_…`; `operator` with the operator's token, `dev` without any in development.
    #[schema(example = "usr_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    user: String,
    kind: WireKind,
    /// The user's own address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    scopes: Vec<WireScope>,
    /// The user's profile as a developer.
    #[serde(skip_serializing_if = "Option::is_none")]
    developer: Option<OwnDeveloper>,
    /// The token of this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<OwnToken>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CallerKind)]
pub(in crate::http) enum WireKind {
    Admin,
    User,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct OwnDeveloper {
    #[schema(example = "dev_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    id: String,
    #[schema(example = "ann")]
    slug: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct OwnToken {
    #[schema(example = "tok_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    id: String,
    /// Unix seconds.
    expires_at: u64,
}

/// Who the request's token speaks for, and what it may be used for.
#[utoipa::path(get, path = "/auth/whoami", tag = "auth", security(("bearer" = [])), responses(
    (status = OK, description = "the caller", body = WhoAmI),
    (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
    (status = SERVICE_UNAVAILABLE, description = "the database is busy", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn who_am_i(State(app): State<App>, caller: Caller) -> Result<Json<WhoAmI>, ApiError> {
    let accounts = app.accounts();
    let email = accounts.email(&caller.user).await?;
    let developer = accounts.developer_of(&caller.user).await?;
    let (kind, token) = match &caller.kind {
        CallerKind::Admin => (WireKind::Admin, None),
        CallerKind::User(principal) => {
            let token = OwnToken { id: principal.token.to_string(), expires_at: principal.expires_at };
            (WireKind::User, Some(token))
        }
    };
    Ok(Json(WhoAmI {
        user: caller.user.to_string(),
        kind,
        email: email.map(|email| email.as_str().to_owned()),
        scopes: wire_scopes(caller.scopes()),
        developer: developer.map(OwnDeveloper::from),
        token,
    }))
}

impl From<Developer> for OwnDeveloper {
    fn from(developer: Developer) -> Self {
        Self { id: developer.id.to_string(), slug: developer.slug.to_string() }
    }
}
