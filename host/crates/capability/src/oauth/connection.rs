//! A connection as the capability sees it, and where connections come from. It never stores or prints a token.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use async_trait::async_trait;
use secrecy::SecretString;
use workway_model::{ProviderId, UserId};

use crate::fetch::Credential;

/// A user's account at a provider, with the credential that speaks for it.
pub struct Connection {
    pub id: Arc<str>,
    pub provider: ProviderId,
    /// A stable label of the account: an e-mail address, a workspace name.
    pub account: String,
    /// What the provider granted; nothing where it has no scopes (API keys).
    pub scopes: Option<BTreeSet<String>>,
    /// What the account's addresses depend on: `instance`, `shop`. Not secret.
    pub variables: BTreeMap<String, String>,
    /// Unix seconds; never, where the provider names no end.
    pub expires_at: Option<u64>,
    /// Unix seconds: from then on a new token is to be asked for, before this one ends.
    pub renew_at: Option<u64>,
    pub access_token: SecretString,
    /// The token in the place where the provider's API takes it.
    pub credential: Credential,
    /// Another one for every stored change, and never the same twice.
    pub version: u64,
}

impl Connection {
    pub fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it should be renewed before it is used.
    pub fn is_due(&self, now: u64) -> bool {
        self.renew_at.is_some_and(|due| due <= now) || self.is_expired(now)
    }

    /// The scopes among these that the connection lacks.
    pub fn lacks<'a>(&'a self, scopes: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        let granted = self.scopes.as_ref();
        scopes.iter().filter(move |scope| granted.is_some_and(|granted| !granted.contains(*scope)))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("id", &self.id)
            .field("provider", &self.provider)
            .field("account", &self.account)
            .field("scopes", &self.scopes)
            .field("variables", &self.variables)
            .field("expires_at", &self.expires_at)
            .field("access_token", &format_args!("[redacted]"))
            .field("version", &self.version)
            .finish_non_exhaustive()
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

/// Why a connection in use is to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalReason {
    /// Its time is over or nearly so.
    Due,
    /// The API refused the token. How often that may be is bounded.
    Refused,
    /// The guest asked for another token. How often that may be is bounded with the above.
    Asked,
}

/// Where connections come from. Whoever asks has checked that the integration may have one; see
/// [`OAuthCtx`](super::OAuthCtx).
#[async_trait]
pub trait ConnectionSource: Send + Sync {
    /// The user's connection as it is, expired or not: the one of that id if it is of this provider, or else the default.
    async fn connection(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Arc<Connection>, OAuthError>;

    /// A connection in the place of `stale`. Where there is a newer one already, nobody is asked for another. None where
    /// there is nothing to renew it with, or where tokens were refused too often of late.
    async fn renew(
        &self,
        user: &UserId,
        stale: &Connection,
        reason: RenewalReason,
    ) -> Result<Option<Arc<Connection>>, OAuthError>;
}
