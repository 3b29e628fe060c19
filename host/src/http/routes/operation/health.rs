//! `GET /healthz` and `GET /readyz`.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    http::error::{ApiError, Problem},
};

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Health {
    status: &'static str,
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = OK, description = "it is so", body = Health)))]
pub(in crate::http) async fn get_health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the integrations that were there at start are loaded.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = OK, description = "it is so", body = Health),
    (status = SERVICE_UNAVAILABLE, description = "not yet", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn get_readiness(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    if app.is_ready() {
        Ok(Json(Health { status: "ready" }))
    } else {
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "starting", "integrations are still being loaded"))
    }
}
