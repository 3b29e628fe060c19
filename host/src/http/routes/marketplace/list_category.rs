//! `GET /marketplace/category/{categoryId}`.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    problems::ListProblems,
    wire::{PageQuery, WorkflowPage},
};
use crate::{
    app::App,
    http::{
        error::{ApiError, Problem},
        etag::{Audience, tagged},
        extract::{Path, Query},
    },
};

/// The workflows of a category, from the most popular one on.
#[utoipa::path(get, path = "/marketplace/category/{categoryId}", tag = "marketplace",
    params(("categoryId" = String, Path, example = "productivity"), PageQuery),
    responses(
        (status = OK, description = "a part of the list", body = WorkflowPage<'static>),
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
        (status = NOT_FOUND, description = "there is no such category", body = Problem, content_type = "application/problem+json"),
        ListProblems,
    ))]
pub(in crate::http) async fn list_category(
    State(app): State<App>,
    headers: HeaderMap,
    Path(category): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = query.bounds()?;
    let page = app.marketplace().get_workflows_by_category(&category, limit, offset).await?;
    tagged(&headers, Audience::Everybody, None, &WorkflowPage::new(&page, limit, offset))
}
