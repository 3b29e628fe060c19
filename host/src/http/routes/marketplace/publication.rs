//! Who sees a workflow: `/marketplace/{id}/{publish,unpublish,featured}`.

use axum::{extract::State, http::StatusCode, response::Response};
use workway_api::{
    error::Problem,
    listings::{FeaturedPosition, ListingDetail},
};
use workway_users::Scope;

use super::{
    actor::actor,
    convert::{written, written_with_warnings},
    problems::WriteProblems,
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

/// Publishes a workflow, or lists every problem that prevents it. Publishing a published workflow changes nothing.
#[utoipa::path(post, path = "/marketplace/{id}/publish", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /marketplace/{id}`: only change one of these versions"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the published workflow", body = ListingDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn publish_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    written_with_warnings(app.marketplace().publish_workflow(&actor, &id, &condition).await?)
}

/// Unpublishes a workflow. Existing installations keep working. The operator may unpublish any workflow.
#[utoipa::path(post, path = "/marketplace/{id}/unpublish", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags from `GET /marketplace/{id}`: only change one of these versions"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the unpublished workflow", body = ListingDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn unpublish_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    written(&app.marketplace().unpublish_workflow(&actor, &id, &condition).await?)
}

/// Features a published workflow. Only for the operator.
#[utoipa::path(put, path = "/marketplace/{id}/featured", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    request_body = FeaturedPosition,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the featured workflow", body = ListingDetail,
            headers(("etag", description = "for `If-Match` of the next write"))),
        (status = CONFLICT, description = "the workflow is not published", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn feature_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(featured): Json<FeaturedPosition>,
) -> Result<Response, ApiError> {
    caller.require_admin()?;
    written(&app.marketplace().feature_workflow(&id, Some(featured.position)).await?)
}

/// Stops featuring a workflow. Only for the operator.
#[utoipa::path(delete, path = "/marketplace/{id}/featured", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "the workflow is not featured")))]
pub(in crate::http) async fn unfeature_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require_admin()?;
    app.marketplace().feature_workflow(&id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
