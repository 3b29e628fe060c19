//! Who acts in the marketplace, and developers as paths and queries name them.

use workway_marketplace::{Actor, DeveloperRef};
use workway_users::{DeveloperId, Scope};

use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, etag::Audience},
};

/// The prefix of developers' ids. A slug has no underscore.
const ID_PREFIX: &str = "dev_";

/// The caller, with the developer profile if there is one.
pub(in crate::http::routes) async fn actor(app: &App, caller: &Caller) -> Result<Actor, ApiError> {
    let developer = app.users().developer_of(&caller.user).await?;
    let developer = developer.map(|found| DeveloperRef {
        id: found.id.to_string(),
        slug: found.slug.to_string(),
        name: found.name,
    });
    Ok(Actor { user: caller.user.clone(), developer, is_admin: caller.is_admin() })
}

/// The caller of a public route, if there is one. A token without the scope `publish` sees what everyone sees.
pub(super) async fn optional_actor(app: &App, caller: Option<&Caller>) -> Result<Option<Actor>, ApiError> {
    match caller {
        Some(caller) if caller.scopes().contains(Scope::Publish) => actor(app, caller).await.map(Some),
        Some(caller) => Ok(Some(Actor { user: caller.user.clone(), developer: None, is_admin: caller.is_admin() })),
        None => Ok(None),
    }
}

/// Who may cache an answer that was made for this actor.
pub(super) fn audience(actor: Option<&Actor>) -> Audience {
    if actor.is_some() { Audience::Caller } else { Audience::Everyone }
}

/// Returns a developer's id, from an id or a slug. An id is not looked up, so it may be nobody's.
pub(super) async fn developer_id(app: &App, id_or_slug: &str) -> Result<Option<String>, ApiError> {
    if id_or_slug.starts_with(ID_PREFIX) {
        return Ok(id_or_slug.parse::<DeveloperId>().ok().map(|id| id.to_string()));
    }
    Ok(app.users().developer(id_or_slug).await?.map(|developer| developer.id.to_string()))
}
