//! The storage that the capability stands on: its data and its trait. The database implements it; nothing here does.

use async_trait::async_trait;
use workway_model::{IntegrationId, UserId};

use super::Quota;

/// Whose entries: one integration's for one user. Nothing is shared between two spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Space {
    pub integration: IntegrationId,
    pub user: UserId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub value: Vec<u8>,
    /// From a sequence of the space's own: it rises with every write to any key, and is never given twice, not even to
    /// a key that was deleted and written again.
    pub version: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put(String, Vec<u8>),
    Delete(String),
}

/// What became of one [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The entry's new version.
    Put(u64),
    /// Whether there was such an entry.
    Deleted(bool),
}

/// A part of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    pub prefix: &'a str,
    /// Only keys after this one, in byte order.
    pub start_after: Option<&'a str>,
    pub limit: u32,
    /// Keys and values together; the first entry is answered even if it alone is more.
    pub max_bytes: u64,
}

/// The contract's `storage-error`. Every text is meant for the guest: no path, no SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    #[error("storage was not granted")]
    Denied,
    /// A key, a value, or the number of changes; with the bound, in bytes or changes.
    #[error("larger than {0}")]
    TooLarge(u64),
    /// With the bound that was gone over: bytes, or the number of keys.
    #[error("over the quota of {0}")]
    Quota(u64),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Unavailable(String),
}

/// Keeps entries. It is asked only about what [`StorageCtx`](super::StorageCtx) has checked: the grant and the sizes. The
/// quota is its own business, as it has to hold inside the transaction.
#[async_trait]
pub trait StorageBackend: Send + Sync {
    async fn get(&self, space: &Space, key: &str) -> Result<Option<Entry>, StorageError>;

    /// Entries in the byte order of their keys.
    async fn list(&self, space: &Space, page: Page<'_>) -> Result<Vec<Entry>, StorageError>;

    /// The one way to write. All changes, in order, or none; and none unless every expected key has its version, 0 for
    /// absent. The quota is held against the end result, so a change may make room for another.
    async fn commit(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError>;
}

/// How every backend words a version that is not the expected one.
pub fn version_conflict(key: &str, expected: u64, found: u64) -> StorageError {
    let state = |version| if version == 0 { "absent".to_owned() } else { format!("version {version}") };
    StorageError::Conflict(format!("{key:?} is {}, not {}", state(found), state(expected)))
}
