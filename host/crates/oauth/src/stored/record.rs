//! A connection as it is stored, and the trait that a database implements. Nothing here could open one.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use workway_model::{ProviderId, Timestamp, UserId};
use workway_providers::Values;
use workway_vault::Sealed;

use super::super::endpoint::Account;

/// The most connections of one user.
pub const MAX_CONNECTIONS_PER_USER: u32 = 200;

/// A connection without what is secret about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSummary {
    pub id: String,
    pub provider: ProviderId,
    pub account: Account,
    /// What the provider granted; nothing where it has no scopes.
    pub scopes: Option<BTreeSet<String>>,
    /// What the account's addresses depend on.
    pub values: Values,
    /// Whether calls that name no connection use this one. One of a user's connections to a provider is the default.
    pub is_default: bool,
    /// Why the provider rejects it; see [`Self::status`].
    pub reconnect: Option<String>,
    /// None if it never expires.
    pub expires_at: Option<Timestamp>,
    /// When it is due for renewal; none if it cannot be renewed.
    pub renew_at: Option<Timestamp>,
    pub version: u64,
}

/// Whether a connection is usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    Active,
    /// Only the user can help, by connecting the account again.
    NeedsReconnect {
        reason: String,
    },
}

impl ConnectionSummary {
    /// Returns the status at `now`. An expired token that cannot be renewed needs a reconnect, whatever is stored.
    pub fn status(&self, now: Timestamp) -> ConnectionStatus {
        let expired = self.renew_at.is_none() && self.expires_at.is_some_and(|end| end <= now);
        match &self.reconnect {
            Some(reason) => ConnectionStatus::NeedsReconnect { reason: reason.clone() },
            None if expired => ConnectionStatus::NeedsReconnect { reason: EXPIRED.to_owned() },
            None => ConnectionStatus::Active,
        }
    }
}

/// The reason to reconnect when a token expired that has no refresh token.
pub(crate) const EXPIRED: &str = "the access token has expired and there is no refresh token";

/// A connection as it is stored.
#[derive(Clone)]
pub struct SealedConnection {
    pub summary: ConnectionSummary,
    /// Opens with the vault, bound to user, provider and id.
    pub sealed: Sealed,
}

/// Where sealed connections are kept. It sees no token. Every change of a connection gives it a version that is never
/// used twice.
#[async_trait]
pub trait SealedConnections: Send + Sync {
    /// The one of that id if it is of this provider, or else the default one.
    async fn choose(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Option<SealedConnection>, SealedError>;

    async fn get(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, SealedError>;

    async fn of_account(
        &self,
        user: &UserId,
        provider: &ProviderId,
        account_id: &str,
    ) -> Result<Option<SealedConnection>, SealedError>;

    /// Adds the row, or takes the place of the same account's, id included; the first of a provider becomes the default.
    /// Answers version and whether it is the default; what the row says of both is not looked at. With a version `expected`
    /// of the row that is there, anything else is [`SealedError::Changed`].
    async fn put(
        &self,
        user: &UserId,
        row: SealedConnection,
        expected: Option<u64>,
    ) -> Result<(u64, bool), SealedError>;

    /// By provider and time; at most [`MAX_CONNECTIONS_PER_USER`].
    async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, SealedError>;

    /// Whether there was one.
    async fn make_default(&self, user: &UserId, id: &str) -> Result<bool, SealedError>;

    /// Answers what was there. The oldest other account takes over as the default. The record's bytes are gone from the
    /// files after the next [`scrub`](Self::scrub).
    async fn delete(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, SealedError>;

    /// Erases deleted and overwritten bytes from the database's files. Returns whether it could: not while somebody reads an
    /// older state.
    async fn scrub(&self) -> Result<bool, SealedError>;
}

/// Why a connection was not stored or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    #[error("a user can have at most {MAX_CONNECTIONS_PER_USER} connections: delete one first")]
    TooMany,
    #[error("the keys were rotated and this host does not have the new key: restart it with the new key")]
    StaleKey,
    #[error("the connection was changed at the same time: try again")]
    Changed,
    #[error("{0}")]
    Unavailable(String),
}

impl fmt::Debug for SealedConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedConnection({:?}, [redacted])", self.summary)
    }
}
