//! `GET /marketplace/{id}/install`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use workway_users::Scope;

use super::wire::{WireInstallation, actor};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Path},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct InstallationDetail<'a> {
    #[serde(flatten)]
    installation: WireInstallation<'a>,
    /// The definition that it runs.
    #[schema(value_type = Object)]
    workflow_definition: &'a RawValue,
}

/// The calling user's installation of a workflow, also of one that is no longer listed.
#[utoipa::path(get, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "an id, or a slug as long as the workflow is listed", example = "daily-standup")),
    security(("bearer" = [])),
    responses((status = OK, description = "the installation", body = InstallationDetail<'static>)))]
pub(in crate::http) async fn get_installation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let (installation, definition) = app.marketplace().get_installation(&actor, &id).await?;
    let workflow_definition = serde_json::from_str(&definition).map_err(ApiError::internal)?;
    let body = InstallationDetail { installation: (&installation).into(), workflow_definition };
    Ok(axum::Json(body).into_response())
}
