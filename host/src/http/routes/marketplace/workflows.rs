//! One workflow: `POST /marketplace`, and `GET`, `PATCH` and `DELETE /marketplace/{id}`.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use workway_api::{
    error::Problem,
    listings::{ListingChange, ListingDetail, NewListing},
};
use workway_marketplace::NewWorkflow;
use workway_users::Scope;

use super::{
    actor::{actor, audience, optional_actor},
    convert::{listing_change, listing_detail, written},
    problems::WriteProblems,
    versions::sent_source,
};
use crate::{
    app::App,
    http::{
        auth::{Caller, OptionalCaller},
        error::ApiError,
        etag::{IfMatch, tagged},
        extract::{Json, Path},
    },
};

/// Creates a draft of the calling developer.
#[utoipa::path(post, path = "/marketplace", tag = "marketplace",
    request_body = NewListing,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the draft", body = ListingDetail,
            headers(("location", description = "the draft's path"), ("etag", description = "for `If-Match` of the next write"))),
        (status = CONFLICT, description = "the developer has the maximum number of workflows", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the workflow is invalid; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_workflow(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<NewListing>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    let source = sent_source(body.workflow_definition, body.workflow_yaml)?;
    let change = ListingChange {
        name: Some(body.name),
        slug: body.slug,
        tagline: body.tagline,
        description: body.description,
        category: body.category,
        tags: body.tags,
        pricing: body.pricing,
        visibility: body.visibility,
    };
    let new = NewWorkflow { change: listing_change(change), source };
    let listing = app.marketplace().create_workflow(&actor, new).await?;
    let location = format!("/marketplace/{}", listing.summary.id);
    let mut response = (StatusCode::CREATED, written(&listing)?).into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&location).map_err(ApiError::internal)?);
    Ok(response)
}

/// Returns a workflow. Its developer sees it in any state, others only while it is published and public.
#[utoipa::path(get, path = "/marketplace/{id}", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "the workflow", body = ListingDetail,
            headers(("etag", description = "for `If-None-Match`, and for `If-Match` of a write"))),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn get_workflow(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let listing = app.marketplace().get_workflow(&id, actor.as_ref()).await?;
    tagged(&headers, audience(actor.as_ref()), Some(listing.summary.version), &listing_detail(&listing)?)
}

/// Changes a workflow's name, texts, price or visibility. To change its definition, add a version with
/// `POST /marketplace/{id}/versions`.
#[utoipa::path(patch, path = "/marketplace/{id}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /marketplace/{id}`: only change one of these versions"),
    ),
    request_body = ListingChange,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the changed workflow", body = ListingDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn update_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
    Json(change): Json<ListingChange>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    written(&app.marketplace().save_workflow(&actor, &id, &condition, listing_change(change)).await?)
}

/// Deletes a workflow. Existing installations keep working. The operator may delete any workflow.
#[utoipa::path(delete, path = "/marketplace/{id}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /marketplace/{id}`: only change one of these versions"),
    ),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "the workflow is deleted"), WriteProblems))]
pub(in crate::http) async fn delete_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    app.marketplace().delete_workflow(&actor, &id, &condition).await?;
    Ok(StatusCode::NO_CONTENT)
}
