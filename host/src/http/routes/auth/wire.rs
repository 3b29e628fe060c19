//! Shapes that several handlers of this folder take or answer with, and the door that strangers knock at.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workway_users::{Scope, Scopes, TokenSummary};

use crate::{app::App, http::error::ApiError};

/// An attempt to get in, counted by the address of the connection before the body is read. What a header says of another
/// address is not believed: whoever sends it could say anything.
pub(in crate::http) struct Knock;

impl FromRequestParts<App> for Knock {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.ok_or_else(|| ApiError::internal("a request came without its connection's address"))?;
        app.accounts().count_attempt(peer.0.ip())?;
        Ok(Self)
    }
}

/// An address; the part before the `@` has at most 64 characters. An international domain is written in its `xn--` form.
#[derive(ToSchema)]
#[schema(
    as = EmailAddress,
    example = "ann@example.com",
    max_length = 254,
    pattern = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
)]
#[expect(dead_code, reason = "a schema alone: the shape of a text")]
pub(in crate::http) struct EmailText(String);

/// What a token may be used for.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[schema(as = Scope)]
pub(in crate::http) enum WireScope {
    /// Run actions.
    #[serde(rename = "actions:execute")]
    ActionsExecute,
    /// See, make and delete connected accounts.
    #[serde(rename = "connections")]
    Connections,
    /// Install and review listings.
    #[serde(rename = "marketplace")]
    Marketplace,
    /// Write listings and the developer profile.
    #[serde(rename = "publish")]
    Publish,
    /// See, make and revoke tokens.
    #[serde(rename = "account")]
    Account,
}

/// A token without its text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireToken {
    #[schema(example = "tok_0192e4a0-7d3c-7c1e-b7a4-3f1d2c5b6a70")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// How its text begins.
    #[schema(example = "wway_x7Kq2a")]
    prefix: String,
    scopes: Vec<WireScope>,
    /// Unix seconds, like the others.
    created_at: u64,
    expires_at: u64,
    /// To the minute; absent while it was never used.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<u64>,
}

impl From<TokenSummary> for WireToken {
    fn from(token: TokenSummary) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            prefix: token.prefix,
            scopes: wire_scopes(token.scopes),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

pub(super) fn wire_scopes(scopes: Scopes) -> Vec<WireScope> {
    scopes.iter().map(WireScope::from).collect()
}

impl From<Scope> for WireScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::ActionsExecute => Self::ActionsExecute,
            Scope::Connections => Self::Connections,
            Scope::Marketplace => Self::Marketplace,
            Scope::Publish => Self::Publish,
            Scope::Account => Self::Account,
        }
    }
}

impl From<WireScope> for Scope {
    fn from(scope: WireScope) -> Self {
        match scope {
            WireScope::ActionsExecute => Self::ActionsExecute,
            WireScope::Connections => Self::Connections,
            WireScope::Marketplace => Self::Marketplace,
            WireScope::Publish => Self::Publish,
            WireScope::Account => Self::Account,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, WireScope};

    #[test]
    fn scopes_are_called_alike_everywhere() {
        for scope in Scope::ALL {
            let wire = serde_json::to_value(WireScope::from(scope)).unwrap();
            assert_eq!(wire, scope.as_str());
            assert_eq!(Scope::from(serde_json::from_value::<WireScope>(wire).unwrap()), scope);
        }
    }
}
