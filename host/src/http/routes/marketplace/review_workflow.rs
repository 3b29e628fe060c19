//! `POST /marketplace/{id}/reviews`.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;
use workway_users::Scope;

use super::wire::{WireReview, actor};
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
pub(in crate::http) struct NewReview {
    /// 1 to 5.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    /// At most 4,000 characters, none of them NUL.
    #[serde(default)]
    #[schema(max_length = 4000, pattern = "^[^\\u0000]*$")]
    text: String,
}

/// Says what the calling user thinks of a workflow that this user installed at some time. A second review takes the place
/// of the first.
#[utoipa::path(post, path = "/marketplace/{id}/reviews", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    request_body = NewReview,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the review", body = WireReview<'static>),
        (status = OK, description = "the review, in the place of the one before", body = WireReview<'static>),
        (status = UNPROCESSABLE_ENTITY, description = "the review has problems; `errors` lists all of them", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn review_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<NewReview>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let (review, is_new) = app.marketplace().review_workflow(&actor, &id, body.rating, &body.text).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(WireReview::from(&review))).into_response())
}
