//! `GET /marketplace/developer/{developerId}`.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    developer::developer_id,
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

/// The public workflows of a developer, from the most popular one on.
#[utoipa::path(get, path = "/marketplace/developer/{developerId}", tag = "marketplace",
    params(("developerId" = String, Path, description = "an id or a slug", example = "acme"), PageQuery),
    responses(
        (status = OK, description = "a part of the list", body = WorkflowPage<'static>),
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
        (status = NOT_FOUND, description = "there is no such developer", body = Problem, content_type = "application/problem+json"),
        ListProblems,
    ))]
pub(in crate::http) async fn list_developer(
    State(app): State<App>,
    headers: HeaderMap,
    Path(developer): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = query.bounds()?;
    let unknown = || ApiError::not_found("developer-not-found", "there is no such developer");
    let id = developer_id(&app, &developer).await?.ok_or_else(unknown)?;
    let page = app.marketplace().get_workflows_by_developer(&id, limit, offset).await?;
    // An empty list of a developer that there is needs a look into the table.
    if page.total == 0 && app.accounts().developer(&developer).await?.is_none() {
        return Err(unknown());
    }
    tagged(&headers, Audience::Everybody, None, &WorkflowPage::new(&page, limit, offset))
}
