//! `DELETE /marketplace/{id}/install`.

use axum::{extract::State, http::StatusCode};
use workway_users::Scope;

use super::wire::actor;
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Path},
};

/// Uninstalls a workflow for the calling user, also one that is no longer listed. What is not installed stays so.
#[utoipa::path(delete, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "an id, or a slug as long as the workflow is listed", example = "daily-standup")),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "it is not installed")))]
pub(in crate::http) async fn uninstall_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    app.marketplace().decrement_active_install_count(&actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
