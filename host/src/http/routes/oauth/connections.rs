//! Existing connections: `GET /oauth/connections`, and `GET`, `PATCH` and `DELETE /oauth/connections/{id}`.

use axum::extract::State;
use workway_api::{
    connections::{Connection, ConnectionChange, ConnectionList, ConnectionStatus, DeletedConnection, Revocation},
    error::ErrorCode,
};
use workway_model::Timestamp;
use workway_oauth as oauth;
use workway_oauth::{ConnectionSummary, Revoked};
use workway_users::Scope;

use crate::{
    app::App,
    http::{
        auth::Caller,
        error::ApiError,
        extract::{Json, Path, clipped},
    },
};

/// Lists the calling user's connections, ordered by provider.
#[utoipa::path(get, path = "/oauth/connections", tag = "oauth", security(("bearer" = [])), responses(
    (status = OK, description = "the connections, without their tokens", body = ConnectionList),
))]
pub(in crate::http) async fn list_connections(
    State(app): State<App>,
    caller: Caller,
) -> Result<axum::Json<ConnectionList>, ApiError> {
    caller.require(Scope::Connections)?;
    let connections = app.connections().list(&caller.user).await?;
    Ok(axum::Json(ConnectionList { items: connections.into_iter().map(connection).collect() }))
}

/// Returns one of the calling user's connections.
#[utoipa::path(get, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path, description = "the connection's id")),
    security(("bearer" = [])),
    responses((status = OK, description = "the connection, without its token", body = Connection)))]
pub(in crate::http) async fn get_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Connection>, ApiError> {
    caller.require(Scope::Connections)?;
    let found = app.connections().get(&caller.user, &id).await?;
    Ok(axum::Json(connection(found.ok_or_else(|| unknown_connection(&id))?)))
}

/// Makes one of the calling user's connections the default connection of its provider.
#[utoipa::path(patch, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path, description = "the connection's id")),
    request_body = ConnectionChange,
    security(("bearer" = [])),
    responses((status = OK, description = "the connection, without its token", body = Connection)))]
pub(in crate::http) async fn update_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(change): Json<ConnectionChange>,
) -> Result<axum::Json<Connection>, ApiError> {
    caller.require(Scope::Connections)?;
    if !change.default {
        let detail = "default must be true (got false): to change the default, make another connection the default";
        return Err(ApiError::bad_request(ErrorCode::InvalidBody, detail));
    }
    let changed = app.connections().make_default(&caller.user, &id).await?;
    Ok(axum::Json(connection(changed.ok_or_else(|| unknown_connection(&id))?)))
}

/// Deletes one of the calling user's connections and its token, and asks the provider to revoke the token.
#[utoipa::path(delete, path = "/oauth/connections/{id}", tag = "oauth",
    params(("id" = String, Path, description = "the connection's id")),
    security(("bearer" = [])),
    responses((status = OK, description = "deleted; `revoked` says what the provider did", body = DeletedConnection)))]
pub(in crate::http) async fn delete_connection(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<DeletedConnection>, ApiError> {
    caller.require(Scope::Connections)?;
    let revoked = app.connections().delete(&caller.user, &id).await?;
    let revoked = revocation(revoked.ok_or_else(|| unknown_connection(&id))?);
    Ok(axum::Json(DeletedConnection { revoked }))
}

/// The same for a connection that never existed and for another user's.
fn unknown_connection(id: &str) -> ApiError {
    ApiError::not_found(ErrorCode::ConnectionNotFound, format!("unknown connection {:?}", clipped(id)))
}

pub(super) fn connection(summary: ConnectionSummary) -> Connection {
    let (status, reason) = match summary.status(Timestamp::now()) {
        oauth::ConnectionStatus::Active => (ConnectionStatus::Active, None),
        oauth::ConnectionStatus::NeedsReconnect { reason } => (ConnectionStatus::NeedsReconnect, Some(reason)),
    };
    Connection {
        id: summary.id,
        provider: summary.provider.to_string(),
        account: summary.account.label,
        scopes: summary.scopes.into_iter().flatten().collect(),
        default: summary.is_default,
        status,
        reason,
        expires_at: summary.expires_at,
        variables: summary.values,
    }
}

fn revocation(revoked: Revoked) -> Revocation {
    match revoked {
        Revoked::Yes => Revocation::Yes,
        Revoked::No => Revocation::No,
        Revoked::NotSupported => Revocation::NotSupported,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workway_api::error::ErrorCode;

    use super::{Revoked, connection, revocation, unknown_connection};
    use workway_model::Timestamp;
    use workway_oauth::{Account, ConnectionSummary};

    fn summary() -> ConnectionSummary {
        ConnectionSummary {
            id: "c1".into(),
            provider: "slack".parse().unwrap(),
            account: Account { label: "Acme".into(), id: "T1".into() },
            scopes: None,
            values: [("shop".to_owned(), "good".to_owned())].into(),
            is_default: true,
            reconnect: None,
            expires_at: None,
            renew_at: None,
            version: 7,
        }
    }

    fn shown(summary: ConnectionSummary) -> serde_json::Value {
        serde_json::to_value(connection(summary)).unwrap()
    }

    #[test]
    fn a_connection_shows_everything_but_its_token() {
        let expected = json!({
            "id": "c1", "provider": "slack", "account": "Acme", "scopes": [], "default": true, "status": "active",
            "variables": { "shop": "good" },
        });
        assert_eq!(shown(summary()), expected);
    }

    #[test]
    fn an_unusable_connection_says_why() {
        let gone = shown(ConnectionSummary { reconnect: Some("revoked".into()), ..summary() });
        assert_eq!((&gone["status"], &gone["reason"]), (&json!("needs-reconnect"), &json!("revoked")));
        let expired = shown(ConnectionSummary { expires_at: Some(Timestamp::from_seconds(1)), ..summary() });
        assert_eq!(
            (&expired["status"], &expired["expiresAt"]),
            (&json!("needs-reconnect"), &json!("1970-01-01T00:00:01.000Z"))
        );
        let fresh = shown(ConnectionSummary { expires_at: Some(Timestamp::MAX), ..summary() });
        assert_eq!(fresh["status"], "active");
    }

    #[test]
    fn an_unknown_id_is_quoted_in_part() {
        let error = unknown_connection(&"x\n".repeat(10_000));
        assert_eq!(error.problem.code, ErrorCode::ConnectionNotFound);
        assert!(error.problem.detail.len() < 200, "{}", error.problem.detail);
    }

    #[test]
    fn what_the_provider_did_is_one_word() {
        for (revoked, word) in [(Revoked::Yes, "yes"), (Revoked::No, "no"), (Revoked::NotSupported, "not-supported")] {
            assert_eq!(json!(revocation(revoked)), word);
        }
    }
}
