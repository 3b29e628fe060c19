//! `POST /marketplace`.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use workway_marketplace::NewWorkflow;
use workway_users::Scope;

use super::{
    body::{Tag, WorkflowChange, definition},
    wire::{WirePricing, WireVisibility, WorkflowDetail, actor},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::{Json, optional_object},
    },
};

/// A workflow that is to be made. It is a draft until it is published, and may be half of a workflow until then.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewWorkflow)]
pub(in crate::http) struct NewWorkflowBody {
    /// At most 80 characters, of which one at least is a letter or digit.
    #[schema(example = "Daily standup", min_length = 1, max_length = 80)]
    name: String,
    /// 3 to 64 lower-case letters and digits, in words joined by single hyphens; made from the name if it is not said.
    #[serde(default)]
    #[schema(example = "daily-standup", min_length = 3, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    /// What it does, in one line of at most 160 characters.
    #[serde(default)]
    #[schema(max_length = 160)]
    tagline: Option<String>,
    /// At most 20,000 characters, none of them NUL.
    #[serde(default)]
    #[schema(max_length = 20000, pattern = "^[^\\u0000]*$")]
    description: Option<String>,
    /// One of `GET /marketplace/stats`; `other` if it is not said.
    #[serde(default)]
    #[schema(example = "productivity")]
    category: Option<String>,
    /// At most ten of at most 32 characters, each with a letter or digit.
    #[serde(default)]
    #[schema(max_items = 10, value_type = Option<Vec<Tag>>)]
    tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "optional_object")]
    pricing: Option<WirePricing>,
    #[serde(default)]
    visibility: Option<WireVisibility>,
    /// The workflow itself, at most 256 KiB; `/schemas/workflow-1.json` says what it has to be when it is published.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({
        "name": "Daily standup",
        "trigger": { "schedule": { "cron": "0 9 * * 1-5", "timezone": "Europe/Rome" } },
        "steps": [{ "id": "ask", "uses": "slack.post-message", "with": { "channel": "#team", "text": "What is new?" } }],
    }))]
    workflow_definition: Option<Value>,
    /// The same as YAML, which has to be whole.
    #[serde(default)]
    workflow_yaml: Option<String>,
}

/// Makes a draft of the calling developer.
#[utoipa::path(post, path = "/marketplace", tag = "marketplace",
    request_body = NewWorkflowBody,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the draft", body = WorkflowDetail<'static>,
            headers(("location", description = "where it is"), ("etag", description = "for `If-Match` of a write"))),
        (status = CONFLICT, description = "this developer has too many workflows", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the workflow has problems; `errors` lists all of them", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_workflow(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<NewWorkflowBody>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    let definition = definition(&app, &actor, body.workflow_definition, body.workflow_yaml).await?;
    let change = WorkflowChange {
        name: Some(body.name),
        slug: body.slug,
        tagline: body.tagline,
        description: body.description,
        category: body.category,
        tags: body.tags,
        pricing: body.pricing,
        visibility: body.visibility,
    };
    let definition = definition.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let new = NewWorkflow { change: change.into(), definition };
    let listing = app.marketplace().create_workflow(&actor, new).await?;
    let location = format!("/marketplace/{}", listing.summary.id);
    let mut response = (StatusCode::CREATED, super::wire::written(&listing)?).into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&location).map_err(ApiError::internal)?);
    Ok(response)
}
