//! `PATCH /marketplace/{id}`.

use axum::{extract::State, response::Response};
use workway_users::Scope;

use super::{
    body::WorkflowChange,
    problems::WriteProblems,
    wire::{WorkflowDetail, actor, written},
};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        etag::IfMatch,
        extract::{Json, Path},
    },
};

/// Changes what is said of a workflow. What it does is changed by `POST /marketplace/{id}/versions`.
#[utoipa::path(patch, path = "/marketplace/{id}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "an id or a slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags of `GET /marketplace/{id}`: the versions that this is meant for"),
    ),
    request_body = WorkflowChange,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the workflow as it is now", body = WorkflowDetail<'static>,
            headers(("etag", description = "for `If-Match` of the next write"))),
        WriteProblems,
    ))]
pub(in crate::http) async fn update_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
    Json(change): Json<WorkflowChange>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    written(&app.marketplace().save_workflow(&actor, &id, &condition, change.into()).await?)
}
