//! `POST /registry/reload/{integrationId}`.

use std::time::SystemTime;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use workway_model::Mode;
use workway_registry::{Activated, Phases};

use super::{
    get_integration::integration_id,
    wire::{WirePhases, milliseconds, unix_milliseconds},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Reloaded {
    /// Always true: what goes wrong is a problem with a status of its own.
    success: bool,
    #[schema(example = "Integration 'gmail' reloaded successfully")]
    message: String,
    integration_id: String,
    actions_count: usize,
    triggers_count: usize,
    /// Unix milliseconds.
    timestamp: u64,
    version: String,
    duration_ms: u64,
    /// All zero when the file is what answers already.
    phases: WirePhases,
}

/// Reads an integration's file again. Development mode only, whatever a request says.
#[utoipa::path(post, path = "/registry/reload/{integrationId}", tag = "registry",
    params(("integrationId" = String, Path, example = "slack")),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "the file's content answers calls now", body = Reloaded),
        (status = FORBIDDEN, description = "this host is not in development mode", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the file cannot be loaded; the version before answers on", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn reload_integration(
    State(app): State<App>,
    caller: Result<Caller, ApiError>,
    Path(id): Path<String>,
) -> Result<Json<Reloaded>, ApiError> {
    if app.settings().mode != Mode::Development {
        let detail = "integrations are reloaded in development mode only; production loads them when it starts";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "not-in-development", detail));
    }
    // In production nobody is asked: the answer is the same for all.
    caller?.require_admin()?;
    let id = integration_id(&id)?;
    let (message, phases, id) = match app.registry().reload_integration(&id).await?? {
        Activated::Serving(loading) => {
            let id = loading.integration;
            (format!("Integration '{id}' reloaded successfully"), loading.phases, id)
        }
        Activated::Unchanged(id) => (format!("Integration '{id}' is up to date"), Phases::default(), id),
        Activated::Waiting(id, _) => (format!("Integration '{id}' waits for approval"), Phases::default(), id),
    };
    let snapshot = app.registry().snapshot();
    let definition = snapshot.integrations.get(&id).and_then(|entry| entry.definition());
    // Another reload may have taken it out since.
    let definition = definition.ok_or_else(|| workway_registry::UnknownIntegration(id.clone()))?;
    Ok(Json(Reloaded {
        success: true,
        message,
        integration_id: id.to_string(),
        actions_count: definition.actions.len(),
        triggers_count: definition.triggers.len(),
        timestamp: unix_milliseconds(SystemTime::now()),
        version: definition.version.to_string(),
        duration_ms: milliseconds(phases.total()),
        phases: WirePhases::from(phases),
    }))
}
