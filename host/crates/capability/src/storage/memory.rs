//! Storage in memory, for tests and for a host that keeps nothing. It never touches a file.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{
    Applied, Change, Entry, Page, Quota, Space, StorageBackend, StorageError, Usage, backend::version_conflict,
    limits::bytes_of,
};

/// Entries of all spaces, gone with the value.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    spaces: Mutex<HashMap<Space, Contents>>,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    sequence: u64,
    usage: Usage,
    // A String orders by its bytes, which is the order of the contract.
    entries: BTreeMap<String, (Vec<u8>, u64)>,
}

#[async_trait]
impl StorageBackend for MemoryStorage {
    async fn get(&self, space: &Space, key: &str) -> Result<Option<Entry>, StorageError> {
        Ok(self.read(space, |contents| contents.entries.get_key_value(key).map(entry)).flatten())
    }

    async fn list(&self, space: &Space, page: Page<'_>) -> Result<Vec<Entry>, StorageError> {
        Ok(self.read(space, |contents| contents.list(page)).unwrap_or_default())
    }

    async fn commit(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError> {
        let mut spaces = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        // The changes are made to a copy: an error leaves the space as it was.
        let mut contents = spaces.get(space).cloned().unwrap_or_default();
        let before = contents.usage;
        for (key, version) in expected {
            let found = contents.entries.get(&key).map_or(0, |(_, version)| *version);
            if found != version {
                return Err(version_conflict(&key, version, found));
            }
        }
        let applied = changes.into_iter().map(|change| contents.apply(change)).collect();
        quota.check(before, contents.usage)?;
        spaces.insert(space.clone(), contents);
        Ok(applied)
    }
}

impl MemoryStorage {
    fn read<T>(&self, space: &Space, read: impl FnOnce(&Contents) -> T) -> Option<T> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner).get(space).map(read)
    }
}

impl Contents {
    fn apply(&mut self, change: Change) -> Applied {
        match change {
            Change::Put(key, value) => {
                self.remove(&key);
                self.sequence += 1;
                self.usage.bytes += bytes_of(&key) + bytes_of(&value);
                self.usage.keys += 1;
                self.entries.insert(key, (value, self.sequence));
                Applied::Put(self.sequence)
            }
            Change::Delete(key) => Applied::Deleted(self.remove(&key)),
        }
    }

    fn remove(&mut self, key: &str) -> bool {
        let Some((value, _)) = self.entries.remove(key) else {
            return false;
        };
        self.usage.bytes -= bytes_of(key) + bytes_of(value);
        self.usage.keys -= 1;
        true
    }

    fn list(&self, page: Page<'_>) -> Vec<Entry> {
        let start = match page.start_after {
            Some(after) if after >= page.prefix => Bound::Excluded(after),
            _ => Bound::Included(page.prefix),
        };
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut bytes = 0;
        self.entries
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(page.prefix))
            .take(limit)
            .take_while(|(key, (value, _))| {
                let first = bytes == 0;
                bytes += bytes_of(key) + bytes_of(value);
                first || bytes <= page.max_bytes
            })
            .map(entry)
            .collect()
    }
}

fn entry((key, (value, version)): (&String, &(Vec<u8>, u64))) -> Entry {
    Entry { key: key.clone(), value: value.clone(), version: *version }
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
