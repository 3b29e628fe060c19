//! Steering runs: `POST /runs/{id}/cancel`, `/retry` and `/resolve`.

use axum::{Json, extract::State, http::StatusCode};
use workway_api::{
    error::Problem,
    runs::{Outcome, ResolveOutcome, RetryRequest, RunStarted},
};
use workway_runs::RunId;
use workway_users::Scope;

use super::{own_run_in_memory, start::accepted, step_path};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{self, Path},
        middleware::admission::RequestMemory,
    },
};

/// Cancels a run. Steps that are under way are aborted, which may leave their effect; no other step begins.
#[utoipa::path(post, path = "/runs/{id}/cancel", tag = "runs",
    params(("id" = String, Path, description = "the run's id")),
    security(("bearer" = [])),
    responses(
        (status = ACCEPTED, description = "the run will end"),
        (status = CONFLICT, description = "the run has ended", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn cancel_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::ActionsExecute)?;
    app.runs().cancel(&caller.user, &RunId::from_text(&id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Repeats a run that has ended, from one of its steps on, as a new run. Steps before it, and in other items and branches, keep what
/// they gave and are not executed again.
#[utoipa::path(post, path = "/runs/{id}/retry", tag = "runs",
    params(("id" = String, Path, description = "the run's id")),
    request_body = Option<RetryRequest>,
    security(("bearer" = [])),
    responses(
        (status = ACCEPTED, description = "the new run", body = RunStarted),
        (status = CONFLICT, description = "the run has not ended", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn retry_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    memory: RequestMemory,
    body: Option<extract::Json<RetryRequest>>,
) -> Result<(StatusCode, Json<RunStarted>), ApiError> {
    caller.require(Scope::ActionsExecute)?;
    let body = body.map(|extract::Json(body)| body).unwrap_or_default();
    let from = body.from.as_deref().map(step_path).transpose()?;
    let summary = own_run_in_memory(&app, &caller, &id, &memory).await?;
    let started = app.runs().repeat(&caller.user, &summary.id, from).await?;
    Ok(accepted(started.run.to_string()))
}

/// Says what came of a step whose outcome is unknown: it had its effect, or it is to be executed once more.
#[utoipa::path(post, path = "/runs/{id}/resolve", tag = "runs",
    params(("id" = String, Path, description = "the run's id")),
    request_body = ResolveOutcome,
    security(("bearer" = [])),
    responses(
        (status = ACCEPTED, description = "the run will continue"),
        (status = CONFLICT, description = "the run has ended, or the step's outcome is not unknown", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn resolve_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    memory: RequestMemory,
    extract::Json(body): extract::Json<ResolveOutcome>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::ActionsExecute)?;
    let path = step_path(&body.path)?;
    let summary = own_run_in_memory(&app, &caller, &id, &memory).await?;
    let output = match body.outcome {
        Outcome::Happened => Some(body.output),
        Outcome::Repeat => None,
    };
    app.runs().resolve(&caller.user, &summary.id, &path, output).await?;
    Ok(StatusCode::ACCEPTED)
}
