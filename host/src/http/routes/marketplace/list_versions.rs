//! `GET /marketplace/{id}/versions`.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::{WorkflowVersion, optional_actor};
use crate::{
    app::App,
    http::{
        auth::OptionalCaller,
        error::ApiError,
        etag::{Audience, tagged},
        extract::Path,
    },
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct VersionList<'a> {
    /// From the newest one on.
    items: Vec<WorkflowVersion<'a>>,
}

/// The versions of a workflow, from the newest one on: at most 1,000.
#[utoipa::path(get, path = "/marketplace/{id}/versions", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "all versions", body = VersionList<'static>),
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn list_versions(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let versions = app.marketplace().get_versions(&id, actor.as_ref()).await?;
    let audience = if actor.is_some() { Audience::Caller } else { Audience::Everybody };
    tagged(&headers, audience, None, &VersionList { items: versions.iter().map(Into::into).collect() })
}
