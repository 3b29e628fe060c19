//! Health checks and metrics: `GET /healthz`, `GET /readyz` and `GET /metrics`.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use workway_api::{
    error::{ErrorCode, Problem},
    health::{Health, HealthStatus},
};

use crate::{
    app::App,
    http::{auth::OptionalCaller, error::ApiError},
};

/// Checks that the process answers.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = OK, description = "the process answers", body = Health)))]
pub(in crate::http) async fn get_health() -> Json<Health> {
    Json(Health { status: HealthStatus::Ok })
}

/// Checks that the integrations that existed at start-up are loaded.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = OK, description = "the integrations are loaded", body = Health),
    (status = SERVICE_UNAVAILABLE, description = "integrations are still loading", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn get_readiness(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    if app.is_ready() {
        Ok(Json(Health { status: HealthStatus::Ready }))
    } else {
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Starting, "integrations are still loading"))
    }
}

/// Returns metrics in the Prometheus text format, version 0.0.4. They are for the operator, unless the host's settings make
/// them public.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(("bearer" = [])), responses(
    (status = OK, description = "the metrics", body = String, content_type = "text/plain"),
    (status = UNAUTHORIZED, description = "no token, or an unknown one", body = Problem, content_type = "application/problem+json"),
    (status = FORBIDDEN, description = "not the operator", body = Problem, content_type = "application/problem+json"),
))]
pub(in crate::http) async fn get_metrics(State(app): State<App>, caller: OptionalCaller) -> Result<Response, ApiError> {
    if !app.settings().server.public_metrics {
        caller.require()?.require_admin()?;
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.render_metrics().await)
        .into_response())
}
