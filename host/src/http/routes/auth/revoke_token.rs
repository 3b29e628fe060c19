//! `DELETE /auth/tokens/{id}`.

use axum::{extract::State, http::StatusCode};
use workway_users::{Scope, unix_now};

use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

/// Revokes one of the calling user's tokens, the one of the request included. It counts from the next request on.
#[utoipa::path(delete, path = "/auth/tokens/{id}", tag = "auth",
    params(("id" = String, Path, example = "tok_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")),
    security(("bearer" = [])),
    responses(
        (status = NO_CONTENT, description = "revoked, now or before"),
        (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
        (status = FORBIDDEN, description = "the token is not for this", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "the user has no such token", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "the database is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Account)?;
    // Whoever took the text of a token for its id must not find it in a log or an answer.
    let unknown = || ApiError::not_found("token-not-found", "you have no such token: GET /auth/tokens lists yours");
    let id = id.parse().map_err(|_| unknown())?;
    if !app.accounts().revoke(&caller.user, &id, unix_now()).await? {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}
