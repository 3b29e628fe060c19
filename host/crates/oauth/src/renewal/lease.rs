//! The right to renew a connection: one process at a time has it, of all that share the database.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use workway_model::Timestamp;
use workway_providers::Values;
use workway_vault::{KeyId, Sealed};

use super::super::stored::SealedError;

/// What a renewal changes. Without scopes the previous ones stay.
#[derive(Clone)]
pub struct Renewed {
    pub scopes: Option<BTreeSet<String>>,
    pub values: Values,
    pub expires_at: Option<Timestamp>,
    pub renew_at: Option<Timestamp>,
    pub sealed: Sealed,
}

/// Who asks for a lease.
#[derive(Clone, Copy, Debug)]
pub struct LeaseRequest<'a> {
    pub owner: &'a str,
    pub now: Timestamp,
    /// When the lease ends by itself.
    pub until: Timestamp,
    /// An owner that is known to be gone: its lease no longer counts.
    pub gone: Option<&'a str>,
    /// A cool-down that ends later was written by a wrong clock and is ignored.
    pub latest_retry: Timestamp,
    /// The key that the renewal will be sealed under.
    pub key: KeyId,
}

/// The answer to a lease request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// The caller has the lease, and the connection is unchanged. `failures`: attempts that failed in a row.
    Taken { failures: u32 },
    /// Another process is renewing it.
    Held { owner: String },
    /// Renewing failed; the next attempt is allowed at this time.
    CoolingDown { until: Timestamp },
    /// The connection has another version by now, or was deleted.
    Changed,
}

/// Where leases are kept, beside the connections. A connection is identified by its id and the version that was read.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Lets only one process renew the connection, and none that could not store the provider's answer:
    /// [`SealedError::StaleKey`].
    async fn lease(&self, id: &str, version: u64, request: LeaseRequest<'_>) -> Result<Lease, SealedError>;

    /// Stores a renewal and ends its lease, unless the connection has another version by now. Returns the new version. It is
    /// on the disk when this returns.
    async fn renew(&self, id: &str, version: u64, renewed: &Renewed) -> Result<Option<u64>, SealedError>;

    /// Marks it as needing a reconnect and ends its lease, unless it has another version by now.
    async fn end(&self, id: &str, version: u64, reason: &str) -> Result<bool, SealedError>;

    /// Ends `owner`'s lease after a failed attempt, and lets nobody try again before `retry_at`.
    async fn cool_down(&self, id: &str, owner: &str, failures: u32, retry_at: Timestamp) -> Result<(), SealedError>;
}

impl fmt::Debug for Renewed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Renewed({:?}, [redacted])", self.expires_at)
    }
}
