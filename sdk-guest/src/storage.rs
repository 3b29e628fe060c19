//! The key-value store that is private to the integration and the calling user. Values are JSON
//! unless the `_bytes` functions are used. Nothing else outlives a call.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Context;
use crate::bindings::workway::integration::storage as host;

/// Why storage refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageError {
    /// The integration did not ask for storage.
    Denied,
    /// The limit that a key or a value went over, in bytes.
    TooLarge(u64),
    /// The limit that all values together would go over, in bytes.
    Quota(u64),
    /// The key whose version is not the expected one.
    Conflict(String),
    /// The store does not answer now.
    Unavailable(String),
    /// A value could not be written as JSON, or what is stored is not JSON of the type asked for.
    Json(String),
}

impl fmt::Display for StorageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => formatter.write_str("the integration did not ask for storage"),
            Self::TooLarge(limit) => write!(formatter, "over the limit of {limit} bytes"),
            Self::Quota(limit) => write!(formatter, "over the quota of {limit} bytes"),
            Self::Conflict(key) => write!(formatter, "`{key}` was changed meanwhile"),
            Self::Unavailable(reason) => write!(formatter, "storage is unavailable: {reason}"),
            Self::Json(reason) => write!(formatter, "stored value: {reason}"),
        }
    }
}

impl std::error::Error for StorageError {}

impl From<host::StorageError> for StorageError {
    fn from(error: host::StorageError) -> Self {
        match error {
            host::StorageError::Denied => Self::Denied,
            host::StorageError::TooLarge(limit) => Self::TooLarge(limit),
            host::StorageError::Quota(limit) => Self::Quota(limit),
            host::StorageError::Conflict(key) => Self::Conflict(key),
            host::StorageError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

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

impl From<host::Entry> for Entry {
    fn from(entry: host::Entry) -> Self {
        Self { key: entry.key, value: entry.value, version: entry.version }
    }
}

/// The store, from [`Context::storage`].
///
/// Every function fails with [`StorageError::Denied`] unless the integration asked for storage, and
/// with [`StorageError::Unavailable`] when the store does not answer.
///
/// ```no_run
/// use workway_sdk::{Context, Result};
///
/// fn count_calls(context: &Context) -> Result<u32> {
///     let calls = context.storage().get::<u32>("calls")?.unwrap_or(0) + 1;
///     context.storage().put("calls", &calls)?;
///     Ok(calls)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Storage<'context>(PhantomData<&'context Context>);

impl Storage<'_> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
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
        Ok(host::get(key)?.map(Entry::from))
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
        Ok(host::put(key, value)?)
    }

    /// Deletes a key; whether there was one.
    ///
    /// # Errors
    ///
    /// See [`Storage`].
    pub fn delete(self, key: &str) -> Result<bool, StorageError> {
        Ok(host::delete(key)?)
    }

    /// Up to `limit` entries whose key begins with `prefix`, in the order of their keys, after
    /// `start_after` where it is given: the last key of the page before.
    ///
    /// # Errors
    ///
    /// See [`Storage`].
    pub fn list(self, prefix: &str, start_after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StorageError> {
        let entries = host::list(prefix, start_after, limit)?;
        Ok(entries.into_iter().map(Entry::from).collect())
    }

    /// Makes all changes or none, and none unless every key has the expected version.
    ///
    /// # Errors
    ///
    /// [`StorageError::Conflict`] when a key was changed meanwhile: read again and try again.
    pub fn commit(self, commit: &Commit) -> Result<(), StorageError> {
        Ok(host::commit(&commit.expected, &commit.changes)?)
    }
}

/// Changes to make together, for [`Storage::commit`].
///
/// ```no_run
/// use workway_sdk::{Commit, Context, Result};
///
/// fn take_first(context: &Context) -> Result<()> {
///     let Some(first) = context.storage().list("queue/", None, 1)?.pop() else {
///         return Ok(());
///     };
///     let commit = Commit::new()
///         .expect(&first.key, first.version)
///         .delete(&first.key)
///         .put_bytes("taken", first.value);
///     context.storage().commit(&commit)?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Commit {
    expected: Vec<(String, u64)>,
    changes: Vec<host::Change>,
}

impl Commit {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
        self.changes.push(host::Change::Put((key.to_owned(), value.into())));
        self
    }

    /// Deletes a key.
    #[must_use]
    pub fn delete(mut self, key: &str) -> Self {
        self.changes.push(host::Change::Delete(key.to_owned()));
        self
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(value).map_err(|error| StorageError::Json(error.to_string()))
}
