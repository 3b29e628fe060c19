//! The right to renew a connection: one process at a time has it, whoever else shares the database.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;

use super::super::{catalogue::Values, connections::SealedError, key::KeyId, vault::Sealed};

/// What a renewal changes. Without scopes those of before stay.
#[derive(Clone)]
pub struct Renewed {
    pub scopes: Option<BTreeSet<String>>,
    pub values: Values,
    /// Unix seconds, both.
    pub expires_at: Option<u64>,
    pub renew_at: Option<u64>,
    pub sealed: Sealed,
}

/// Who asks for a lease. Times in Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct LeaseRequest<'a> {
    pub owner: &'a str,
    pub now: u64,
    pub until: u64,
    /// An owner that is known to be gone: its lease counts no more.
    pub gone: Option<&'a str>,
    /// Unix seconds. A cool-down that ends later was written by a clock that was wrong, and counts no more.
    pub latest_retry: u64,
    /// The key that the renewal will be sealed under.
    pub key: KeyId,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It is the caller's, and nobody has changed the connection. `failures`: attempts that failed in a row.
    Taken { failures: u32 },
    /// Somebody else renews it.
    Held { owner: String },
    /// Renewing has failed; the next attempt may be at this time (Unix seconds).
    CoolingDown { until: u64 },
    /// The connection is another one by now, or gone.
    Changed,
}

/// Where leases are kept, beside the connections. A connection is named by its id and the version that was read.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Lets one process alone renew the connection, and none that could not store what the provider gives:
    /// [`SealedError::StaleKey`].
    async fn lease(&self, id: &str, version: u64, request: LeaseRequest<'_>) -> Result<Lease, SealedError>;

    /// Stores a renewal and ends its lease, unless the connection is another one by now. Answers the new version. It is
    /// on the disk when this returns.
    async fn renew(&self, id: &str, version: u64, renewed: &Renewed) -> Result<Option<u64>, SealedError>;

    /// Marks it as of no use any more and ends its lease, unless it is another one by now.
    async fn end(&self, id: &str, version: u64, reason: &str) -> Result<bool, SealedError>;

    /// Ends `owner`'s lease after an attempt that failed. `retry_at` in Unix seconds.
    async fn cool_down(&self, id: &str, owner: &str, failures: u32, retry_at: u64) -> Result<(), SealedError>;
}

impl fmt::Debug for Renewed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Renewed({:?}, [redacted])", self.expires_at)
    }
}
