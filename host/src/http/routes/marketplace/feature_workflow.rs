//! `PUT` and `DELETE /marketplace/{id}/featured`.

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{WorkflowDetail, written};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::{Json, Path},
        number::whole,
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct FeaturedPlace {
    /// Lower ones come first.
    #[serde(deserialize_with = "whole")]
    #[schema(format = Int64, minimum = 0, maximum = 4294967295_u64)]
    position: u32,
}

/// Puts a published workflow among the featured ones. For the operator.
#[utoipa::path(put, path = "/marketplace/{id}/featured", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    request_body = FeaturedPlace,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the workflow as it is now", body = WorkflowDetail<'static>,
            headers(("etag", description = "for `If-Match` of the next write"))),
        (status = CONFLICT, description = "it is not published", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn feature_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(place): Json<FeaturedPlace>,
) -> Result<Response, ApiError> {
    caller.require_admin()?;
    written(&app.marketplace().feature_workflow(&id, Some(place.position)).await?)
}

/// Takes a workflow out of the featured ones. For the operator.
#[utoipa::path(delete, path = "/marketplace/{id}/featured", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "it is not featured")))]
pub(in crate::http) async fn unfeature_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require_admin()?;
    app.marketplace().feature_workflow(&id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
