//! `GET /registry/stats`.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use workway_registry::Status;

use super::wire::WireFailure;
use crate::app::App;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Stats {
    integrations: IntegrationStats,
    /// Actions that can be executed.
    actions: usize,
    triggers: usize,
    calls: CallStats,
    /// Files of the plugins folder that became no integration, by name.
    failures: BTreeMap<String, WireFailure>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct IntegrationStats {
    total: usize,
    active: usize,
    pending_approval: usize,
    /// Whose file's current content could not be loaded.
    with_last_error: usize,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct CallStats {
    in_flight: usize,
    limit: usize,
}

/// What is registered, in numbers, and what could not be loaded.
#[utoipa::path(get, path = "/registry/stats", tag = "registry", responses((status = OK, description = "the numbers", body = Stats)))]
pub(in crate::http) async fn get_stats(State(app): State<App>) -> Json<Stats> {
    let snapshot = app.registry().snapshot();
    let entries = || snapshot.integrations.values();
    let (in_flight, limit) = app.registry().calls_in_flight();
    Json(Stats {
        integrations: IntegrationStats {
            total: entries().count(),
            active: snapshot.active().count(),
            pending_approval: entries().filter(|entry| entry.status() == Status::PendingApproval).count(),
            with_last_error: entries().filter(|entry| entry.last_error.is_some()).count(),
        },
        actions: snapshot.active().map(|active| active.definition.actions.len()).sum(),
        triggers: snapshot.active().map(|active| active.definition.triggers.len()).sum(),
        calls: CallStats { in_flight, limit },
        failures: snapshot.failures.iter().map(|(file, failure)| (file.to_string(), failure.into())).collect(),
    })
}
