//! Addresses of webhooks: `/hooks/{token}`. Whoever knows the address may send a request, and needs no token of a user.

use std::time::Duration;

use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use workway_api::{
    error::{ErrorCode, Problem},
    runs::RunStarted,
};
use workway_runs::{ReceiveError, Received, RunStatus, StartError, webhook::WebhookRequest};

use super::start::accepted;
use crate::{
    app::App,
    http::{
        error::ApiError,
        extract::{Path, Raw},
    },
};

/// How long a request waits for the output of its run. Senders wait longer, most proxies in between too.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest secret part of an address, in bytes. Those that were made are shorter; nothing longer is looked up.
const MAX_TOKEN_BYTES: usize = 128;

/// Takes a request to the address of a webhook and starts a run. The same route takes GET, PUT, PATCH and DELETE. If the
/// workflow says `respond: true`, the answer has the run's output, unless that takes more than 30 seconds.
///
/// The run is stored before this is answered. An event that is delivered again, with the same id in a header of the scheme that
/// the workflow verifies, gets the first run's id.
#[utoipa::path(post, path = "/hooks/{token}", tag = "runs",
    params(("token" = String, Path, description = "`webhookToken` of the installation")),
    request_body(description = "any body of at most 1 MiB; JSON and forms are parsed", content(
        (serde_json::Value = "application/json"), (Vec<u8> = "application/octet-stream"),
    )),
    responses(
        (status = OK, description = "the run's output, with `respond: true`", body = serde_json::Value, content_type = "application/json"),
        (status = ACCEPTED, description = "the run, which is stored and will be executed", body = RunStarted),
        (status = NO_CONTENT, description = "the installation is at its limit of concurrent runs, and its workflow skips others"),
        (status = BAD_REQUEST, description = "the body or a header is malformed", body = Problem, content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "the signature does not hold", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "nothing is at this address", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the installation is paused, or its secret cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, description = "the body has more than 1 MiB, or headers or query are too large", body = Problem, content_type = "application/problem+json"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "the body has another charset than UTF-8, or is compressed", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the body does not fit the workflow's schema; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
        (status = BAD_GATEWAY, description = "the run failed, with `respond: true`", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "too many runs are queued, or the database is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn receive_webhook(
    State(app): State<App>,
    Path(token): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Response, ApiError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(ReceiveError::UnknownAddress.into());
    }
    let request = WebhookRequest { method: &method, headers: &headers, query: query.as_deref(), body: &body };
    let received = match app.runs().receive(&token, request).await {
        Err(ReceiveError::Start(StartError::Skipped)) => return Ok(StatusCode::NO_CONTENT.into_response()),
        received => received?,
    };
    let Received { started, owner, respond } = received;
    if !respond {
        return Ok(accepted(started.run.to_string()).into_response());
    }
    let waited = tokio::select! {
        waited = app.runs().wait(&owner, &started.run, PATIENCE) => Some(waited?),
        () = app.stopping().cancelled() => None,
    };
    match waited {
        Some((summary, output)) if summary.status == RunStatus::Succeeded => {
            Ok(Json(output.unwrap_or(Value::Null)).into_response())
        }
        Some((summary, _)) if summary.status.is_ended() => {
            let detail = format!("the run {} ended without an output: GET /runs/{} says why", summary.id, summary.id);
            Err(ApiError::new(StatusCode::BAD_GATEWAY, ErrorCode::RunFailed, detail))
        }
        _ => Ok(accepted(started.run.to_string()).into_response()),
    }
}
