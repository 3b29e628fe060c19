//! `GET /auth/whoami`.

use axum::{Json, extract::State};
use workway_api::auth::{self, CallerDeveloper, CallerToken};

use super::tokens::scopes;
use crate::{
    app::App,
    http::{
        auth::{Caller, CallerKind},
        error::ApiError,
    },
};

/// Returns the user and the scopes of the request's token.
#[utoipa::path(get, path = "/auth/whoami", tag = "auth", security(("bearer" = [])), responses(
    (status = OK, description = "the caller", body = auth::Caller),
))]
pub(in crate::http) async fn get_caller(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<auth::Caller>, ApiError> {
    let users = app.users();
    let email = users.email(&caller.user).await?;
    let developer = users.developer_of(&caller.user).await?;
    let (kind, token) = match &caller.kind {
        CallerKind::Admin => (auth::CallerKind::Admin, None),
        CallerKind::User(principal) => {
            let token = CallerToken { id: principal.token.to_string(), expires_at: principal.expires_at };
            (auth::CallerKind::User, Some(token))
        }
    };
    Ok(Json(auth::Caller {
        user: caller.user.to_string(),
        kind,
        email: email.map(|email| email.as_str().to_owned()),
        scopes: scopes(caller.scopes()),
        developer: developer.map(|found| CallerDeveloper { id: found.id.to_string(), slug: found.slug.to_string() }),
        token,
    }))
}
