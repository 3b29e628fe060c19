//! `GET /developers/me/workflows`.

use axum::{extract::State, http::HeaderMap, response::Response};
use workway_users::Scope;

use super::wire::{PageQuery, WorkflowPage, actor};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        etag::{Audience, tagged},
        extract::Query,
    },
};

/// Everything that the calling developer has, drafts included, from the newest one on.
#[utoipa::path(get, path = "/developers/me/workflows", tag = "developers", params(PageQuery),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "a part of the list", body = WorkflowPage<'static>),
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn list_own(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let (limit, offset) = query.bounds()?;
    let page = app.marketplace().get_own_workflows(&actor(&app, &caller).await?, limit, offset).await?;
    tagged(&headers, Audience::Caller, None, &WorkflowPage::new(&page, limit, offset))
}
