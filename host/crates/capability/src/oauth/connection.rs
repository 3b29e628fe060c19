//! A connection as the capability sees it, and where connections come from. It never stores or prints a token.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use async_trait::async_trait;
use secrecy::SecretString;
use workway_model::{ProviderId, Timestamp, UserId};

pub use workway_policy::oauth::OAuthError;

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
    /// `None` if it never expires.
    pub expires_at: Option<Timestamp>,
    /// When to renew the token, before it expires.
    pub renew_at: Option<Timestamp>,
    pub access_token: SecretString,
    /// The token as the provider's API takes it.
    pub credential: Credential,
    /// Changes with every stored change, and never repeats.
    pub version: u64,
}

impl Connection {
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it should be renewed before it is used.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.renew_at.is_some_and(|due| due <= now) || self.is_expired(now)
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

/// Why a connection in use must be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalReason {
    /// It has expired or will expire soon.
    Due,
    /// The API refused the token. Rate-limited.
    Refused,
    /// The guest asked for another token. Counts towards the same rate limit.
    Asked,
}

/// Where connections come from. The caller has checked that the integration may use them; see
/// [`OAuthCtx`](super::OAuthCtx).
#[async_trait]
pub trait ConnectionSource: Send + Sync {
    /// Returns the user's connection, expired or not: the one with this id if it belongs to the provider, or the default one
    /// if no id is given.
    async fn connection(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Arc<Connection>, OAuthError>;

    /// Returns a connection to replace `stale`: a newer stored one, or one renewed at the provider. `None` if it cannot be
    /// renewed, or if too many of its tokens were refused recently.
    async fn renew(
        &self,
        user: &UserId,
        stale: &Connection,
        reason: RenewalReason,
    ) -> Result<Option<Arc<Connection>>, OAuthError>;
}
