//! `POST /auth/register`, and the limit on sign-in attempts.
//!
//! No mail can confirm an address yet, so the answer reveals nothing: a second registration changes nothing, and logging in
//! with its password fails as with any wrong password. That logging in works for a new address and not for one that was
//! registered before cannot be hidden until addresses are confirmed.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use workway_api::{
    auth::{Registration, RegistrationAnswer},
    error::Problem,
};
use workway_model::Timestamp;

use crate::{
    app::App,
    http::{error::ApiError, extract, middleware::admission::RequestMemory},
};

/// A sign-in attempt, counted by the client's address before the body is read.
pub(in crate::http) struct Attempt;

impl FromRequestParts<App> for Attempt {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let memory = RequestMemory::from_request_parts(parts, app).await?;
        app.users().count_attempt(memory.client().address)?;
        Ok(Self)
    }
}

/// Registers a user. If the address is registered already, nothing changes and the answer is the same.
#[utoipa::path(post, path = "/auth/register", tag = "auth",
    request_body = Registration,
    responses(
        (status = ACCEPTED, description = "the address is registered", body = RegistrationAnswer),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, description = "too many attempts; retry after `Retry-After`", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "too many users are logging in", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn register_user(
    State(app): State<App>,
    _attempt: Attempt,
    extract::Json(body): extract::Json<Registration>,
) -> Result<(StatusCode, Json<RegistrationAnswer>), ApiError> {
    app.users().register(&body.email, body.password.into_inner(), Timestamp::now()).await?;
    let message = "if the address was not registered before, it is now: log in with POST /auth/tokens".to_owned();
    Ok((StatusCode::ACCEPTED, Json(RegistrationAnswer { message })))
}
