//! `GET /registry/integrations/{id}`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use workway_model::{IntegrationId, Permissions};
use workway_registry::{RegisteredIntegration, UnknownIntegration};

use super::wire::{ActionSummary, IntegrationSummary, TriggerSummary, WireFailure, unix_milliseconds};
use crate::{
    app::App,
    http::{error::ApiError, extract::Path},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct IntegrationDetail {
    #[serde(flatten)]
    summary: IntegrationSummary,
    /// What the version that is shown asks for; all of it is granted to a version that answers calls.
    permissions: Permissions,
    actions: Vec<ActionSummary>,
    triggers: Vec<TriggerSummary>,
    /// The file that holds it, within the plugins folder.
    file: String,
    /// SHA-256 of the version that answers calls, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// When that version began to answer, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    loaded_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<PendingVersion>,
    /// Why the file's current content is not what answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<WireFailure>,
}

/// A version that waits for the operator.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct PendingVersion {
    version: String,
    /// To be sent with the approval, so that nothing else is approved.
    sha256: String,
    /// What it asks for beyond the grant, in words.
    asks: Vec<String>,
    permissions: Permissions,
}

/// One integration with all that is known of it.
#[utoipa::path(get, path = "/registry/integrations/{id}", tag = "registry",
    params(("id" = String, Path, example = "slack")),
    responses(
        (status = OK, description = "the integration", body = IntegrationDetail),
    ))]
pub(in crate::http) async fn get_integration(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<IntegrationDetail>, ApiError> {
    let id = integration_id(&id)?;
    let snapshot = app.registry().snapshot();
    let entry = snapshot.integrations.get(&id).ok_or_else(|| UnknownIntegration(id.clone()))?;
    let detail = detail(entry).ok_or(UnknownIntegration(id))?;
    Ok(Json(detail))
}

/// What is no id names no integration.
pub(super) fn integration_id(text: &str) -> Result<IntegrationId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found("integration-not-found", format!("there is no integration {text:?}")))
}

fn detail(entry: &RegisteredIntegration) -> Option<IntegrationDetail> {
    let definition = entry.definition()?;
    let active = entry.active.as_ref();
    Some(IntegrationDetail {
        summary: IntegrationSummary::new(definition, entry),
        permissions: definition.permissions.clone(),
        actions: definition.actions.iter().map(|action| ActionSummary::new(&definition.id, action)).collect(),
        triggers: definition.triggers.iter().map(TriggerSummary::new).collect(),
        file: entry.file.to_string(),
        sha256: active.map(|active| hex::encode(active.hash)),
        loaded_at: active.map(|active| unix_milliseconds(active.loaded_at)),
        pending: entry.pending.as_ref().map(|pending| PendingVersion {
            version: pending.definition.version.to_string(),
            sha256: hex::encode(pending.hash()),
            asks: pending.asks.clone(),
            permissions: pending.definition.permissions.clone(),
        }),
        last_error: entry.last_error.as_ref().map(Into::into),
    })
}
