//! Optimistic transactions: what was read is remembered with its version, what is written is kept
//! back, and one commit decides.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::{Change, Commit, to_json};
use crate::{Entry, Failure, Result, Storage, StorageError};

/// How often a transaction is tried before its conflict is the caller's.
pub(crate) const MAX_ATTEMPTS: u32 = 10;

/// The store within one attempt at a [`Storage::transaction`].
#[derive(Debug)]
pub struct Transaction<'context> {
    storage: Storage<'context>,
    /// What was read, as it was then.
    seen: BTreeMap<String, Option<Entry>>,
    /// What is to be written; nothing where a key is to be deleted.
    writes: BTreeMap<String, Option<Vec<u8>>>,
}

impl Transaction<'_> {
    /// The value under a key, read as JSON: what this transaction wrote, or what is stored.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it is not JSON of this shape, and what
    /// [`Storage::entry`] fails with.
    pub fn get<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, StorageError> {
        let json = |error: serde_json::Error| StorageError::Json(error.to_string());
        self.bytes(key)?.map(|bytes| serde_json::from_slice(bytes).map_err(json)).transpose()
    }

    /// The bytes under a key.
    ///
    /// # Errors
    ///
    /// What [`Storage::entry`] fails with.
    pub fn get_bytes(&mut self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.bytes(key)?.map(<[u8]>::to_vec))
    }

    fn bytes(&mut self, key: &str) -> Result<Option<&[u8]>, StorageError> {
        if let Some(written) = self.writes.get(key) {
            return Ok(written.as_deref());
        }
        if !self.seen.contains_key(key) {
            let entry = self.storage.entry(key)?;
            self.seen.insert(key.to_owned(), entry);
        }
        Ok(self.seen.get(key).and_then(Option::as_ref).map(|entry| entry.value.as_slice()))
    }

    /// Stores a value as JSON when the transaction ends.
    ///
    /// # Errors
    ///
    /// [`StorageError::Json`] when it cannot be written as JSON.
    pub fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), StorageError> {
        self.put_bytes(key, to_json(value)?);
        Ok(())
    }

    /// Stores bytes when the transaction ends.
    pub fn put_bytes(&mut self, key: &str, value: impl Into<Vec<u8>>) {
        self.writes.insert(key.to_owned(), Some(value.into()));
    }

    /// Deletes a key when the transaction ends.
    pub fn delete(&mut self, key: &str) {
        self.writes.insert(key.to_owned(), None);
    }

    /// Everything at once, and only if what was read is still so.
    fn commit(self) -> Result<(), StorageError> {
        if self.seen.is_empty() && self.writes.is_empty() {
            return Ok(());
        }
        let version = |entry: Option<Entry>| entry.map_or(0, |entry| entry.version);
        let expected = self.seen.into_iter().map(|(key, entry)| (key, version(entry))).collect();
        let changes = self.writes.into_iter().map(|(key, value)| match value {
            Some(value) => Change::Put(key, value),
            None => Change::Delete(key),
        });
        self.storage.commit(&Commit::of(expected, changes.collect()))
    }
}

pub(crate) fn run<'context, T>(
    storage: Storage<'context>,
    mut body: impl FnMut(&mut Transaction<'context>) -> Result<T>,
) -> Result<T> {
    let mut conflict = String::new();
    for _ in 0..MAX_ATTEMPTS {
        let mut transaction = Transaction { storage, seen: BTreeMap::new(), writes: BTreeMap::new() };
        let value = body(&mut transaction)?;
        // The host says of an empty key that it conflicts: no other attempt would go better.
        let can_pass = !transaction.writes.contains_key("");
        match transaction.commit() {
            Ok(()) => return Ok(value),
            Err(StorageError::Conflict(text)) if can_pass => conflict = text,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::Conflict(format!("gave up after {MAX_ATTEMPTS} conflicts with other writers: {conflict}")))
}
