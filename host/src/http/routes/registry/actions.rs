//! Actions: `GET /registry/actions`, `GET /registry/actions/{id}` and `POST /registry/actions/{id}/execute`.

use std::{collections::BTreeMap, time::Instant};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderName},
};
use workway_api::{
    actions::{Action, ActionDetail, ActionPage, ExecuteRequest, ExecuteResponse},
    error::{ErrorCode, Problem},
    registry::RegistryQuery,
};
use workway_model as integration;
use workway_model::{ActionId, FailureKind, IntegrationId, ProviderId};
use workway_registry::{ExecuteError, Execution};
use workway_sandbox::CallError;
use workway_users::Scope;

use super::integrations::has_category;
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{JsonText, Path, Query, clipped},
        middleware::{admission::RequestMemory, request_id::RequestId},
        page,
    },
};

/// draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// Lists the actions that can be executed, ordered by the ids of their integrations.
#[utoipa::path(get, path = "/registry/actions", tag = "registry", params(RegistryQuery), responses(
    (status = OK, description = "a part of the list", body = ActionPage),
))]
pub(in crate::http) async fn list_actions(
    State(app): State<App>,
    Query(query): Query<RegistryQuery>,
) -> Result<Json<ActionPage>, ApiError> {
    let snapshot = app.registry().snapshot();
    let definitions =
        snapshot.active().map(|active| &active.definition).filter(|definition| has_category(definition, &query));
    let actions =
        definitions.flat_map(|definition| definition.actions.iter().map(move |action| (&definition.id, action)));
    let chosen = actions.filter(|(_, action)| match &query.provider {
        Some(provider) => action.provider.as_ref().is_some_and(|used| used.as_str() == provider),
        None => true,
    });
    Ok(Json(page::of(&query, chosen, |(integration, one)| action(integration, one))?))
}

/// Returns an action with its schemas.
#[utoipa::path(get, path = "/registry/actions/{id}", tag = "registry",
    params(("id" = String, Path, description = "`<integration>.<action>`", example = "slack.post-message")),
    responses((status = OK, description = "the action", body = ActionDetail)))]
pub(in crate::http) async fn get_action(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ActionDetail>, ApiError> {
    let unknown = || unknown_action(&id);
    let id: ActionId = id.parse().map_err(|_| unknown())?;
    let active = app.registry().lookup(&id).ok_or_else(unknown)?;
    let found = active.definition.action(&id.action).ok_or_else(unknown)?;
    Ok(Json(ActionDetail {
        summary: action(&id.integration, found),
        input_schema: found.input_schema.document().clone(),
        output_schema: found.output_schema.document().clone(),
    }))
}

/// Executes an action. An error's `code` says what failed: the input, the integration, its upstream, a limit or this host.
#[utoipa::path(post, path = "/registry/actions/{id}/execute", tag = "registry",
    params(
        ("id" = String, Path, description = "`<integration>.<action>`", example = "slack.post-message"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "the same for every attempt at one operation"),
    ),
    request_body = ExecuteRequest,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the action's output", body = ExecuteResponse),
        (status = "4XX", body = Problem, content_type = "application/problem+json", description = "the request is wrong, or the integration reported a failure"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "a limit was exceeded, or the upstream, the integration or this host failed"),
    ))]
pub(in crate::http) async fn execute_action(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    memory: RequestMemory,
    JsonText(request): JsonText<ExecuteRequest>,
) -> Result<Json<ExecuteResponse>, ApiError> {
    let started = Instant::now();
    caller.require(Scope::ActionsExecute)?;
    let id: ActionId = id.parse().map_err(|_| unknown_action(&id))?;
    let execution = Execution {
        user: &caller.user,
        input: &request.input,
        share: memory.share(),
        run_id: request_id.as_str(),
        step_id: None,
        attempt: 1,
        idempotency_key: idempotency_key(&headers)?,
        connections: connections(request.connections)?,
    };
    let (output, halted) = match app.registry().execute(&id, execution).await {
        Ok(output) => {
            // It is there, and is copied into the answer.
            memory.count(u64::try_from(output.get().len()).unwrap_or(u64::MAX));
            (Some(output), None)
        }
        Err(ExecuteError::Call(CallError::Failed(failure))) if failure.kind == FailureKind::Halt => {
            (None, Some(failure.message))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Json(ExecuteResponse { output, halted, duration_ms: milliseconds(started) }))
}

fn unknown_action(id: &str) -> ApiError {
    ApiError::not_found(ErrorCode::ActionNotFound, format!("unknown action {:?}", clipped(id)))
}

/// The caller's `Idempotency-Key`.
pub(in crate::http::routes) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= MAX_IDEMPOTENCY_KEY);
    key.map(Some).ok_or_else(|| {
        let detail = format!("Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY} visible ASCII characters");
        ApiError::bad_request(ErrorCode::InvalidIdempotencyKey, detail)
    })
}

fn connections(by_provider: BTreeMap<String, String>) -> Result<BTreeMap<ProviderId, String>, ApiError> {
    let parsed = by_provider.into_iter().map(|(provider, connection)| {
        let id = provider.parse().map_err(|error| {
            let detail = format!("connections: {:?} is not a provider's id: {error}", clipped(&provider));
            ApiError::bad_request(ErrorCode::InvalidBody, detail)
        })?;
        Ok((id, connection))
    });
    parsed.collect()
}

/// To the microsecond: a call takes less than a millisecond.
fn milliseconds(started: Instant) -> f64 {
    let microseconds = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
    f64::from(microseconds) / 1_000.0
}

pub(super) fn action(integration: &IntegrationId, action: &integration::Action) -> Action {
    Action {
        id: format!("{integration}.{}", action.id),
        integration: integration.to_string(),
        name: action.name.clone(),
        description: action.description.clone(),
        provider: action.provider.as_ref().map(ToString::to_string),
        scopes: action.scopes.clone(),
        idempotent: action.idempotent,
    }
}
