//! `POST /marketplace/{id}/screenshots`.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use workway_users::Scope;

use super::wire::{WireScreenshot, actor};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::{Image, Path},
    },
};

/// Adds an image as a workflow's last screenshot. It is encoded anew: nothing of the file but its picture is kept.
#[utoipa::path(post, path = "/marketplace/{id}/screenshots", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    request_body(description = "a PNG, JPEG or WebP of at most 4 MiB and 4,096 pixels a side", content(
        (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"),
    )),
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "where it is", body = WireScreenshot<'static>,
            headers(("location", description = "the same as `url`"))),
        (status = CONFLICT, description = "there are eight already", body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, description = "it is no such image", body = Problem, content_type = "application/problem+json"),
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
    let shown = WireScreenshot::new(&id, &info);
    let location = [(header::LOCATION, shown.url().to_owned())];
    Ok((StatusCode::CREATED, location, axum::Json(shown)).into_response())
}
