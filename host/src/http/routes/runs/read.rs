//! Reading runs: `GET /runs`, `GET /runs/{id}` and `GET /runs/{id}/body`.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::value::to_raw_value;
use workway_api::{
    error::{ErrorCode, Problem},
    runs::{RunDetail, RunPage, RunQuery, StepBodyQuery},
};
use workway_runs::{Place, RunFilter, RunId};
use workway_users::Scope;

use super::{
    convert::{asked_origin, asked_status, part, run, run_detail},
    own_history, step_path, unknown_value,
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{Path, Query, clipped},
        middleware::admission::RequestMemory,
        page::limit,
    },
};

/// How every cursor begins: it is a run's id.
const CURSOR_PREFIX: &str = "run_";
/// The longest id that lists are filtered by, in characters; see [`RunQuery`]. Every id is shorter.
const MAX_ID_CHARS: usize = 100;

/// Lists the calling user's runs, the newest first.
#[utoipa::path(get, path = "/runs", tag = "runs",
    params(RunQuery),
    security(("bearer" = [])),
    responses((status = OK, description = "a part of the list", body = RunPage)))]
pub(in crate::http) async fn list_runs(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<RunQuery>,
) -> Result<Json<RunPage>, ApiError> {
    caller.require(Scope::Marketplace)?;
    let limit = u32::try_from(limit(query.limit)?).map_err(ApiError::internal)?;
    let cursor = query.cursor.as_deref();
    if let Some(wrong) = cursor.filter(|cursor| !cursor.starts_with(CURSOR_PREFIX)) {
        let detail = format!("cursor must be nextCursor of an earlier answer (got {:?})", clipped(wrong));
        return Err(ApiError::bad_request(ErrorCode::InvalidQuery, detail));
    }
    for (name, id) in [("installation", &query.installation), ("workflow", &query.workflow), ("cursor", &query.cursor)]
    {
        if let Some(long) = id.as_deref().filter(|id| id.chars().count() > MAX_ID_CHARS) {
            let detail = format!("{name} must have at most {MAX_ID_CHARS} characters (got {:?}…)", clipped(long));
            return Err(ApiError::bad_request(ErrorCode::InvalidQuery, detail));
        }
    }
    let after = cursor.map(|cursor| Place(RunId::from_text(cursor)));
    let filter = RunFilter {
        owner: Some(caller.user),
        installation: query.installation,
        workflow: query.workflow,
        status: query.status.map(asked_status),
        origin: query.origin.map(asked_origin),
        created_from: query.created_from,
        created_before: query.created_before,
    };
    let page = app.runs().list(&filter, after.as_ref(), limit).await?;
    let next_cursor = page.next.map(|Place(run)| run.to_string());
    Ok(Json(RunPage { runs: page.runs.iter().map(run).collect(), next_cursor }))
}

/// Returns one of the calling user's runs with its steps. A value of more than 64 KiB of JSON is cut, and `url` says where the whole
/// one is.
#[utoipa::path(get, path = "/runs/{id}", tag = "runs",
    params(("id" = String, Path, description = "the run's id")),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the run", body = RunDetail),
        (status = PAYLOAD_TOO_LARGE, description = "the history is larger than the memory for one client", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn get_run(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    memory: RequestMemory,
) -> Result<Json<RunDetail>, ApiError> {
    caller.require(Scope::Marketplace)?;
    let history = own_history(&app, &caller, &id, &memory).await?;
    Ok(Json(run_detail(&history)?))
}

/// Returns a whole value in the history of a run: an input, an output, or what the trigger gave. Secrets are `null`.
#[utoipa::path(get, path = "/runs/{id}/body", tag = "runs",
    params(("id" = String, Path, description = "the run's id"), StepBodyQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the value", body = serde_json::Value, content_type = "application/json"),
        (status = PAYLOAD_TOO_LARGE, description = "the history is larger than the memory for one client", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn get_run_body(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<StepBodyQuery>,
    memory: RequestMemory,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let history = own_history(&app, &caller, &id, &memory).await?;
    let path = step_path(&query.path)?;
    let value = history.body(&path, part(query.part), query.attempt).ok_or_else(|| unknown_value(&query.path))?;
    let text: Box<str> = to_raw_value(value).map_err(ApiError::internal)?.into();
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], String::from(text)).into_response())
}
