//! `POST /marketplace/{id}/versions`.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use workway_users::Scope;

use super::{
    body::definition,
    problems::WriteProblems,
    wire::{WorkflowDetail, actor, written},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        etag::IfMatch,
        extract::{Json, Path},
    },
};

/// A new version of a workflow: exactly one of the definition's two forms.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct NewWorkflowVersion {
    /// The workflow, at most 256 KiB, as `/schemas/workflow-1.json` has it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    workflow_definition: Option<Value>,
    /// The same as YAML.
    #[serde(default)]
    workflow_yaml: Option<String>,
    /// What is new, at most 4,000 characters, none of them NUL.
    #[serde(default)]
    #[schema(max_length = 4000, pattern = "^[^\\u0000]*$")]
    changelog: String,
}

/// Adds a version. New installations get it; who has the workflow stays on what was installed. In a published workflow it
/// has to be whole.
#[utoipa::path(post, path = "/marketplace/{id}/versions", tag = "marketplace",
    params(
        ("id" = String, Path, description = "an id or a slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags of `GET /marketplace/{id}`: the versions that this is meant for"),
    ),
    request_body = NewWorkflowVersion,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the workflow as it is now", body = WorkflowDetail<'static>,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn create_version(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
    Json(body): Json<NewWorkflowVersion>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    let Some(definition) = definition(&app, &actor, body.workflow_definition, body.workflow_yaml).await? else {
        return Err(ApiError::bad_request("invalid-body", "send workflowDefinition or workflowYaml"));
    };
    let listing = app.marketplace().add_version(&actor, &id, &condition, &definition, &body.changelog).await?;
    Ok((StatusCode::CREATED, written(&listing)?).into_response())
}
