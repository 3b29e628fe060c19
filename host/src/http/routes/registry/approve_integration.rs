//! `POST /registry/integrations/{id}/approve`.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::get_integration::integration_id;
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract::{Json, Path},
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct Approval {
    /// SHA-256 of the version that is approved, as `pending.sha256` has it. Without it whatever waits is approved.
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<String>,
}

/// Grants what a waiting version asks for, and has it answer calls.
#[utoipa::path(post, path = "/registry/integrations/{id}/approve", tag = "registry",
    params(("id" = String, Path, example = "slack")),
    request_body = Approval,
    security(("bearer" = [])),
    responses(
        (status = NO_CONTENT, description = "granted"),
        (status = CONFLICT, description = "it is not in a state for this", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn approve_integration(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(approval): Json<Approval>,
) -> Result<StatusCode, ApiError> {
    caller.require_admin()?;
    let id = integration_id(&id)?;
    let seen = approval.sha256.map(|text| {
        let mut hash = [0; 32];
        hex::decode_to_slice(&text, &mut hash).map(|()| hash)
    });
    let seen =
        seen.transpose().map_err(|_| ApiError::bad_request("invalid-body", "sha256 has 64 hexadecimal digits"))?;
    app.registry().approve(&id, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
