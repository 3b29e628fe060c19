//! Shapes that several handlers of this folder answer with, and what they refuse in the same way.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use workway_capability::oauth::unix_now;
use workway_model::{Mode, ProviderId};
use workway_oauth::{ConnectionStatus, ConnectionSummary, FlowError};

use crate::{app::App, http::error::ApiError};

/// How much of a caller's own text an error repeats.
const MAX_QUOTED_CHARS: usize = 64;

/// A connected account, without its token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireConnection {
    id: String,
    #[schema(example = "slack")]
    provider: String,
    /// A label of the account: an e-mail address, a workspace name.
    account: String,
    /// What the provider granted.
    scopes: Vec<String>,
    /// Whether calls take it that choose none. One of a provider's accounts is.
    default: bool,
    status: WireStatus,
    /// Why the account has to be connected again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Unix seconds. A token that can be renewed is, before.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    /// What the account's addresses depend on.
    variables: BTreeMap<String, String>,
}

/// Whether a connection is of use.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ConnectionStatus)]
pub(in crate::http) enum WireStatus {
    Active,
    NeedsReconnect,
}

impl From<ConnectionSummary> for WireConnection {
    fn from(summary: ConnectionSummary) -> Self {
        let (status, reason) = match summary.status(unix_now()) {
            ConnectionStatus::Active => (WireStatus::Active, None),
            ConnectionStatus::NeedsReconnect { reason } => (WireStatus::NeedsReconnect, Some(reason)),
        };
        Self {
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
}

/// A provider as a path names it.
pub(super) fn provider_id(text: &str) -> Result<ProviderId, FlowError> {
    text.parse().map_err(|_| FlowError::UnknownProvider(clipped(text)))
}

/// The same for a connection that never was and for another user's.
pub(super) fn unknown_connection(id: &str) -> ApiError {
    ApiError::not_found("connection-not-found", format!("there is no connection {:?}", clipped(id)))
}

/// The address under which browsers reach this host. In development, without one of the operator's, what this request was
/// sent to: a cookie for `localhost` is none for 127.0.0.1.
pub(super) fn public_url(app: &App, headers: &HeaderMap) -> Result<Url, ApiError> {
    let is_told = app.settings().oauth.public_url.is_some() || app.settings().mode == Mode::Production;
    let asked = headers.get(header::HOST).filter(|_| !is_told).and_then(|host| host.to_str().ok());
    let asked = asked.and_then(|host| Url::parse(&format!("http://{host}")).ok());
    asked.or_else(|| app.public_url()).ok_or_else(|| {
        let detail =
            "providers do not know yet where to send browsers back to: set public_url under [oauth] in workway.toml";
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "public-url-missing", detail)
    })
}

fn clipped(text: &str) -> String {
    text.chars().take(MAX_QUOTED_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{WireConnection, provider_id, unix_now, unknown_connection};
    use workway_oauth::{Account, ConnectionSummary, FlowError};

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
        serde_json::to_value(WireConnection::from(summary)).unwrap()
    }

    #[test]
    fn a_connection_shows_what_is_known_of_it() {
        let expected = json!({
            "id": "c1", "provider": "slack", "account": "Acme", "scopes": [], "default": true, "status": "active",
            "variables": { "shop": "good" },
        });
        assert_eq!(shown(summary()), expected);
    }

    #[test]
    fn a_connection_that_is_of_no_use_says_why() {
        let gone = ConnectionSummary { reconnect: Some("revoked".into()), ..summary() };
        assert_eq!(
            (&shown(gone.clone())["status"], &shown(gone)["reason"]),
            (&json!("needs-reconnect"), &json!("revoked"))
        );
        let expired = ConnectionSummary { expires_at: Some(unix_now() - 1), ..summary() };
        assert_eq!(shown(expired)["status"], "needs-reconnect");
    }

    #[test]
    fn a_text_that_is_no_id_is_unknown_and_repeated_in_part() {
        let long = "x\n".repeat(10_000);
        let FlowError::UnknownProvider(text) = provider_id(&long).unwrap_err() else { panic!("another error") };
        assert_eq!(text.chars().count(), 64);
        assert!(provider_id("Slack").is_err() && provider_id("slack").is_ok());
        assert_eq!(unknown_connection(&long).problem.code, "connection-not-found");
    }
}
