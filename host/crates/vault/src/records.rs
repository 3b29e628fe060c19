//! What the vault needs of a database: which key records are sealed under, and the records that a rotation reseals.

use async_trait::async_trait;

use crate::{Binding, KeyId, Sealed};

/// A stored record of any table.
#[derive(Clone)]
pub struct KeyedRecord {
    /// The row's id, unique across all tables.
    pub id: String,
    pub binding: Binding,
    pub record: Vec<u8>,
}

/// Why the database did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    #[error("the keys were rotated and this process does not have the new key: restart it with the new key")]
    StaleKey,
    /// For the caller, without details: the database logs those.
    #[error("{0}")]
    Unavailable(String),
}

/// The sealed records of all tables.
#[async_trait]
pub trait KeyedRecords: Send + Sync {
    /// Returns the key that records are sealed under; none in a new database.
    async fn active_key(&self) -> Result<Option<KeyId>, RecordsError>;

    /// Sets the active key if it still is `before`, and returns whether it was. From then on the database refuses records
    /// under any other key with [`RecordsError::StaleKey`].
    async fn set_active_key(&self, before: Option<KeyId>, key: KeyId) -> Result<bool, RecordsError>;

    /// Returns up to `limit` records of any table that are not sealed under `active`, ordered by id, with ids after `after`.
    async fn outdated(&self, active: KeyId, after: &str, limit: u32) -> Result<Vec<KeyedRecord>, RecordsError>;

    /// Replaces a record by the same secret under another key, and returns whether it did: not if the row has another record
    /// by now.
    async fn reseal(&self, outdated: &KeyedRecord, sealed: &Sealed) -> Result<bool, RecordsError>;

    /// Deletes the records with these ids, except those that were sealed under the active key since. Returns how many.
    async fn drop_records(&self, ids: &[String]) -> Result<u64, RecordsError>;

    /// Erases deleted and overwritten bytes from the database's files and syncs them. Returns whether it could: not while
    /// somebody reads an older state.
    async fn scrub(&self) -> Result<bool, RecordsError>;
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use async_trait::async_trait;

    use super::{KeyedRecord, KeyedRecords, RecordsError};
    use crate::{Binding, KeyId, Sealed};

    /// Records in memory.
    #[derive(Default)]
    pub(crate) struct MemoryRecords(Mutex<State>);

    #[derive(Default)]
    struct State {
        active: Option<KeyId>,
        rows: BTreeMap<String, (Binding, Sealed)>,
    }

    impl MemoryRecords {
        pub(crate) fn put(&self, id: &str, binding: Binding, sealed: Sealed) -> Result<(), RecordsError> {
            let mut state = self.0.lock().unwrap();
            if state.active.is_some_and(|active| active != sealed.key) {
                return Err(RecordsError::StaleKey);
            }
            state.rows.insert(id.to_owned(), (binding, sealed));
            Ok(())
        }

        pub(crate) fn get(&self, id: &str) -> Option<(Binding, Sealed)> {
            self.0.lock().unwrap().rows.get(id).cloned()
        }
    }

    #[async_trait]
    impl KeyedRecords for MemoryRecords {
        async fn active_key(&self) -> Result<Option<KeyId>, RecordsError> {
            Ok(self.0.lock().unwrap().active)
        }

        async fn set_active_key(&self, before: Option<KeyId>, key: KeyId) -> Result<bool, RecordsError> {
            let active = &mut self.0.lock().unwrap().active;
            let is_unchanged = *active == before;
            if is_unchanged {
                *active = Some(key);
            }
            Ok(is_unchanged)
        }

        async fn outdated(&self, active: KeyId, after: &str, limit: u32) -> Result<Vec<KeyedRecord>, RecordsError> {
            let state = self.0.lock().unwrap();
            let outdated = state.rows.iter().filter(|(id, (_, sealed))| id.as_str() > after && sealed.key != active);
            let record = |(id, (binding, sealed)): (&String, &(Binding, Sealed))| KeyedRecord {
                id: id.clone(),
                binding: binding.clone(),
                record: sealed.record.clone(),
            };
            Ok(outdated.map(record).take(usize::try_from(limit).unwrap()).collect())
        }

        async fn reseal(&self, outdated: &KeyedRecord, sealed: &Sealed) -> Result<bool, RecordsError> {
            let is_unchanged = self.get(&outdated.id).is_some_and(|(_, stored)| stored.record == outdated.record);
            if is_unchanged {
                self.put(&outdated.id, outdated.binding.clone(), sealed.clone())?;
            }
            Ok(is_unchanged)
        }

        async fn drop_records(&self, ids: &[String]) -> Result<u64, RecordsError> {
            let rows = &mut self.0.lock().unwrap().rows;
            Ok(ids.iter().map(|id| u64::from(rows.remove(id).is_some())).sum())
        }

        async fn scrub(&self) -> Result<bool, RecordsError> {
            Ok(true)
        }
    }
}
