//! Shapes that several handlers of this folder answer with.

use serde::Serialize;
use utoipa::ToSchema;

use crate::oauth::ConnectionSummary;

/// A connected account, without its token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireConnection {
    provider: String,
    /// A label of the account: an e-mail address, a workspace name.
    account: String,
    scopes: Vec<String>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl From<ConnectionSummary> for WireConnection {
    fn from(summary: ConnectionSummary) -> Self {
        Self {
            provider: summary.provider.to_string(),
            account: summary.account,
            scopes: summary.scopes.into_iter().collect(),
            expires_at: summary.expires_at,
        }
    }
}
