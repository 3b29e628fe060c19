//! `GET /marketplace/{id}/versions`.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::{PageQuery, WorkflowVersion, optional_actor};
use crate::{
    app::App,
    http::{
        auth::OptionalCaller,
        error::ApiError,
        etag::{Audience, tagged},
        extract::{Path, Query},
    },
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct VersionPage<'a> {
    items: Vec<WorkflowVersion<'a>>,
    total: u64,
    limit: usize,
    offset: usize,
}

/// The versions of a workflow, from the newest one on.
#[utoipa::path(get, path = "/marketplace/{id}/versions", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup"), PageQuery),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "a part of the list", body = VersionPage<'static>),
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn list_versions(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let (limit, offset) = query.bounds()?;
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let (versions, total) = app.marketplace().get_versions(&id, actor.as_ref(), limit, offset).await?;
    let audience = if actor.is_some() { Audience::Caller } else { Audience::Everybody };
    let items = versions.iter().map(Into::into).collect();
    tagged(&headers, audience, None, &VersionPage { items, total, limit, offset })
}
