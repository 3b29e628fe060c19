//! Starting runs by hand: `POST /installations/{id}/run` and `POST /workflows/{id}/execute`.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use workway_api::{
    error::Problem,
    runs::{ExecuteDraft, RunRequest, RunStarted},
};
use workway_runs::{Draft, DraftStart};
use workway_users::Scope;

use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{self, Path},
        routes::{marketplace::actor::actor, registry::actions::idempotency_key},
    },
};

/// Starts a run of an installation, whatever its trigger is. A workflow with a webhook can be tried by sending the payload as
/// `trigger`.
#[utoipa::path(post, path = "/installations/{id}/run", tag = "runs",
    params(
        ("id" = String, Path, description = "the installation's id"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "the same for every attempt at one start: it starts one run"),
    ),
    request_body = Option<RunRequest>,
    security(("bearer" = [])),
    responses(
        (status = ACCEPTED, description = "the run, which is stored and will be executed", body = RunStarted),
        (status = CONFLICT, description = "the installation is paused, or at its limit of concurrent runs", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn run_installation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Option<extract::Json<RunRequest>>,
) -> Result<(StatusCode, Json<RunStarted>), ApiError> {
    caller.require(Scope::ActionsExecute)?;
    let key = idempotency_key(&headers)?;
    let trigger = body.and_then(|extract::Json(body)| body.trigger).unwrap_or(Value::Null);
    let started = app.runs().start(&caller.user, &id, trigger, key).await?;
    Ok(accepted(started.run.to_string()))
}

/// Runs the newest version of an own workflow once, without an installation, published or not. With `mocks` no action is called.
#[utoipa::path(post, path = "/workflows/{id}/execute", tag = "runs",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    request_body = Option<ExecuteDraft>,
    security(("bearer" = [])),
    responses(
        (status = ACCEPTED, description = "the run, which is stored and will be executed", body = RunStarted),
        (status = BAD_REQUEST, description = "the request is malformed, or the inputs or connections do not fit the workflow; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the workflow is invalid; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn execute_draft(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Option<extract::Json<ExecuteDraft>>,
) -> Result<(StatusCode, Json<RunStarted>), ApiError> {
    caller.require(Scope::Publish)?;
    caller.require(Scope::ActionsExecute)?;
    let actor = actor(&app, &caller).await?;
    let ExecuteDraft { inputs, trigger, mocks, connections } = body.map(|extract::Json(body)| body).unwrap_or_default();
    let draft = app.marketplace().runnable_draft(&actor, &id, inputs, connections).await?;
    // Their form was checked with the rest.
    let connections = draft.connections.into_iter().filter_map(|(provider, id)| Some((provider.parse().ok()?, id)));
    let secrets = draft.secrets.into_iter().map(|(name, secret)| (name, secret.expose_secret().to_owned()));
    let start = DraftStart {
        owner: caller.user,
        workflow: draft.listing,
        definition: draft.definition,
        inputs: draft.inputs,
        trigger: trigger.unwrap_or(Value::Null),
        draft: Draft {
            mocks: mocks.map(|mocks| mocks.into_iter().collect()),
            connections: connections.collect(),
            secrets: secrets.collect(),
        },
    };
    let started = app.runs().try_draft(start).await?;
    Ok(accepted(started.run.to_string()))
}

/// The answer to a start.
pub(super) fn accepted(run_id: String) -> (StatusCode, Json<RunStarted>) {
    (StatusCode::ACCEPTED, Json(RunStarted { run_id }))
}
