//! `GET /registry/stats`.

use axum::{Json, extract::State};
use workway_api::{
    error::Problem,
    registry::{CallStats, IntegrationStats, RegistryStats},
};
use workway_registry::Status;

use super::load_error;
use crate::{
    app::App,
    http::{auth::OptionalCaller, error::ApiError},
};

/// Returns the numbers of integrations and actions. The operator also gets those of calls, and the files that failed to load.
#[utoipa::path(get, path = "/registry/stats", tag = "registry", security((), ("bearer" = [])), responses(
    (status = OK, description = "the numbers", body = RegistryStats),
    (status = UNAUTHORIZED, description = "an unknown token", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn get_stats(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
) -> Result<Json<RegistryStats>, ApiError> {
    let is_operator = caller.is_some_and(|caller| caller.is_admin());
    let snapshot = app.registry().snapshot();
    let entries = || snapshot.integrations.values();
    let calls = || {
        let (in_flight, limit) = app.registry().calls_in_flight();
        CallStats { in_flight, limit }
    };
    let failures = || snapshot.failures.iter().map(|(file, failure)| (file.to_string(), load_error(failure))).collect();
    Ok(Json(RegistryStats {
        integrations: IntegrationStats {
            total: entries().count(),
            active: snapshot.active().count(),
            pending_approval: entries().filter(|entry| entry.status() == Status::PendingApproval).count(),
            with_last_error: entries().filter(|entry| entry.last_error.is_some()).count(),
        },
        actions: snapshot.active().map(|active| active.definition.actions.len()).sum(),
        triggers: snapshot.active().map(|active| active.definition.triggers.len()).sum(),
        calls: is_operator.then(calls),
        failures: is_operator.then(failures),
    }))
}
