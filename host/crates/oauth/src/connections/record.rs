//! A connection as it is stored, and the trait of whoever stores it. Nothing here could open one.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use workway_model::{ProviderId, UserId};

use super::super::{catalogue::Values, endpoint::Account, rotation::KeyedRecords, vault::Sealed};

/// The most connections that one user has.
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
    /// Whether it is the one that calls take which choose none. One of a user's accounts at a provider is.
    pub is_default: bool,
    /// Why the provider does not honour it any more; see [`Self::status`].
    pub reconnect: Option<String>,
    /// Unix seconds.
    pub expires_at: Option<u64>,
    /// Unix seconds: when it is to be renewed. Nothing where it cannot be.
    pub renew_at: Option<u64>,
    pub version: u64,
}

/// Whether a connection is of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    Active,
    /// Only the user can help, by connecting the account again.
    NeedsReconnect {
        reason: String,
    },
}

impl ConnectionSummary {
    /// `now` in Unix seconds. What has expired and cannot be renewed is of no use, whatever is stored.
    pub fn status(&self, now: u64) -> ConnectionStatus {
        let expired = self.renew_at.is_none() && self.expires_at.is_some_and(|end| end <= now);
        match &self.reconnect {
            Some(reason) => ConnectionStatus::NeedsReconnect { reason: reason.clone() },
            None if expired => ConnectionStatus::NeedsReconnect { reason: EXPIRED.to_owned() },
            None => ConnectionStatus::Active,
        }
    }
}

/// What is said of a token that has ended and came without a refresh token.
pub(crate) const EXPIRED: &str = "the access token has expired, and there is nothing to renew it with";

/// A connection as it is stored.
#[derive(Clone)]
pub struct SealedConnection {
    pub summary: ConnectionSummary,
    /// Opens with the vault, bound to user, provider and id.
    pub sealed: Sealed,
}

/// Where sealed connections are kept. It sees no token. Every change of a connection gives it a version that it never
/// gives twice.
#[async_trait]
pub trait SealedConnections: KeyedRecords {
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
    /// files after the next [`scrub`](KeyedRecords::scrub).
    async fn delete(&self, user: &UserId, id: &str) -> Result<Option<SealedConnection>, SealedError>;
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    #[error("a user has at most {MAX_CONNECTIONS_PER_USER} connections")]
    TooMany,
    #[error("the keys were rotated: this process has an old one, and has to be started with the new one")]
    StaleKey,
    #[error("the connection was changed meanwhile: try again")]
    Changed,
    #[error("{0}")]
    Unavailable(String),
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({}, [redacted])", self.key)
    }
}

impl fmt::Debug for SealedConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedConnection({:?}, [redacted])", self.summary)
    }
}
