//! `POST /registry/actions/{id}/execute`.

use std::{collections::BTreeMap, time::Instant};

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderName},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};
use workway_model::{ActionId, FailureKind, ProviderId};
use workway_registry::{ExecuteError, Execution};
use workway_sandbox::CallError;
use workway_users::Scope;

use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::{JsonBytes, Path, parse},
        middleware::request_id::RequestId,
    },
};

/// draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct ExecuteRequest<'a> {
    /// What the action's `inputSchema` describes.
    #[serde(borrow)]
    #[schema(value_type = Value, example = json!({ "channel": "C0123456789", "text": "Hello" }))]
    input: &'a RawValue,
    /// The accounts to use, connections' ids by provider; the caller's default account of each provider otherwise.
    #[serde(default)]
    #[schema(schema_with = connections_by_provider)]
    connections: BTreeMap<ProviderId, String>,
}

fn connections_by_provider() -> Object {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let provider = text().pattern(Some("^[a-z][a-z0-9-]*$")).max_length(Some(64)).build();
    ObjectBuilder::new()
        .description(Some(
            "The accounts to use, connections' ids by provider; the caller's default account of each provider otherwise.",
        ))
        .property_names(Some(provider))
        .additional_properties(Some(text()))
        .build()
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ExecuteResponse {
    /// What the action's `outputSchema` describes; `null` where it was halted.
    #[schema(value_type = Value)]
    output: Option<Box<RawValue>>,
    /// The integration found nothing to do, and says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    halted: Option<String>,
    /// From the request's arrival to the answer, in milliseconds.
    duration_ms: f64,
}

/// Runs an action. An error's `code` says who is to blame: the input, the integration, its upstream, a limit, this host.
#[utoipa::path(post, path = "/registry/actions/{id}/execute", tag = "registry",
    params(
        ("id" = String, Path, description = "`<integration>.<action>`", example = "slack.post-message"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "the same for every attempt at one thing"),
    ),
    request_body = ExecuteRequest<'_>,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the action's output", body = ExecuteResponse),
        (status = "4XX", body = Problem, content_type = "application/problem+json", description = "the request, or what the integration reported"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "a limit, the upstream, the integration or this host"),
    ))]
pub(in crate::http) async fn execute_action(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    JsonBytes(body): JsonBytes,
) -> Result<Json<ExecuteResponse>, ApiError> {
    let started = Instant::now();
    caller.require(Scope::ActionsExecute)?;
    let id: ActionId =
        id.parse().map_err(|_| ApiError::not_found("action-not-found", format!("there is no action {id:?}")))?;
    let request: ExecuteRequest<'_> = parse(&body)?;
    let execution = Execution {
        user: &caller.user,
        input: request.input,
        run_id: request_id.as_str(),
        idempotency_key: idempotency_key(&headers)?,
        connections: request.connections,
    };
    let (output, halted) = match app.registry().execute(&id, execution).await {
        Ok(output) => (Some(output), None),
        Err(ExecuteError::Call(CallError::Failed(failure))) if failure.kind == FailureKind::Halt => {
            (None, Some(failure.message))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Json(ExecuteResponse { output, halted, duration_ms: milliseconds(started) }))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= MAX_IDEMPOTENCY_KEY);
    key.map(Some).ok_or_else(|| {
        ApiError::bad_request("invalid-idempotency-key", "Idempotency-Key has 1 to 255 visible ASCII characters")
    })
}

/// To the microsecond: a call takes less than a millisecond.
fn milliseconds(started: Instant) -> f64 {
    let microseconds = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
    f64::from(microseconds) / 1_000.0
}
