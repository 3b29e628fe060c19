//! The key-value store that is private to the integration and the calling user. Values are JSON
//! unless the `_bytes` functions are used. Nothing else outlives a call.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::HostCalls;
use crate::transaction::{self, Transaction};
use crate::{Context, Result};

/// Why storage refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageError {
    /// The integration did not ask for storage.
    Denied,
    /// The limit that a key or a value went over, in bytes; or the number of changes in a commit.
    TooLarge(u64),
    /// The limit that everything together would go over, in bytes; or the number of keys.
    Quota(u64),
    /// Which key's version is not the expected one, in words.
    Conflict(String),
    /// The store does not answer now.
    Unavailable(String),
    /// A value could not be written as JSON, or what is stored is not JSON of the type asked for.
    Json(String),
}

impl fmt::Display for StorageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => formatter.write_str("the integration has no storage permission: declare `storage: true`"),
            Self::TooLarge(limit) => write!(formatter, "over the limit of {limit}"),
            Self::Quota(limit) => write!(formatter, "over the quota of {limit}"),
            Self::Conflict(reason) => write!(formatter, "changed by another writer: {reason}"),
            Self::Unavailable(reason) => write!(formatter, "storage is unavailable: {reason}"),
            Self::Json(reason) => write!(formatter, "invalid stored value: {reason}"),
        }
    }
}

impl std::error::Error for StorageError {}

/// One stored value with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The stored bytes.
    pub value: Vec<u8>,
    /// Rises with every write, from 1.
    pub version: u64,
}

impl Entry {
    /// The value, read as JSON.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it is not JSON or not of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, StorageError> {
        serde_json::from_slice(&self.value).map_err(|error| StorageError::Json(error.to_string()))
    }
}

/// The store, from [`Context::storage`].
///
/// Every function fails with [`StorageError::Denied`] unless the integration asked for storage, and
/// with [`StorageError::Unavailable`] when the store does not answer.
///
/// ```
/// use workway_sdk::testing::MockContext;
/// use workway_sdk::{Context, Result};
///
/// fn count_calls(ctx: &Context) -> Result<u32> {
///     ctx.storage().transaction(|storage| {
///         let calls = storage.get::<u32>("calls")?.unwrap_or(0) + 1;
///         storage.put("calls", &calls)?;
///         Ok(calls)
///     })
/// }
///
/// let ctx = MockContext::builder().grant_storage().build();
/// assert_eq!(count_calls(&ctx), Ok(1));
/// assert_eq!(count_calls(&ctx), Ok(2));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Storage<'context>(&'context Context);

impl<'context> Storage<'context> {
    pub(crate) fn new(context: &'context Context) -> Self {
        Self(context)
    }

    /// The value under a key, read as JSON; nothing when there is none.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when what is stored is not JSON of this shape.
    pub fn get<T: DeserializeOwned>(self, key: &str) -> Result<Option<T>, StorageError> {
        self.entry(key)?.map(|entry| entry.json()).transpose()
    }

    /// The value under a key as bytes, with its version for [`commit`](Storage::commit).
    ///
    /// # Errors
    ///
    /// See [`Storage`].
    pub fn entry(self, key: &str) -> Result<Option<Entry>, StorageError> {
        self.0.host().get(key)
    }

    /// Stores a value as JSON and answers its new version.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it cannot be written as JSON, [`StorageError::TooLarge`] and
    /// [`StorageError::Quota`] when it is too much.
    pub fn put<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Result<u64, StorageError> {
        self.put_bytes(key, &to_json(value)?)
    }

    /// Stores bytes and answers their new version.
    ///
    /// # Errors
    ///
    /// [`StorageError::TooLarge`] and [`StorageError::Quota`] when it is too much.
    pub fn put_bytes(self, key: &str, value: &[u8]) -> Result<u64, StorageError> {
        self.0.host().put(key, value)
    }

    /// Deletes a key; whether there was one.
    ///
    /// # Errors
    ///
    /// See [`Storage`].
    pub fn delete(self, key: &str) -> Result<bool, StorageError> {
        self.0.host().delete(key)
    }

    /// Up to `limit` entries whose key begins with `prefix`, in the order of their keys, after
    /// `start_after` where it is given: the last key of the page before.
    ///
    /// # Errors
    ///
    /// See [`Storage`].
    pub fn list(self, prefix: &str, start_after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StorageError> {
        self.0.host().list(prefix, start_after, limit)
    }

    /// Makes all changes or none, and none unless every key has the expected version.
    ///
    /// # Errors
    ///
    /// [`StorageError::Conflict`] when a key was changed meanwhile: read again and try again.
    pub fn commit(self, commit: &Commit) -> Result<(), StorageError> {
        self.0.host().commit(&commit.expected, &commit.changes)
    }

    /// Reads and writes several keys as if nobody else did at the same time. `body` sees what was
    /// stored, and its own writes on top; when it has ended well, they are stored together, unless
    /// somebody has changed what it read: then it runs again, 10 times at most. It may run more than once, so what else it does must bear repeating.
    ///
    /// # Errors
    ///
    /// What `body` fails with, and then nothing is stored; [`Failure::Conflict`](crate::Failure::Conflict) after the last
    /// attempt; and what [`commit`](Self::commit) fails with.
    pub fn transaction<T>(self, body: impl FnMut(&mut Transaction<'context>) -> Result<T>) -> Result<T> {
        transaction::run(self, body)
    }
}

/// One change, as the contract carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Put(String, Vec<u8>),
    Delete(String),
}

/// Changes to make together, for [`Storage::commit`].
///
/// ```
/// use workway_sdk::{Commit, Context, Result};
///
/// fn take_first(ctx: &Context) -> Result<()> {
///     let Some(first) = ctx.storage().list("queue/", None, 1)?.pop() else {
///         return Ok(());
///     };
///     let commit = Commit::new()
///         .expect(&first.key, first.version)
///         .delete(&first.key)
///         .put_bytes("taken", first.value);
///     ctx.storage().commit(&commit)?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Commit {
    expected: Vec<(String, u64)>,
    changes: Vec<Change>,
}

impl Commit {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(expected: Vec<(String, u64)>, changes: Vec<Change>) -> Self {
        Self { expected, changes }
    }

    /// Only if the key still has this version.
    #[must_use]
    pub fn expect(mut self, key: &str, version: u64) -> Self {
        self.expected.push((key.to_owned(), version));
        self
    }

    /// Only if there is still nothing under the key.
    #[must_use]
    pub fn expect_absent(self, key: &str) -> Self {
        self.expect(key, 0)
    }

    /// Stores a value as JSON.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it cannot be written as JSON.
    pub fn put<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Result<Self, StorageError> {
        Ok(self.put_bytes(key, to_json(value)?))
    }

    /// Stores bytes.
    #[must_use]
    pub fn put_bytes(mut self, key: &str, value: impl Into<Vec<u8>>) -> Self {
        self.changes.push(Change::Put(key.to_owned(), value.into()));
        self
    }

    /// Deletes a key.
    #[must_use]
    pub fn delete(mut self, key: &str) -> Self {
        self.changes.push(Change::Delete(key.to_owned()));
        self
    }
}

pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(value).map_err(|error| StorageError::Json(error.to_string()))
}
