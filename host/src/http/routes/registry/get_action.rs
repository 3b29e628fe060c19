//! `GET /registry/actions/{id}`.

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workway_model::ActionId;

use super::wire::ActionSummary;
use crate::{
    app::App,
    http::{error::ApiError, extract::Path},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ActionDetail {
    #[serde(flatten)]
    summary: ActionSummary,
    /// JSON Schema 2020-12 of what `execute` takes as `input`.
    #[schema(value_type = Object)]
    input_schema: Value,
    /// JSON Schema 2020-12 of what it answers as `output`.
    #[schema(value_type = Object)]
    output_schema: Value,
}

/// One action with its schemas.
#[utoipa::path(get, path = "/registry/actions/{id}", tag = "registry",
    params(("id" = String, Path, description = "`<integration>.<action>`", example = "slack.post-message")),
    responses(
        (status = OK, description = "the action", body = ActionDetail),
    ))]
pub(in crate::http) async fn get_action(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ActionDetail>, ApiError> {
    let unknown = || ApiError::not_found("action-not-found", format!("there is no action {id:?}"));
    let id: ActionId = id.parse().map_err(|_| unknown())?;
    let active = app.registry().lookup(&id).ok_or_else(unknown)?;
    let action = active.definition.action(&id.action).ok_or_else(unknown)?;
    Ok(Json(ActionDetail {
        summary: ActionSummary::new(&id.integration, action),
        input_schema: action.input_schema.document().clone(),
        output_schema: action.output_schema.document().clone(),
    }))
}
