//! `DELETE /oauth/connections/{id}`.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use workway_oauth::Revoked;
use workway_users::Scope;

use super::wire::unknown_connection;
use crate::{
    app::App,
    http::{auth::Caller, error::ApiError, extract::Path},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Deleted {
    /// Whether the provider forgot the token too.
    revoked: WireRevoked,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = Revoked)]
pub(in crate::http) enum WireRevoked {
    Yes,
    /// It was asked and did not: the user should look at the provider's own page of connected applications.
    No,
    /// It has no way to be asked.
    NotSupported,
}

impl From<Revoked> for WireRevoked {
    fn from(revoked: Revoked) -> Self {
        match revoked {
            Revoked::Yes => Self::Yes,
            Revoked::No => Self::No,
            Revoked::NotSupported => Self::NotSupported,
        }
    }
}

/// Forgets one of the calling user's accounts, its token included, and has the provider forget it where that is possible.
#[utoipa::path(delete, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, description = "forgotten here; `revoked` says what the provider did", body = Deleted),
    ))]
pub(in crate::http) async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Deleted>, ApiError> {
    caller.require(Scope::Connections)?;
    let revoked = app.connections().delete(&caller.user, &id).await?;
    let revoked = revoked.ok_or_else(|| unknown_connection(&id))?;
    Ok(Json(Deleted { revoked: revoked.into() }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Deleted, Revoked};

    #[test]
    fn what_the_provider_did_is_one_word() {
        for (revoked, word) in [(Revoked::Yes, "yes"), (Revoked::No, "no"), (Revoked::NotSupported, "not-supported")] {
            let deleted = Deleted { revoked: revoked.into() };
            assert_eq!(serde_json::to_value(deleted).unwrap(), json!({ "revoked": word }));
        }
    }
}
