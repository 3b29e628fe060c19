//! JSON Schemas of what this host accepts: `GET /schemas/workflow-1.json`.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use workway_workflow::SCHEMA;

/// Returns the JSON Schema (2020-12) of a workflow definition, version 1.
#[utoipa::path(get, path = "/schemas/workflow-1.json", tag = "marketplace", responses(
    (status = OK, description = "the schema", body = Object, content_type = "application/schema+json"),
))]
pub(in crate::http) async fn get_workflow_schema() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/schema+json"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, SCHEMA).into_response()
}
