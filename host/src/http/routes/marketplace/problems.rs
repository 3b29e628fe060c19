//! Documents the problems that several routes of this folder share, beyond those that all routes have.
#![expect(dead_code, reason = "only the documentation reads these types")]

use utoipa::IntoResponses;
use workway_api::error::Problem;

/// Problems of every public list.
#[derive(IntoResponses)]
pub(in crate::http) enum ListProblems {
    #[response(status = SERVICE_UNAVAILABLE, description = "the marketplace is starting, or the database is busy", content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Problems of every write to a workflow.
#[derive(IntoResponses)]
pub(in crate::http) enum WriteProblems {
    #[response(status = CONFLICT, description = "the workflow's state does not allow this; `code` says why", content_type = "application/problem+json")]
    Conflict(Problem),
    #[response(status = PRECONDITION_FAILED, description = "the workflow changed: its version is not in `If-Match`", content_type = "application/problem+json")]
    Stale(Problem),
    #[response(status = UNPROCESSABLE_ENTITY, description = "the workflow is invalid; `errors` lists every problem", content_type = "application/problem+json")]
    Invalid(Problem),
}
