//! `POST /marketplace/{id}/install`.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use workway_users::Scope;

use super::wire::{WireInstallation, actor};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

/// Installs a workflow for the calling user, in its present version. Installing what is installed changes nothing.
#[utoipa::path(post, path = "/marketplace/{id}/install", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "it is installed now", body = WireInstallation<'static>),
        (status = OK, description = "it was installed before", body = WireInstallation<'static>),
        (status = PAYMENT_REQUIRED, description = "it is not free, and this host takes no payments yet", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "it is the caller's own and not published", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn install_workflow(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.require(Scope::Marketplace)?;
    let actor = actor(&app, &caller).await?;
    let (installation, is_new) = app.marketplace().increment_install_count(&actor, &id).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(WireInstallation::from(&installation))).into_response())
}
