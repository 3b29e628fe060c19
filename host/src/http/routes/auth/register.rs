//! `POST /auth/register`.
//!
//! There is no mail yet that could tell the owner of an address, so the answer tells nobody anything: a second registration
//! changes nothing, and who tries to log in with its password is told what everybody is told. That this works for a new address and
//! not for one that was there cannot be hidden before an address has to be confirmed.

use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workway_users::unix_now;

use super::wire::{EmailText, Knock};
use crate::{
    app::App,
    http::{
        error::{ApiError, Problem},
        extract,
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct Registration {
    #[schema(value_type = EmailText)]
    email: String,
    /// 10 to 1024 characters. It is hashed at once, and no answer or log has it.
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 1024)]
    password: SecretString,
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Registered {
    /// For people.
    message: &'static str,
}

/// Makes an account, unless there is one with this address: then nothing changes, and the answer is the same.
#[utoipa::path(post, path = "/auth/register", tag = "auth",
    request_body = Registration,
    responses(
        (status = ACCEPTED, description = "whoever has this address and this password may log in", body = Registered),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, description = "the body is too large", body = Problem, content_type = "application/problem+json"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "the body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = TOO_MANY_REQUESTS, description = "too many attempts; `Retry-After` says when the next may be", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "too many log in at this moment", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn register(
    State(app): State<App>,
    _knock: Knock,
    extract::Json(body): extract::Json<Registration>,
) -> Result<(StatusCode, Json<Registered>), ApiError> {
    app.accounts().register(&body.email, body.password, unix_now()).await?;
    let message = "registered, unless the address has an account already: log in with POST /auth/tokens";
    Ok((StatusCode::ACCEPTED, Json(Registered { message })))
}
