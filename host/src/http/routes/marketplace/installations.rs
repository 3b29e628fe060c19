//! The calling user's installation of a workflow: `/marketplace/{id}/install`.

use axum::{Json, extract::State, http::StatusCode};
use workway_api::{
    error::Problem,
    versions::{Installation, InstallationDetail, NewInstallation},
};
use workway_users::Scope;

use super::{
    actor::actor,
    convert::{installation, raw_json, source},
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
    let found = app.marketplace().get_installation(&actor, &id).await?;
    Ok(Json(InstallationDetail {
        installation: installation(&found.installation),
        workflow_definition: raw_json(found.definition.json)?,
        source: found.definition.source.as_ref().map(source),
        inputs: raw_json(found.inputs.plain)?,
        secret_inputs: found.inputs.secrets.into_keys().collect(),
    }))
}

/// Installs a workflow's current version for the calling user, with inputs if it has any. Of an installed workflow only the inputs
/// are replaced, and only if the request has some; a secret input that is left out keeps its value.
#[utoipa::path(post, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    request_body = Option<NewInstallation>,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the new installation", body = Installation),
        (status = OK, description = "the existing installation", body = Installation),
        (status = BAD_REQUEST, description = "the request is malformed, or the inputs do not match the workflow's schema; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
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
    let inputs = body.and_then(|extract::Json(body)| body.inputs);
    let (found, is_new) = app.marketplace().increment_install_count(&actor, &id, inputs).await?;
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
