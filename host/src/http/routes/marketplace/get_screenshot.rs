//! `GET /marketplace/{id}/screenshots/{screenshotId}`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::wire::optional_actor;
use crate::{
    app::App,
    http::{auth::OptionalCaller, error::ApiError, etag::is_known, extract::Path},
};

/// A screenshot. It never changes, but may be taken out.
#[utoipa::path(get, path = "/marketplace/{id}/screenshots/{screenshotId}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("screenshotId" = String, Path),
    ),
    security((), ("bearer" = [])),
    responses(
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
        (status = OK, description = "the image", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
    ))]
pub(in crate::http) async fn get_screenshot(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path((id, screenshot)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let found = app.marketplace().get_screenshot(&id, actor.as_ref(), &screenshot).await?;
    let control = if actor.is_some() { "private, no-cache" } else { "public, no-cache" };
    let tag = format!("\"{}\"", found.info.id);
    let is_known = is_known(&headers, &tag);
    let headers = [
        (header::ETAG, tag.as_str()),
        (header::CONTENT_TYPE, found.info.media_type.as_str()),
        (header::CACHE_CONTROL, control),
        (header::VARY, "Authorization"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok(if is_known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, found.image).into_response()
    })
}
