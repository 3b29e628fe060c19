//! `DELETE /marketplace/{id}`.

use axum::{extract::State, http::StatusCode};
use workway_users::Scope;

use super::{problems::WriteProblems, wire::actor};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, etag::IfMatch, extract::Path},
};

/// Takes a workflow out for good. Who installed it keeps it. The operator may do that, too.
#[utoipa::path(delete, path = "/marketplace/{id}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "an id or a slug", example = "daily-standup"),
        ("if-match" = Option<String>, Header, description = "tags of `GET /marketplace/{id}`: the versions that this is meant for"),
    ),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "it is gone"), WriteProblems))]
pub(in crate::http) async fn delete_workflow(
    State(app): State<App>,
    caller: Caller,
    IfMatch(condition): IfMatch,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    app.marketplace().delete_workflow(&actor, &id, &condition).await?;
    Ok(StatusCode::NO_CONTENT)
}
