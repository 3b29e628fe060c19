//! Developers as paths and queries name them.

use workway_users::DeveloperId;

use crate::{app::App, http::error::ApiError};

/// What a developer's id begins with; no slug has an underscore.
const ID_PREFIX: &str = "dev_";

/// The id of a developer who is named by id or slug. An id is taken as it is: it may be nobody's.
pub(super) async fn developer_id(app: &App, id_or_slug: &str) -> Result<Option<String>, ApiError> {
    if id_or_slug.starts_with(ID_PREFIX) {
        return Ok(id_or_slug.parse::<DeveloperId>().ok().map(|id| id.to_string()));
    }
    Ok(app.accounts().developer(id_or_slug).await?.map(|developer| developer.id.to_string()))
}
