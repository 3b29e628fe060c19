//! What the routes of this folder refuse besides what all routes may, for their documentation.
#![expect(dead_code, reason = "these types are only read by the documentation")]

use utoipa::IntoResponses;

use crate::http::error::Problem;

/// Of every public list.
#[derive(IntoResponses)]
pub(in crate::http) enum ListProblems {
    #[response(status = SERVICE_UNAVAILABLE, description = "the marketplace is being indexed, or the database is busy", content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Of what changes a workflow.
#[derive(IntoResponses)]
pub(in crate::http) enum WriteProblems {
    #[response(status = CONFLICT, description = "it cannot be done to what the workflow is; `code` says why", content_type = "application/problem+json")]
    Conflict(Problem),
    #[response(status = PRECONDITION_FAILED, description = "the workflow is none of the versions in `If-Match`", content_type = "application/problem+json")]
    Stale(Problem),
    #[response(status = UNPROCESSABLE_ENTITY, description = "the workflow has problems; `errors` lists all of them", content_type = "application/problem+json")]
    Invalid(Problem),
}
