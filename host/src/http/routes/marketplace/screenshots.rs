//! Screenshots of a workflow: `/marketplace/{id}/screenshots`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use workway_api::{error::Problem, listings::Screenshot};
use workway_users::Scope;

use super::{
    actor::{actor, audience, optional_actor},
    convert::screenshot,
};
use crate::{
    app::App,
    http::{
        auth::{Caller, OptionalCaller},
        error::ApiError,
        etag::is_known,
        extract::{Image, Path},
    },
};

/// Adds a screenshot after the existing ones. The image is re-encoded, so that its metadata is dropped.
#[utoipa::path(post, path = "/marketplace/{id}/screenshots", tag = "marketplace",
    params(("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup")),
    request_body(description = "a PNG, JPEG or WebP of at most 4 MiB and 4,096 pixels a side", content(
        (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"),
    )),
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the screenshot", body = Screenshot,
            headers(("location", description = "the same as `url`"))),
        (status = CONFLICT, description = "the workflow has eight screenshots already", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "the image cannot be decoded, or is too large", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn add_screenshot(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Image(bytes): Image,
) -> Result<Response, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    let info = app.marketplace().add_screenshot(&actor, &id, bytes).await?;
    let added = screenshot(&id, &info);
    let location = [(header::LOCATION, added.url.clone())];
    Ok((StatusCode::CREATED, location, axum::Json(added)).into_response())
}

/// Returns a screenshot's image. It never changes, but may be deleted.
#[utoipa::path(get, path = "/marketplace/{id}/screenshots/{screenshotId}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("screenshotId" = String, Path, description = "the screenshot's id"),
    ),
    security((), ("bearer" = [])),
    responses(
        (status = NOT_MODIFIED, description = "the client has the answer: its tag is in `If-None-Match`"),
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
    let tag = format!("\"{}\"", found.info.id);
    let is_known = is_known(&headers, &tag);
    let headers = [
        (header::ETAG, tag.as_str()),
        (header::CONTENT_TYPE, found.info.media_type.as_str()),
        (header::CACHE_CONTROL, audience(actor.as_ref()).cache_control()),
        (header::VARY, "Authorization"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok(if is_known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, found.image).into_response()
    })
}

/// Deletes a screenshot.
#[utoipa::path(delete, path = "/marketplace/{id}/screenshots/{screenshotId}", tag = "marketplace",
    params(
        ("id" = String, Path, description = "the workflow's id or slug", example = "daily-standup"),
        ("screenshotId" = String, Path, description = "the screenshot's id"),
    ),
    security(("bearer" = [])),
    responses((status = NO_CONTENT, description = "the screenshot is deleted")))]
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
