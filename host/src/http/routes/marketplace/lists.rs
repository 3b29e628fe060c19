//! Ready-made lists of workflows: `/marketplace/{featured,popular,recent,category,developer}` and `/developers/me/workflows`.

use axum::{extract::State, http::HeaderMap, response::Response};
use workway_api::{error::Problem, marketplace::ListingPage, page::PageQuery};
use workway_users::Scope;

use super::{
    actor::{actor, developer_id},
    convert::listing_page,
    problems::ListProblems,
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        etag::{Audience, tagged},
        extract::{Path, Query},
        page::bounds,
        routes::developers::unknown_developer,
    },
};

/// Lists the workflows that the operator features, in the operator's order.
#[utoipa::path(get, path = "/marketplace/featured", tag = "marketplace", params(PageQuery), responses(
    (status = OK, description = "a part of the list", body = ListingPage),
    (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn list_featured_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let page = app.marketplace().get_featured_workflows(limit, offset).await?;
    tagged(&headers, Audience::Everyone, None, &listing_page(&page, limit, offset))
}

/// Lists all workflows by number of installations, highest first.
#[utoipa::path(get, path = "/marketplace/popular", tag = "marketplace", params(PageQuery), responses(
    (status = OK, description = "a part of the list", body = ListingPage),
    (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn list_popular_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let page = app.marketplace().get_popular_workflows(limit, offset).await?;
    tagged(&headers, Audience::Everyone, None, &listing_page(&page, limit, offset))
}

/// Lists all workflows by time of publication, newest first.
#[utoipa::path(get, path = "/marketplace/recent", tag = "marketplace", params(PageQuery), responses(
    (status = OK, description = "a part of the list", body = ListingPage),
    (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn list_recent_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let page = app.marketplace().get_recent_workflows(limit, offset).await?;
    tagged(&headers, Audience::Everyone, None, &listing_page(&page, limit, offset))
}

/// Lists the workflows of a category, most popular first.
#[utoipa::path(get, path = "/marketplace/category/{categoryId}", tag = "marketplace",
    params(("categoryId" = String, Path, description = "the category's id", example = "productivity"), PageQuery),
    responses(
        (status = OK, description = "a part of the list", body = ListingPage),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
        (status = NOT_FOUND, description = "the category does not exist", body = Problem, content_type = "application/problem+json"),
        ListProblems,
    ))]
pub(in crate::http) async fn list_category_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Path(category): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let page = app.marketplace().get_workflows_by_category(&category, limit, offset).await?;
    tagged(&headers, Audience::Everyone, None, &listing_page(&page, limit, offset))
}

/// Lists the public workflows of a developer, most popular first.
#[utoipa::path(get, path = "/marketplace/developer/{developerId}", tag = "marketplace",
    params(("developerId" = String, Path, description = "the developer's id or slug", example = "acme"), PageQuery),
    responses(
        (status = OK, description = "a part of the list", body = ListingPage),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
        (status = NOT_FOUND, description = "the developer does not exist", body = Problem, content_type = "application/problem+json"),
        ListProblems,
    ))]
pub(in crate::http) async fn list_developer_workflows(
    State(app): State<App>,
    headers: HeaderMap,
    Path(developer): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = bounds(query)?;
    let unknown = || unknown_developer(&developer);
    let id = developer_id(&app, &developer).await?.ok_or_else(unknown)?;
    let page = app.marketplace().get_workflows_by_developer(&id, limit, offset).await?;
    // An empty list: the developer may not exist.
    if page.total == 0 && app.users().developer(&developer).await?.is_none() {
        return Err(unknown());
    }
    tagged(&headers, Audience::Everyone, None, &listing_page(&page, limit, offset))
}

/// Lists all workflows of the calling developer, including drafts, newest first.
#[utoipa::path(get, path = "/developers/me/workflows", tag = "developers", params(PageQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "a part of the list", body = ListingPage),
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn list_own_workflows(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let (limit, offset) = bounds(query)?;
    let page = app.marketplace().get_own_workflows(&actor(&app, &caller).await?, limit, offset).await?;
    tagged(&headers, Audience::Caller, None, &listing_page(&page, limit, offset))
}
