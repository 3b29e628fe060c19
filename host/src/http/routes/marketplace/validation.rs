//! Validating a definition: `POST /marketplace/validate`.

use axum::extract::State;
use workway_api::{
    error::ErrorCode,
    validation::{NewValidation, Validation},
};
use workway_users::Scope;

use super::{actor::actor, convert::validation, versions::sent_source};
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Json},
};

/// Validates a definition as publishing does, and stores nothing. Problems of the definition are no error of the request.
#[utoipa::path(post, path = "/marketplace/validate", tag = "marketplace",
    request_body = NewValidation,
    security(("bearer" = [])),
    responses((status = OK, description = "what was found", body = Validation)))]
pub(in crate::http) async fn validate_definition(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<NewValidation>,
) -> Result<axum::Json<Validation>, ApiError> {
    caller.require(Scope::Publish)?;
    let actor = actor(&app, &caller).await?;
    let Some(source) = sent_source(body.workflow_definition, body.workflow_yaml)? else {
        let detail = "send workflowDefinition or workflowYaml";
        return Err(ApiError::bad_request(ErrorCode::InvalidBody, detail));
    };
    let found = app.marketplace().validate_definition(&actor, source).await?;
    Ok(axum::Json(validation(found)))
}
