//! `GET /developers/{idOrSlug}`.

use axum::{Json, extract::State};

use super::wire::WireDeveloper;
use crate::{
    app::App,
    http::{
        auth::OptionalCaller,
        error::{ApiError, Problem},
        extract::Path,
    },
};

/// A developer's public profile. Whose it is sees whether there are payout details, too.
#[utoipa::path(get, path = "/developers/{idOrSlug}", tag = "developers",
    params(("idOrSlug" = String, Path, description = "`dev_…`, or the developer's name in addresses", example = "ann")),
    security((), ("bearer" = [])),
    responses(
        (status = OK, description = "the profile", body = WireDeveloper),
        (status = UNAUTHORIZED, description = "the bearer token is not known", body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, description = "there is no such developer", body = Problem, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, description = "the database is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(in crate::http) async fn get_developer(
    State(app): State<App>,
    OptionalCaller(caller): OptionalCaller,
    Path(id_or_slug): Path<String>,
) -> Result<Json<WireDeveloper>, ApiError> {
    let developer = app.accounts().developer(&id_or_slug).await?;
    let developer =
        developer.ok_or_else(|| ApiError::not_found("developer-not-found", "there is no developer of this name"))?;
    let is_own = caller.is_some_and(|caller| caller.user == developer.user);
    Ok(Json(if is_own { WireDeveloper::own(developer) } else { WireDeveloper::public(developer) }))
}
