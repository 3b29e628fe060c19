//! The interface `storage`, answered from a `StorageCtx`. Translates and decides nothing.

use workway_capability::storage::{Change, StorageError, StoredValue};

use super::CapabilitiesView;
use crate::bindings::storage;

impl storage::Host for CapabilitiesView<'_> {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<storage::Entry>, storage::StorageError>> {
        let entry = self.capabilities.storage.get(&key).await;
        Ok(entry.map(|entry| entry.map(Into::into)).map_err(Into::into))
    }

    async fn put(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<u64, storage::StorageError>> {
        Ok(self.capabilities.storage.put(key, value).await.map_err(Into::into))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<bool, storage::StorageError>> {
        Ok(self.capabilities.storage.delete(key).await.map_err(Into::into))
    }

    async fn list(
        &mut self,
        prefix: String,
        start_after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<storage::Entry>, storage::StorageError>> {
        let entries = self.capabilities.storage.list(&prefix, start_after.as_deref(), limit).await;
        Ok(entries.map(|entries| entries.into_iter().map(Into::into).collect()).map_err(Into::into))
    }

    async fn commit(
        &mut self,
        expected: Vec<(String, u64)>,
        changes: Vec<storage::Change>,
    ) -> wasmtime::Result<Result<(), storage::StorageError>> {
        let changes = changes.into_iter().map(Into::into).collect();
        Ok(self.capabilities.storage.commit(expected, changes).await.map_err(Into::into))
    }
}

impl From<storage::Change> for Change {
    fn from(change: storage::Change) -> Self {
        match change {
            storage::Change::Put((key, value)) => Self::Put(key, value),
            storage::Change::Delete(key) => Self::Delete(key),
        }
    }
}

impl From<StoredValue> for storage::Entry {
    fn from(entry: StoredValue) -> Self {
        Self { key: entry.key, value: entry.value, version: entry.version }
    }
}

impl From<StorageError> for storage::StorageError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Denied => Self::Denied,
            StorageError::TooLarge(limit) => Self::TooLarge(limit),
            StorageError::Quota(limit) => Self::Quota(limit),
            StorageError::Conflict(text) => Self::Conflict(text),
            StorageError::Unavailable(text) => Self::Unavailable(text),
        }
    }
}
