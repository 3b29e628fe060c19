//! A connection as the capability sees it, and where connections come from. It never stores or prints a token.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use secrecy::SecretString;

use crate::integration::{ProviderId, UserId};

/// A user's account at a provider, with the credential that speaks for it.
#[derive(Clone)]
pub struct Connection {
    pub provider: ProviderId,
    /// A stable label of the account: an e-mail address, a workspace name.
    pub account: String,
    /// What the provider granted.
    pub scopes: BTreeSet<String>,
    /// Unix seconds; never, where the provider names no end.
    pub expires_at: Option<u64>,
    pub access_token: SecretString,
    /// Another one for every stored change, and never the same twice.
    pub version: u64,
}

impl Connection {
    pub fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("provider", &self.provider)
            .field("account", &self.account)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .field("access_token", &format_args!("[redacted]"))
            .field("version", &self.version)
            .finish()
    }
}

/// The contract's `oauth-error`. Every text is meant for the guest: no token, no path, no SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    #[error("the user has not connected this provider")]
    NotConnected,
    #[error("the account must be connected again: {0}")]
    NeedsReconnect(String),
    #[error("the connection lacks scopes: {}", .0.join(", "))]
    MissingScopes(Vec<String>),
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    Transient(String),
}

/// Where connections come from. Whoever asks has checked that the integration may have one; see
/// [`OAuthCtx`](super::OAuthCtx).
#[async_trait]
pub trait ConnectionSource: Send + Sync {
    /// The user's connection as it is, expired or not.
    async fn connection(&self, user: &UserId, provider: &ProviderId) -> Result<Connection, OAuthError>;

    /// A connection newer than `seen`, the version that turned out to be of no use. Where there is one already, nobody is
    /// asked for another.
    async fn refresh(&self, user: &UserId, provider: &ProviderId, seen: u64) -> Result<Connection, OAuthError>;
}
