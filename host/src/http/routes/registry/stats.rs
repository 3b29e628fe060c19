//! `GET /registry/stats`.

use axum::{Json, extract::State};
use workway_api::registry::{CallStats, IntegrationStats, RegistryStats};
use workway_registry::Status;

use super::load_error;
use crate::app::App;

/// Returns the numbers of integrations, actions and calls, and the files that failed to load.
#[utoipa::path(get, path = "/registry/stats", tag = "registry", responses((status = OK, description = "the numbers", body = RegistryStats)))]
pub(in crate::http) async fn get_stats(State(app): State<App>) -> Json<RegistryStats> {
    let snapshot = app.registry().snapshot();
    let entries = || snapshot.integrations.values();
    let (in_flight, limit) = app.registry().calls_in_flight();
    Json(RegistryStats {
        integrations: IntegrationStats {
            total: entries().count(),
            active: snapshot.active().count(),
            pending_approval: entries().filter(|entry| entry.status() == Status::PendingApproval).count(),
            with_last_error: entries().filter(|entry| entry.last_error.is_some()).count(),
        },
        actions: snapshot.active().map(|active| active.definition.actions.len()).sum(),
        triggers: snapshot.active().map(|active| active.definition.triggers.len()).sum(),
        calls: CallStats { in_flight, limit },
        failures: snapshot.failures.iter().map(|(file, failure)| (file.to_string(), load_error(failure))).collect(),
    })
}
