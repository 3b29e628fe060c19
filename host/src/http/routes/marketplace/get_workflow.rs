//! `GET /marketplace/{id}`.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::wire::{WorkflowDetail, optional_actor};
use crate::{
    app::App,
    http::{
        auth::OptionalCaller,
        error::ApiError,
        etag::{Audience, tagged},
        extract::Path,
    },
};

/// A workflow. Its developer sees it in any state, others if it is public.
#[utoipa::path(get, path = "/marketplace/{id}", tag = "marketplace",
    params(("id" = String, Path, description = "an id or a slug", example = "daily-standup")),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "the workflow", body = WorkflowDetail<'static>,
            headers(("etag", description = "for `If-None-Match`, and for `If-Match` of a write"))),
        (status = NOT_MODIFIED, description = "the client has it: its tag is in `If-None-Match`"),
    ))]
pub(in crate::http) async fn get_workflow(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let actor = optional_actor(&app, caller.as_ref()).await?;
    let listing = app.marketplace().get_workflow(&id, actor.as_ref()).await?;
    let audience = if actor.is_some() { Audience::Caller } else { Audience::Everybody };
    tagged(&headers, audience, Some(listing.summary.version), &WorkflowDetail::new(&listing)?)
}
