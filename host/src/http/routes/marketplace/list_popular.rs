//! `GET /marketplace/popular`.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    problems::ListProblems,
    wire::{PageQuery, WorkflowPage},
};
use crate::{
    app::App,
    http::{
        error::ApiError,
        etag::{Audience, tagged},
        extract::Query,
    },
};

/// All workflows, from the one that most users installed on.
#[utoipa::path(get, path = "/marketplace/popular", tag = "marketplace", params(PageQuery), responses(
    (status = OK, description = "a part of the list", body = WorkflowPage<'static>),
    (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
    ListProblems,
))]
pub(in crate::http) async fn list_popular(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = query.bounds()?;
    let page = app.marketplace().get_popular_workflows(limit, offset).await?;
    tagged(&headers, Audience::Everybody, None, &WorkflowPage::new(&page, limit, offset))
}
