//! `DELETE /marketplace/{id}/screenshots/{screenshotId}`.

use axum::{extract::State, http::StatusCode};
use workway_users::Scope;

use super::wire::actor;
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Path},
};

/// Takes a screenshot out of a workflow.
#[utoipa::path(delete, path = "/marketplace/{id}/screenshots/{screenshotId}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("screenshotId" = String, Path),
    ),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "it is gone")))]
pub(in crate::http) async fn delete_screenshot(
    State(app): State<App>,
    caller: Caller,
    Path((id, screenshot)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    app.marketplace().remove_screenshot(&actor, &id, &screenshot).await?;
    Ok(StatusCode::NO_CONTENT)
}
