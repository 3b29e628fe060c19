//! Versions of a workflow: `/marketplace/{id}/versions`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::value::RawValue;
use workway_api::{
    error::ErrorCode,
    listings::ListingDetail,
    page::{Page, PageQuery},
    versions::{NewVersion, VersionPage},
};
use workway_marketplace::{Source, SourceFormat};
use workway_users::Scope;

use super::{
    actor::{actor, audience, optional_actor},
    convert::{version, written},
    problems::WriteProblems,
};
use crate::{
    app::App,
    http::{
        auth::{Caller, OptionalCaller},
        error::ApiError,
        etag::{IfMatch, tagged},
        extract::{Json, Path, Query},
        page::bounds,
    },
};

/// Lists the versions of a workflow, newest first.
#[utoipa::path(get, path = "/marketplace/{id}/versions", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"), PageQuery),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "a part of the list", body = VersionPage),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn list_versions(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let (versions, total) = app.marketplace().get_versions(&id, actor.as_ref(), limit, offset).await?;
    let items = versions.iter().map(version).collect();
    tagged(&headers, audience(actor.as_ref()), None, &Page { items, total, limit, offset })
}

/// Adds a version. New installations get it; existing ones keep theirs. A published workflow's new version must be complete.
#[utoipa::path(post, path = "/marketplace/{id}/versions", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /marketplace/{id}`: only change one of these versions"),
    ),
    request_body = NewVersion,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the changed workflow", body = ListingDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn create_version(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
    Json(body): Json<NewVersion>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    let Some(source) = sent_source(body.workflow_definition, body.workflow_yaml)? else {
        let detail = "send workflowDefinition or workflowYaml";
        return Err(ApiError::bad_request(ErrorCode::InvalidBody, detail));
    };
    let listing = app.marketplace().add_version(&actor, &id, &condition, &source, &body.changelog).await?;
    Ok((StatusCode::CREATED, written(&listing)?).into_response())
}

/// The text of a definition, which a body contains as JSON or as YAML.
pub(super) fn sent_source(json: Option<Box<RawValue>>, yaml: Option<String>) -> Result<Option<Source>, ApiError> {
    match (json, yaml) {
        (Some(_), Some(_)) => {
            let detail = "send workflowDefinition or workflowYaml, not both";
            Err(ApiError::bad_request(ErrorCode::InvalidBody, detail))
        }
        (Some(json), None) => Ok(Some(Source { format: SourceFormat::Json, text: json.get().to_owned() })),
        (None, Some(text)) => Ok(Some(Source { format: SourceFormat::Yaml, text })),
        (None, None) => Ok(None),
    }
}
