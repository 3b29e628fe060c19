//! Developer profiles: `/developers`. No answer contains an e-mail address or payout details.

use axum::{Json, extract::State, http::StatusCode};
use workway_api::{
    developers::{Developer, DeveloperChange, NewDeveloper},
    error::{ErrorCode, Problem},
    secret::Secret,
};
use workway_model::Timestamp;
use workway_users as users;
use workway_users::{Change, NewProfile, ProfileChange, Scope};

use crate::{
    app::App,
    http::{
        auth::{Caller, OptionalCaller},
        error::ApiError,
        extract::{self, Path},
    },
};

/// Creates a developer profile for the calling user.
#[utoipa::path(post, path = "/developers", tag = "developers",
    request_body = NewDeveloper,
    security(("bearer" = [])),
    responses(
        (status = CREATED, description = "the profile", body = Developer),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = CONFLICT, description = "another developer has the slug, or the user already has a profile", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn create_developer(
    State(app): State<App>,
    caller: Caller,
    extract::Json(body): extract::Json<NewDeveloper>,
) -> Result<(StatusCode, Json<Developer>), ApiError> {
    caller.require(Scope::Publish)?;
    let NewDeveloper { slug, name, bio, website, payout } = body;
    let profile = NewProfile { slug, name, bio, website, payout: payout.map(Secret::into_inner) };
    let created = app.users().create_developer(&caller.user, profile, Timestamp::now()).await?;
    Ok((StatusCode::CREATED, Json(own_profile(created))))
}

/// Returns a developer's public profile. The developer also learns whether there are payout details.
#[utoipa::path(get, path = "/developers/{idOrSlug}", tag = "developers",
    params(("idOrSlug" = String, Path, description = "the developer's id (`dev_…`) or slug", example = "ann")),
    security((), ("bearer" = [])),
    responses((status = OK, description = "the profile", body = Developer)))]
pub(in crate::http) async fn get_developer(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    Path(id_or_slug): Path<String>,
) -> Result<Json<Developer>, ApiError> {
    let found = app.users().developer(&id_or_slug).await?.ok_or_else(|| unknown_developer(&id_or_slug))?;
    let is_own = caller.is_some_and(|caller| caller.user == found.user);
    Ok(Json(if is_own { own_profile(found) } else { public_profile(found) }))
}

/// Changes the calling developer's profile.
#[utoipa::path(patch, path = "/developers/me", tag = "developers",
    request_body = DeveloperChange,
    security(("bearer" = [])),
    responses(
        (status = OK, description = "the changed profile", body = Developer),
        (status = BAD_REQUEST, description = "the request is malformed; `errors` says where", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "the calling user has no profile", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn update_developer(
    State(app): State<App>,
    caller: Caller,
    extract::Json(body): extract::Json<DeveloperChange>,
) -> Result<Json<Developer>, ApiError> {
    caller.require(Scope::Publish)?;
    let change = ProfileChange {
        name: body.name,
        bio: change(body.bio),
        website: change(body.website),
        payout: change(body.payout.map(|payout| payout.map(Secret::into_inner))),
    };
    let changed = app.users().update_developer(&caller.user, change, Timestamp::now()).await?;
    // Cached lists contain the developer's name.
    app.marketplace().invalidate_cache();
    Ok(Json(own_profile(changed)))
}

/// The same for a developer who never existed and for a text that is not an id or slug.
pub(super) fn unknown_developer(id_or_slug: &str) -> ApiError {
    ApiError::not_found(ErrorCode::DeveloperNotFound, format!("unknown developer {:?}", extract::clipped(id_or_slug)))
}

fn change<T>(field: Option<Option<T>>) -> Change<T> {
    match field {
        None => Change::Keep,
        Some(None) => Change::Remove,
        Some(Some(value)) => Change::Set(value),
    }
}

/// The profile as everyone sees it.
fn public_profile(developer: users::Developer) -> Developer {
    Developer { has_payout: None, ..own_profile(developer) }
}

/// The profile as its developer sees it.
fn own_profile(developer: users::Developer) -> Developer {
    Developer {
        id: developer.id.to_string(),
        slug: developer.slug.to_string(),
        name: developer.name,
        bio: developer.bio,
        website: developer.website,
        created_at: developer.created_at,
        has_payout: Some(developer.has_payout),
    }
}

#[cfg(test)]
mod tests {
    use workway_api::developers::DeveloperChange;

    use super::{Change, change};
    use crate::http::extract::parse;

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let bio = |body: &str| change(parse::<DeveloperChange>(body.as_bytes()).unwrap().bio);
        assert_eq!(bio("{}"), Change::Keep);
        assert_eq!(bio(r#"{"bio":null}"#), Change::Remove);
        assert_eq!(bio(r#"{"bio":"x"}"#), Change::Set("x".to_owned()));
        assert!(parse::<DeveloperChange>(br#"{"slug":"other"}"#).is_err(), "a slug never changes");
    }
}
