//! The calling user's installation of a workflow: `/marketplace/{id}/install`.

use axum::{Json, extract::State, http::StatusCode};
use workway_api::{
    error::Problem,
    installations::{Installation, InstallationDetail, NewInstallation},
};
use workway_marketplace::InstallationChange;
use workway_users::Scope;

use super::{
    actor::actor,
    convert::{installation, installation_detail},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{self, Path},
    },
};

/// Returns the calling user's installation of a workflow with its inputs, even if the workflow is no longer listed. Of secret
/// inputs only the names are returned.
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
    Ok(Json(installation_detail(app.marketplace().get_installation(&actor, &id).await?)?))
}

/// Installs a workflow's current version for the calling user, with inputs if it has any, and connections. Of an installed workflow
/// only the inputs and connections are replaced, and only those that the request has; a secret input that is left out keeps its
/// value.
#[utoipa::path(post, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    request_body = Option<NewInstallation>,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the new installation", body = Installation),
        (status = OK, description = "the existing installation", body = Installation),
        (status = BAD_REQUEST, description = "the request is malformed, or the inputs or connections do not fit the workflow; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
        (status = PAYMENT_REQUIRED, description = "the workflow is not free, and this host takes no payments yet", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the workflow is the caller's own and not published", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn install_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Option<extract::Json<NewInstallation>>,
) -> Result<(StatusCode, Json<Installation>), ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let body = body.map(|extract::Json(body)| body).unwrap_or_default();
    let change = InstallationChange { inputs: body.inputs, connections: body.connections };
    let (found, is_new) = app.marketplace().increment_install_count(&actor, &id, change).await?;
    app.follow_installation(&found.id).await;
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
    if let Some(installation) = app.marketplace().decrement_active_install_count(&actor, &id).await? {
        app.follow_installation(&installation).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
