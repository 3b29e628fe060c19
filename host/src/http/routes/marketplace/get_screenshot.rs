//! `GET /marketplace/{id}/screenshots/{screenshotId}`.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::wire::optional_actor;
use crate::{
    app::App,
    http::{auth::OptionalCaller, error::ApiError, extract::Path},
};

/// A screenshot. It never changes.
#[utoipa::path(get, path = "/marketplace/{id}/screenshots/{screenshotId}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("screenshotId" = String, Path),
    ),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "the image", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
    ))]
pub(in crate::http) async fn get_screenshot(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    Path((id, screenshot)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let found = app.marketplace().get_screenshot(&id, actor.as_ref(), &screenshot).await?;
    // What is shown to its owner alone is for no shared cache; what is public may be taken out within a day.
    let control = if actor.is_some() { "private, max-age=86400" } else { "public, max-age=86400" };
    let headers = [
        (header::CONTENT_TYPE, found.info.media_type.as_str()),
        (header::CACHE_CONTROL, control),
        (header::VARY, "Authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, found.image).into_response())
}
