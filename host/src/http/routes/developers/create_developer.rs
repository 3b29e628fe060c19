//! `POST /developers`.

use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use workway_users::{NewProfile, Scope, unix_now};

use super::wire::{DeveloperBio, DeveloperName, DeveloperWebsite, WireDeveloper};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract,
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct CreateDeveloper {
    /// The developer's name in addresses. It never changes.
    #[schema(example = "ann", pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", min_length = 3, max_length = 40)]
    slug: String,
    #[schema(value_type = DeveloperName)]
    name: String,
    #[schema(value_type = Option<DeveloperBio>)]
    bio: Option<String>,
    #[schema(value_type = Option<DeveloperWebsite>)]
    website: Option<String>,
    /// Where the developer's money goes. It is sealed at once, and no answer or log has it.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096)]
    payout: Option<SecretString>,
}

/// Makes the calling user a developer, with a public profile.
#[utoipa::path(post, path = "/developers", tag = "developers",
    request_body = CreateDeveloper,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the profile", body = WireDeveloper),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
        (status = FORBIDDEN, description = "the token is not for this", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "the slug is another developer's, or the user has a profile already", body = Problem, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, description = "the body is too large", body = Problem, content_type = "application/problem+json"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "the body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "the database is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_developer(
    State(app): State<App>,
    caller: Caller,
    extract::Json(body): extract::Json<CreateDeveloper>,
) -> Result<(StatusCode, Json<WireDeveloper>), ApiError> {
    caller.require(Scope::Publish)?;
    let CreateDeveloper { slug, name, bio, website, payout } = body;
    let profile = NewProfile { slug, name, bio, website, payout };
    let developer = app.accounts().create_developer(&caller.user, profile, unix_now()).await?;
    Ok((StatusCode::CREATED, Json(WireDeveloper::own(developer))))
}
