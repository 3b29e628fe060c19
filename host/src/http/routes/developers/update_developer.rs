//! `PATCH /developers/me`.

use axum::{Json, extract::State};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use workway_users::{Change, ProfileChange, Scope, unix_now};

use super::wire::{DeveloperBio, DeveloperName, DeveloperWebsite, WireDeveloper};
use crate::{
    app::App,
    http::{
        auth::Caller,
        error::{ApiError, Problem},
        extract,
    },
};

/// What is absent stays; what is null goes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct UpdateDeveloper {
    #[schema(value_type = Option<DeveloperName>)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DeveloperBio>)]
    bio: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DeveloperWebsite>)]
    website: Option<Option<String>>,
    /// Sealed at once, and in no answer or log.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096)]
    payout: Option<Option<SecretString>>,
}

/// Changes the calling developer's profile. The slug stays.
#[utoipa::path(patch, path = "/developers/me", tag = "developers",
    request_body = UpdateDeveloper,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the profile as it is now", body = WireDeveloper),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = UNAUTHORIZED, description = "a bearer token is needed", body = Problem, content_type = "application/problem+json"),
        (status = FORBIDDEN, description = "the token is not for this", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "the calling user has no profile", body = Problem, content_type = "application/problem+json"),
        (status = PAYLOAD_TOO_LARGE, description = "the body is too large", body = Problem, content_type = "application/problem+json"),
        (status = UNSUPPORTED_MEDIA_TYPE, description = "the body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "the database is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn update_developer(
    State(app): State<App>,
    caller: Caller,
    extract::Json(body): extract::Json<UpdateDeveloper>,
) -> Result<Json<WireDeveloper>, ApiError> {
    caller.require(Scope::Publish)?;
    let change = ProfileChange {
        name: body.name,
        bio: change(body.bio),
        website: change(body.website),
        payout: change(body.payout),
    };
    let developer = app.accounts().update_developer(&caller.user, change, unix_now()).await?;
    // What is listed has the developer's name.
    app.marketplace().invalidate_cache();
    Ok(Json(WireDeveloper::own(developer)))
}

/// Tells null, which is `Some(None)`, from a field that is absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn change<T>(field: Option<Option<T>>) -> Change<T> {
    match field {
        None => Change::Keep,
        Some(None) => Change::Remove,
        Some(Some(value)) => Change::Set(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, UpdateDeveloper, change};
    use crate::http::extract::parse;

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let bio = |body: &str| change(parse::<UpdateDeveloper>(body.as_bytes()).unwrap().bio);
        assert_eq!(bio("{}"), Change::Keep);
        assert_eq!(bio(r#"{"bio":null}"#), Change::Remove);
        assert_eq!(bio(r#"{"bio":"x"}"#), Change::Set("x".to_owned()));
        assert!(parse::<UpdateDeveloper>(br#"{"slug":"other"}"#).is_err(), "a slug never changes");
    }
}
