//! `DELETE /oauth/connections/{provider}`.

use axum::{extract::State, http::StatusCode};

use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

/// Forgets the calling user's account at a provider, its token included.
#[utoipa::path(delete, path = "/oauth/connections/{provider}", tag = "oauth",
    params(("provider" = String, Path, example = "github")),
    security(("bearer" = [])),
    responses(
        (status = NO_CONTENT, description = "forgotten"),
        (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "there is no such thing", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    Path(provider): Path<String>,
) -> Result<StatusCode, ApiError> {
    let unknown = || ApiError::not_found("connection-not-found", format!("{provider:?} is not connected"));
    let id = provider.parse().map_err(|_| unknown())?;
    if app.connections().delete(&caller.user, &id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
