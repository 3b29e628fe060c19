//! The calling user's installation of a workflow: `/marketplace/{id}/install`.

use axum::{Json, extract::State, http::StatusCode};
use workway_api::{
    error::Problem,
    versions::{Installation, InstallationDetail},
};
use workway_users::Scope;

use super::{
    actor::actor,
    convert::{installation, raw_json, source},
};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Path},
};

/// Returns the calling user's installation of a workflow, even if the workflow is no longer listed.
#[utoipa::path(get, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id, or its slug while it is listed", example = "daily-standup")),
    security(("bearer" = [])),
    responses((status = OK, description = "the installation", body = InstallationDetail)))]
pub(in crate::http) async fn get_installation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<InstallationDetail>, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let (found, definition) = app.marketplace().get_installation(&actor, &id).await?;
    Ok(Json(InstallationDetail {
        installation: installation(&found),
        workflow_definition: raw_json(definition.json)?,
        source: definition.source.as_ref().map(source),
    }))
}

/// Installs a workflow's current version for the calling user. Installing an installed workflow changes nothing.
#[utoipa::path(post, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the new installation", body = Installation),
        (status = OK, description = "the existing installation", body = Installation),
        (status = PAYMENT_REQUIRED, description = "the workflow is not free, and this host takes no payments yet", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the workflow is the caller's own and not published", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn install_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Installation>), ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let (found, is_new) = app.marketplace().increment_install_count(&actor, &id).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(installation(&found))))
}

/// Uninstalls a workflow for the calling user, even if it is no longer listed. Uninstalling twice changes nothing.
#[utoipa::path(delete, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id, or its slug while it is listed", example = "daily-standup")),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "the workflow is not installed")))]
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
