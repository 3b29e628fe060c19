//! What the routes of this folder refuse, for their documentation.
#![expect(dead_code, reason = "these types are only read by the documentation")]

use utoipa::IntoResponses;

use crate::http::error::Problem;

/// Of every public list.
#[derive(IntoResponses)]
pub(in crate::http) enum ListProblems {
    #[response(status = BAD_REQUEST, description = "the query is malformed; `code` says how", content_type = "application/problem+json")]
    Query(Problem),
    #[response(status = SERVICE_UNAVAILABLE, description = "the marketplace is being read, or the database is busy", content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Of what shows an owner more than others.
#[derive(IntoResponses)]
pub(in crate::http) enum DetailProblems {
    #[response(status = BAD_REQUEST, description = "the request is malformed; `code` says how", content_type = "application/problem+json")]
    Malformed(Problem),
    #[response(status = UNAUTHORIZED, description = "the bearer token is not known", content_type = "application/problem+json")]
    Unauthenticated(Problem),
    #[response(status = NOT_FOUND, description = "there is no such thing, or none that this caller may see", content_type = "application/problem+json")]
    Unknown(Problem),
    #[response(status = SERVICE_UNAVAILABLE, description = "the database is busy", content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// Of what needs a user.
#[derive(IntoResponses)]
pub(in crate::http) enum UserProblems {
    #[response(status = BAD_REQUEST, description = "the request is malformed; `code` says how", content_type = "application/problem+json")]
    Malformed(Problem),
    #[response(status = UNAUTHORIZED, description = "a bearer token is needed", content_type = "application/problem+json")]
    Unauthenticated(Problem),
    #[response(status = FORBIDDEN, description = "this caller may not; `code` says why", content_type = "application/problem+json")]
    Forbidden(Problem),
    #[response(status = NOT_FOUND, description = "there is no such thing, or none that this caller may see", content_type = "application/problem+json")]
    Unknown(Problem),
    #[response(status = SERVICE_UNAVAILABLE, description = "the database is busy", content_type = "application/problem+json")]
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

/// Of every body.
#[derive(IntoResponses)]
pub(in crate::http) enum BodyProblems {
    #[response(status = REQUEST_TIMEOUT, description = "the body took too long to arrive", content_type = "application/problem+json")]
    Slow(Problem),
    #[response(status = PAYLOAD_TOO_LARGE, description = "the body is too large", content_type = "application/problem+json")]
    Large(Problem),
    #[response(status = UNSUPPORTED_MEDIA_TYPE, description = "the body is of another type", content_type = "application/problem+json")]
    Type(Problem),
}
