//! The trait of storage backends. The database implements it; nothing here does.

use async_trait::async_trait;
use workway_model::{IntegrationId, UserId};

use super::{Applied, Change, Quota, StorageError, StoragePage, StoredValue};

/// Names what one integration keeps for one user. Two spaces share nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Space {
    pub integration: IntegrationId,
    pub user: UserId,
}

/// Keeps values. [`StorageCtx`](super::StorageCtx) has checked the grant and the sizes before it calls a backend. The backend
/// checks the quota, because that must hold inside the transaction.
#[async_trait]
pub trait StorageBackend: Send + Sync {
    /// Returns a key's value.
    async fn get(&self, space: &Space, key: &str) -> Result<Option<StoredValue>, StorageError>;

    /// Returns values in the byte order of their keys.
    async fn list(&self, space: &Space, page: StoragePage<'_>) -> Result<Vec<StoredValue>, StorageError>;

    /// Makes all changes, in order, or none; and none unless every expected key has its version, 0 for absent. The quota
    /// holds for the end result, so one change may make room for another. There is no other way to write.
    async fn commit(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError>;
}
