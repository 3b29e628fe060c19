//! Reviews of a workflow: `/marketplace/{id}/reviews`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use workway_api::{
    error::Problem,
    page::{Page, PageQuery},
    reviews::{NewReview, Review, ReviewPage},
};
use workway_users::Scope;

use super::{
    actor::{actor, audience, optional_actor},
    convert::review,
};
use crate::{
    app::App,
    http::{
        auth::{Caller, OptionalCaller},
        error::ApiError,
        etag::tagged,
        extract::{Json, Path, Query},
        page::bounds,
    },
};

/// Lists the reviews of a workflow, newest first.
#[utoipa::path(get, path = "/marketplace/{id}/reviews", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"), PageQuery),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "a part of the list", body = ReviewPage),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn list_reviews(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let (reviews, total) = app.marketplace().get_reviews(&id, actor.as_ref(), limit, offset).await?;
    let items = reviews.iter().map(review).collect();
    tagged(&headers, audience(actor.as_ref()), None, &Page { items, total, limit, offset })
}

/// Reviews a workflow that the calling user has or had installed. A second review replaces the first.
#[utoipa::path(post, path = "/marketplace/{id}/reviews", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    request_body = NewReview,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the review", body = Review),
        (status = OK, description = "the review, which replaced an earlier one", body = Review),
        (status = UNPROCESSABLE_ENTITY, description = "the review is invalid; `errors` lists every problem", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn review_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<NewReview>,
) -> Result<(StatusCode, axum::Json<Review>), ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let (written, is_new) = app.marketplace().review_workflow(&actor, &id, body.rating, &body.text).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(review(&written))))
}
