//! The storage capability: what an integration keeps between calls, for one user. It checks the grant and, by the rules of
//! [`workway_policy::storage`], every size before it calls the backend; it never opens a database.

mod backend;
mod memory;
#[cfg(any(test, feature = "suite"))]
pub mod suite;

use std::sync::Arc;

pub use backend::{Space, StorageBackend};
pub use memory::MemoryStorage;
pub use workway_policy::storage::{
    Applied, Change, Quota, StorageError, StorageLimits, StoragePage, StoredValue, Usage, bytes_of, version_conflict,
};

/// One call's storage. Denies everything unless `granted`.
pub struct StorageCtx {
    backend: Arc<dyn StorageBackend>,
    space: Space,
    granted: bool,
    limits: StorageLimits,
}

impl StorageCtx {
    pub fn new(backend: Arc<dyn StorageBackend>, space: Space, granted: bool, limits: StorageLimits) -> Self {
        Self { backend, space, granted, limits }
    }

    /// Returns a key's value.
    ///
    /// # Errors
    /// Those of the contract; see [`StorageError`]. The same holds for the other calls.
    pub async fn get(&self, key: &str) -> Result<Option<StoredValue>, StorageError> {
        let space = self.granted()?;
        self.limits.check_key(key)?;
        self.backend.get(space, key).await
    }

    /// Sets a key to a value and returns its new version.
    pub async fn put(&self, key: String, value: Vec<u8>) -> Result<u64, StorageError> {
        match self.change(Change::Put(key, value)).await? {
            Some(Applied::Put(version)) => Ok(version),
            _ => Err(unexpected_answer()),
        }
    }

    /// Removes a key and returns whether it existed.
    pub async fn delete(&self, key: String) -> Result<bool, StorageError> {
        match self.change(Change::Delete(key)).await? {
            Some(Applied::Deleted(existed)) => Ok(existed),
            _ => Err(unexpected_answer()),
        }
    }

    /// Returns values in the byte order of their keys. There may be more even if fewer than `limit` are returned: only an
    /// empty list is the end.
    pub async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredValue>, StorageError> {
        let space = self.granted()?;
        self.backend.list(space, self.limits.page(prefix, start_after, limit)?).await
    }

    /// Makes all changes or none, and none unless every key has its expected version.
    pub async fn commit(&self, expected: Vec<(String, u64)>, changes: Vec<Change>) -> Result<(), StorageError> {
        self.apply(expected, changes).await.map(drop)
    }

    async fn change(&self, change: Change) -> Result<Option<Applied>, StorageError> {
        Ok(self.apply(vec![], vec![change]).await?.pop())
    }

    async fn apply(&self, expected: Vec<(String, u64)>, changes: Vec<Change>) -> Result<Vec<Applied>, StorageError> {
        let space = self.granted()?;
        self.limits.check_commit(&expected, &changes)?;
        self.backend.commit(space, self.limits.quota(), expected, changes).await
    }

    /// Returns the space if storage was granted. There is no other way to it.
    fn granted(&self) -> Result<&Space, StorageError> {
        if self.granted { Ok(&self.space) } else { Err(StorageError::Denied) }
    }
}

fn unexpected_answer() -> StorageError {
    StorageError::Unavailable(
        "the storage backend returned a result that does not fit the change: this is a bug of the host".into(),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Change, MemoryStorage, Space, StorageCtx, StorageError, StorageLimits};

    const LIMITS: StorageLimits = StorageLimits {
        max_key_bytes: 4,
        max_value_bytes: 8,
        quota_bytes: 1_000,
        max_keys: 50,
        max_list: 2,
        max_list_bytes: 20,
        max_changes: 3,
    };

    fn context(granted: bool) -> StorageCtx {
        let space = Space { integration: "slack".parse().unwrap(), user: "ann".parse().unwrap() };
        StorageCtx::new(Arc::new(MemoryStorage::default()), space, granted, LIMITS)
    }

    #[tokio::test]
    async fn nothing_works_without_the_grant() {
        let storage = context(false);
        assert_eq!(storage.get("k").await, Err(StorageError::Denied));
        assert_eq!(storage.put("k".into(), vec![]).await, Err(StorageError::Denied));
        assert_eq!(storage.delete("k".into()).await, Err(StorageError::Denied));
        assert_eq!(storage.list("", None, 1).await, Err(StorageError::Denied));
        assert_eq!(storage.commit(vec![], vec![]).await, Err(StorageError::Denied));
        assert_eq!(storage.get("").await, Err(StorageError::Denied), "the grant is checked first");
    }

    #[tokio::test]
    async fn what_was_put_is_read_and_deleted() {
        let storage = context(true);
        let version = storage.put("k".into(), b"v".to_vec()).await.unwrap();
        let entry = storage.get("k").await.unwrap().unwrap();
        assert_eq!((entry.value.as_slice(), entry.version), (&b"v"[..], version));
        assert_eq!(storage.delete("k".into()).await, Ok(true));
        assert_eq!(storage.delete("k".into()).await, Ok(false));
        assert_eq!(storage.get("k").await, Ok(None));
    }

    #[tokio::test]
    async fn sizes_are_refused_with_their_bound() {
        let storage = context(true);
        let long = "12345".to_owned();
        let key_too_large = StorageError::TooLarge(4);
        assert_eq!(storage.get(&long).await, Err(key_too_large.clone()));
        assert_eq!(storage.put(long.clone(), vec![]).await, Err(key_too_large.clone()));
        assert_eq!(storage.delete(long.clone()).await, Err(key_too_large.clone()));
        assert_eq!(storage.list(&long, None, 1).await, Err(key_too_large.clone()));
        assert_eq!(storage.list("", Some(&long), 1).await, Err(key_too_large.clone()));
        assert_eq!(storage.commit(vec![(long.clone(), 0)], vec![]).await, Err(key_too_large.clone()));
        assert_eq!(storage.commit(vec![], vec![Change::Delete(long)]).await, Err(key_too_large));
        assert_eq!(storage.put("k".into(), vec![0; 9]).await, Err(StorageError::TooLarge(8)));
        assert_eq!(storage.put("äö".into(), vec![0; 8]).await, Ok(1), "the bounds themselves are allowed");
    }

    #[tokio::test]
    async fn too_many_changes_or_expectations_are_refused() {
        let storage = context(true);
        let changes = |count| (0..count).map(|_| Change::Delete("k".into())).collect::<Vec<_>>();
        let expected = |count| (0..count).map(|_| ("k".to_owned(), 0)).collect::<Vec<_>>();
        assert_eq!(storage.commit(expected(3), changes(3)).await, Ok(()));
        assert_eq!(storage.commit(expected(0), changes(4)).await, Err(StorageError::TooLarge(3)));
        assert_eq!(storage.commit(expected(4), changes(0)).await, Err(StorageError::TooLarge(3)));
    }

    #[tokio::test]
    async fn an_empty_key_is_refused_everywhere() {
        let storage = context(true);
        let refused = StorageError::Conflict("a key must not be empty".into());
        assert_eq!(storage.get("").await, Err(refused.clone()));
        assert_eq!(storage.put(String::new(), vec![]).await, Err(refused.clone()));
        assert_eq!(storage.delete(String::new()).await, Err(refused.clone()));
        assert_eq!(storage.commit(vec![(String::new(), 0)], vec![]).await, Err(refused));
    }

    #[tokio::test]
    async fn a_listing_is_clamped_to_its_bounds() {
        let storage = context(true);
        for key in ["a", "b", "c"] {
            storage.put(key.into(), vec![]).await.unwrap();
        }
        assert_eq!(storage.list("", None, u32::MAX).await.unwrap().len(), 2);
        assert_eq!(storage.list("", None, 0).await.unwrap(), []);
    }
}
