//! Storage in memory, for tests and for a host that keeps nothing. It never touches a file.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use workway_policy::storage::MemorySpace;

use super::{Applied, Change, Quota, Space, StorageBackend, StorageError, StoragePage, StoredValue};

/// The values of all spaces. Dropping it drops them.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    spaces: Mutex<HashMap<Space, MemorySpace>>,
}

#[async_trait]
impl StorageBackend for MemoryStorage {
    async fn get(&self, space: &Space, key: &str) -> Result<Option<StoredValue>, StorageError> {
        Ok(self.with(space, |values| values.get(key)))
    }

    async fn list(&self, space: &Space, page: StoragePage<'_>) -> Result<Vec<StoredValue>, StorageError> {
        Ok(self.with(space, |values| values.list(page)))
    }

    async fn commit(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError> {
        self.with(space, |values| values.commit(quota, &expected, changes))
    }
}

impl MemoryStorage {
    fn with<T>(&self, space: &Space, act: impl FnOnce(&mut MemorySpace) -> T) -> T {
        act(self.spaces.lock().unwrap_or_else(PoisonError::into_inner).entry(space.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::MemoryStorage;

    async fn fixture() -> (Arc<MemoryStorage>, ()) {
        (Arc::new(MemoryStorage::default()), ())
    }

    crate::storage_suite!(fixture);
}
