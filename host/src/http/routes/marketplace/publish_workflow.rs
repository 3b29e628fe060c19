//! `POST /marketplace/{id}/publish`.

use axum::{extract::State, response::Response};
use workway_users::Scope;

use super::{
    problems::WriteProblems,
    wire::{WorkflowDetail, actor, written},
};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, etag::IfMatch, extract::Path},
};

/// Shows a workflow to others, or lists everything that keeps it from that. Of a published one nothing changes.
#[utoipa::path(post, path = "/marketplace/{id}/publish", tag = "marketplace",
    params(
        ("id" = String, Path, description = "an id or a slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags of `GET /marketplace/{id}`: the versions that this is meant for"),
    ),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the workflow as it is now", body = WorkflowDetail<'static>,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn publish_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    written(&app.marketplace().publish_workflow(&actor, &id, &condition).await?)
}
