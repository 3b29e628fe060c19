//! Making a version of an integration active: `POST /registry/integrations/{id}/approve` and
//! `POST /registry/reload/{integrationId}`.

use axum::{Json, extract::State, http::StatusCode};
use workway_api::{
    error::{ErrorCode, Problem},
    registry::{Approval, Reload},
};
use workway_model::{Mode, Timestamp};
use workway_registry::{Activated, Phases, UnknownIntegration};

use super::{integrations::integration_id, load_phases, milliseconds};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{self, Path},
    },
};

/// Approves the version that awaits approval: grants its permissions and makes it active.
#[utoipa::path(post, path = "/registry/integrations/{id}/approve", tag = "registry",
    params(("id" = String, Path, description = "the integration's id", example = "slack")),
    request_body = Approval,
    security(("bearer" = [])),
    responses(
        (status = NO_CONTENT, description = "the version is active"),
        (status = CONFLICT, description = "no version awaits approval, or another one than `sha256` names", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn approve_integration(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    extract::Json(approval): extract::Json<Approval>,
) -> Result<StatusCode, ApiError> {
    caller.require_admin()?;
    let id = integration_id(&id)?;
    let seen = approval.sha256.map(|text| {
        let mut hash = [0; 32];
        hex::decode_to_slice(&text, &mut hash).map(|()| hash)
    });
    let seen = seen
        .transpose()
        .map_err(|_| ApiError::bad_request(ErrorCode::InvalidBody, "sha256 must be 64 hexadecimal digits"))?;
    app.registry().approve(&id, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads an integration's file again. Only available in development mode.
#[utoipa::path(post, path = "/registry/reload/{integrationId}", tag = "registry",
    params(("integrationId" = String, Path, description = "the integration's id", example = "slack")),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "the file's content is active", body = Reload),
        (status = FORBIDDEN, description = "this host is not in development mode", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the file cannot be loaded; the previous version is still active", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn reload_integration(
    State(app): State<App>,
    caller: Result<Caller, ApiError>,
    Path(id): Path<String>,
) -> Result<Json<Reload>, ApiError> {
    if app.settings().mode != Mode::Development {
        let detail = "integrations can only be reloaded in development mode: restart the host to load them";
        return Err(ApiError::new(StatusCode::FORBIDDEN, ErrorCode::NotInDevelopment, detail));
    }
    // Checked after the mode, so that production gives every caller the same answer.
    caller?.require_admin()?;
    let id = integration_id(&id)?;
    let (message, phases, id) = match app.registry().reload_integration(&id).await?? {
        Activated::Serving(loading) => {
            let id = loading.integration;
            (format!("Integration '{id}' reloaded successfully"), loading.phases, id)
        }
        Activated::Unchanged(id) => (format!("Integration '{id}' is up to date"), Phases::default(), id),
        Activated::Waiting(id, _) => (format!("Integration '{id}' awaits approval"), Phases::default(), id),
    };
    let snapshot = app.registry().snapshot();
    let definition = snapshot.integrations.get(&id).and_then(|entry| entry.definition());
    // Another reload may have removed it meanwhile.
    let definition = definition.ok_or_else(|| UnknownIntegration(id.clone()))?;
    Ok(Json(Reload {
        success: true,
        message,
        integration_id: id.to_string(),
        actions_count: definition.actions.len(),
        triggers_count: definition.triggers.len(),
        timestamp: Timestamp::now().as_millis(),
        version: definition.version.to_string(),
        duration_ms: milliseconds(phases.total()),
        phases: load_phases(phases),
    }))
}
