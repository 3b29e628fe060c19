//! The key-value store in memory, by the host's rules: limits, versions, quota, the order of a commit and its errors.
//! It never touches a file.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use workway_policy::storage::{self as policy, Applied, MemorySpace, StorageLimits, version_conflict};

use super::contract::storage_error;
use super::host::MockHost;
use crate::storage::{Change, to_json};
use crate::{Commit, Entry, Result, StorageError, Transaction};

const LIMITS: StorageLimits = StorageLimits::DEFAULT;

/// The longest key, prefix or start of a listing, in bytes: the host's `max_key_bytes`.
pub const MAX_KEY_BYTES: u64 = LIMITS.max_key_bytes;
/// The longest value, in bytes: the host's `max_value_bytes`.
pub const MAX_VALUE_BYTES: u64 = LIMITS.max_value_bytes;
/// All keys and values of one user together, in bytes: the host's `quota_bytes`.
pub const QUOTA_BYTES: u64 = LIMITS.quota_bytes;
/// The keys of one user: the host's `max_keys`.
pub const MAX_KEYS: u64 = LIMITS.max_keys;
/// The entries of one listing, however many are asked for: the host's `max_list`.
pub const MAX_LIST: u32 = LIMITS.max_list;
/// Keys and values of one listing together, in bytes, except that the first entry always comes:
/// the host's `max_list_bytes`.
pub const MAX_LIST_BYTES: u64 = LIMITS.max_list_bytes;
/// Changes of one commit, and its expectations: the host's `max_changes`.
pub const MAX_CHANGES: u64 = LIMITS.max_changes;

/// Whose storage a new [`MockStorage`] shows, and who calls where a test names nobody.
pub const MOCK_USER: &str = "user-1";

/// One integration's storage, of all users; this value shows one user's. Clones are one storage, so
/// a test can look at what an action stored, or write while a transaction is under way.
///
/// ```
/// use workway_sdk::testing::MockStorage;
///
/// let storage = MockStorage::new();
/// assert_eq!(storage.put("counter", &1), Ok(1));
/// assert_eq!(storage.get::<u32>("counter"), Ok(Some(1)));
/// assert_eq!(storage.for_user("bob").get::<u32>("counter"), Ok(None));
///
/// storage.conflict_next(1);
/// let mut attempts = 0;
/// let counted = storage.transaction(|transaction| {
///     attempts += 1;
///     let next = transaction.get::<u32>("counter")?.unwrap_or(0) + 1;
///     transaction.put("counter", &next)?;
///     Ok(next)
/// });
/// assert_eq!((counted, attempts), (Ok(2), 2));
/// assert_eq!(storage.list("c", None, 10).unwrap().len(), 1);
/// assert_eq!(storage.delete("counter"), Ok(true));
/// ```
#[derive(Debug, Clone)]
pub struct MockStorage {
    state: Arc<Mutex<State>>,
    user: Arc<str>,
    granted: bool,
}

#[derive(Debug, Default)]
struct State {
    spaces: HashMap<Arc<str>, MemorySpace>,
    conflicts: u32,
    failures: VecDeque<StorageError>,
}

impl Default for MockStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl MockStorage {
    /// An empty storage, as [`MOCK_USER`] sees it.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Arc::default(), user: MOCK_USER.into(), granted: true }
    }

    /// The same storage as another user sees it. A context shows its own user's.
    #[must_use]
    pub fn for_user(&self, user: &str) -> Self {
        Self { user: user.into(), ..self.clone() }
    }

    /// The same storage for an integration that did not ask for it: every call is denied.
    #[must_use]
    pub fn without_grant(&self) -> Self {
        self.with_grant(false)
    }

    pub(super) fn with_grant(&self, granted: bool) -> Self {
        Self { granted, ..self.clone() }
    }

    /// The value under a key, read as JSON.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it is not JSON of this shape, and as the host's: see
    /// [`Storage`](crate::Storage).
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StorageError> {
        self.entry(key)?.map(|entry| entry.json()).transpose()
    }

    /// The bytes under a key, with their version.
    ///
    /// # Errors
    ///
    /// As the host's: see [`Storage`](crate::Storage).
    pub fn entry(&self, key: &str) -> Result<Option<Entry>, StorageError> {
        let mut state = self.asked()?;
        LIMITS.check_key(key).map_err(storage_error)?;
        Ok(state.space(&self.user).get(key).map(entry))
    }

    /// Stores a value as JSON and answers its new version.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it cannot be written as JSON, and as the host's.
    pub fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<u64, StorageError> {
        self.put_bytes(key, &to_json(value)?)
    }

    /// Stores bytes and answers their new version.
    ///
    /// # Errors
    ///
    /// As the host's: [`StorageError::TooLarge`] and [`StorageError::Quota`] with the bound.
    pub fn put_bytes(&self, key: &str, value: &[u8]) -> Result<u64, StorageError> {
        match self.apply(&[], &[Change::Put(key.to_owned(), value.to_vec())])?.pop() {
            Some(Applied::Put(version)) => Ok(version),
            _ => Err(StorageError::Unavailable("a put was not answered".to_owned())),
        }
    }

    /// Deletes a key; whether there was one.
    ///
    /// # Errors
    ///
    /// As the host's.
    pub fn delete(&self, key: &str) -> Result<bool, StorageError> {
        let applied = self.apply(&[], &[Change::Delete(key.to_owned())])?;
        Ok(matches!(applied[..], [Applied::Deleted(true)]))
    }

    /// Entries whose key begins with `prefix`, in the byte order of their keys, after `start_after`:
    /// at most `limit`, [`MAX_LIST`] and [`MAX_LIST_BYTES`].
    ///
    /// # Errors
    ///
    /// As the host's.
    pub fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StorageError> {
        let mut state = self.asked()?;
        let page = LIMITS.page(prefix, start_after, limit).map_err(storage_error)?;
        Ok(state.space(&self.user).list(page).into_iter().map(entry).collect())
    }

    /// All changes or none, and none unless every key has its expected version.
    ///
    /// # Errors
    ///
    /// [`StorageError::Conflict`] for another version, and as the host's.
    pub fn commit(&self, commit: &Commit) -> Result<(), StorageError> {
        MockHost::of_storage(self.clone()).into_context().storage().commit(commit)
    }

    /// Reads and writes several keys as if nobody else did: see
    /// [`Storage::transaction`](crate::Storage::transaction).
    ///
    /// # Errors
    ///
    /// What `body` fails with, and [`Failure::Conflict`](crate::Failure::Conflict) after the last attempt.
    pub fn transaction<T>(&self, body: impl FnMut(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        let context = MockHost::of_storage(self.clone()).into_context();
        let mut body = body;
        context.storage().transaction(|transaction| body(transaction))
    }

    /// The next so many commits that expect a version meet a conflict, as if somebody had just written
    /// the first key that they expect something of, and left it as it was.
    pub fn conflict_next(&self, commits: u32) {
        self.state().conflicts = commits;
    }

    /// The next call fails with this, such as [`StorageError::Unavailable`]. Several wait in a line.
    pub fn fail_next(&self, error: StorageError) {
        self.state().failures.push_back(error);
    }

    pub(super) fn commit_changes(&self, expected: &[(String, u64)], changes: &[Change]) -> Result<(), StorageError> {
        self.apply(expected, changes).map(drop)
    }

    fn apply(&self, expected: &[(String, u64)], changes: &[Change]) -> Result<Vec<Applied>, StorageError> {
        let mut state = self.asked()?;
        let changes: Vec<_> = changes.iter().cloned().map(policy_change).collect();
        LIMITS.check_commit(expected, &changes).map_err(storage_error)?;
        if let Some((key, version)) = expected.first().filter(|_| state.conflicts > 0) {
            state.conflicts -= 1;
            let found = state.space(&self.user).touch(key);
            return Err(storage_error(version_conflict(key, *version, found)));
        }
        state.space(&self.user).commit(LIMITS.quota(), expected, changes).map_err(storage_error)
    }

    /// The state, for whoever was granted it; then what the test wants to go wrong.
    fn asked(&self) -> Result<MutexGuard<'_, State>, StorageError> {
        if !self.granted {
            return Err(StorageError::Denied);
        }
        let mut state = self.state();
        match state.failures.pop_front() {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn space(&mut self, user: &Arc<str>) -> &mut MemorySpace {
        self.spaces.entry(user.clone()).or_default()
    }
}

fn entry(stored: policy::StoredValue) -> Entry {
    Entry { key: stored.key, value: stored.value, version: stored.version }
}

fn policy_change(change: Change) -> policy::Change {
    match change {
        Change::Put(key, value) => policy::Change::Put(key, value),
        Change::Delete(key) => policy::Change::Delete(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    #[test]
    fn a_refused_commit_leaves_everything_as_it_was() {
        let storage = MockStorage::new();
        storage.put_bytes("a", b"1").expect("stored");
        let before = storage.list("", None, 10);
        let mut changes: Vec<_> =
            (0..40).map(|number| Change::Put(format!("k{number}"), vec![0; 256 * 1024])).collect();
        changes.insert(0, Change::Delete("a".to_owned()));
        changes.insert(1, Change::Put("a".to_owned(), b"2".to_vec()));
        assert_eq!(storage.commit_changes(&[], &changes), Err(StorageError::Quota(QUOTA_BYTES)));
        assert_eq!(storage.list("", None, 10), before);
        assert_eq!(storage.put_bytes("b", b"1"), Ok(2), "no version was used up");
    }

    #[test]
    fn a_conflict_on_demand_is_met_by_present_and_absent_keys_and_ends() {
        let storage = MockStorage::new();
        let version = storage.put("k", &1).expect("stored");
        for (key, version) in [("k", version), ("absent", 0)] {
            storage.conflict_next(1);
            let refused = storage.commit_changes(&[(key.to_owned(), version)], &[Change::Delete(key.to_owned())]);
            assert!(matches!(refused, Err(StorageError::Conflict(text)) if text.contains(key)));
        }
        assert_eq!(storage.get("k"), Ok(Some(1)), "the value is as it was");
        assert_eq!(storage.commit_changes(&[("absent".to_owned(), 0)], &[]), Ok(()));
        storage.conflict_next(1);
        assert_eq!(storage.put("k", &2).map(drop), Ok(()), "what expects nothing meets no conflict");
    }

    #[test]
    fn a_transaction_meets_a_write_that_came_between_and_gives_up_in_the_end() {
        let storage = MockStorage::new();
        let mut attempts = 0;
        let sum = storage.transaction(|transaction| {
            let seen = transaction.get::<u32>("k")?.unwrap_or(0);
            if attempts == 0 {
                storage.put("k", &10)?;
            }
            attempts += 1;
            transaction.put("k", &(seen + 1))?;
            Ok(seen + 1)
        });
        assert_eq!((sum, attempts), (Ok(11), 2));
        storage.conflict_next(u32::MAX);
        let given_up = storage.transaction(|transaction| Ok(transaction.get::<u32>("k")?));
        assert!(matches!(given_up, Err(Failure::Conflict(_))));
    }

    #[test]
    fn users_and_what_was_not_granted_are_kept_apart() {
        let storage = MockStorage::new();
        storage.put("k", &1).expect("stored");
        let bob = storage.for_user("bob");
        assert_eq!(bob.get::<u32>("k"), Ok(None));
        assert_eq!(bob.put("k", &2), Ok(1), "each space has a sequence of its own");
        assert_eq!(storage.get("k"), Ok(Some(1)));
        let denied = storage.without_grant();
        storage.fail_next(StorageError::Unavailable("down".to_owned()));
        assert_eq!(denied.get::<u32>("k"), Err(StorageError::Denied));
        assert_eq!(storage.get::<u32>("k"), Err(StorageError::Unavailable("down".to_owned())));
        assert_eq!(storage.get::<u32>("k"), Ok(Some(1)));
    }
}
