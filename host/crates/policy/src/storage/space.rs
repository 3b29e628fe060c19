//! A space in memory: versions, the order of a commit, and listings. [`StorageLimits`](super::StorageLimits) has checked
//! every size before; the quota is checked here, because it depends on what is stored.

use std::{collections::BTreeMap, ops::Bound};

use super::{Applied, Change, Quota, StorageError, StoragePage, StoredValue, Usage, bytes_of, version_conflict};

/// What one integration keeps for one user.
///
/// ```
/// use workway_policy::storage::{Change, MemorySpace, StorageLimits};
///
/// let quota = StorageLimits::DEFAULT.quota();
/// let mut space = MemorySpace::default();
/// space.commit(quota, &[("k".into(), 0)], vec![Change::Put("k".into(), b"v".to_vec())]).unwrap();
/// assert_eq!(space.get("k").unwrap().version, 1);
/// ```
#[derive(Debug, Default)]
pub struct MemorySpace {
    sequence: u64,
    usage: Usage,
    // A String orders by its bytes, which is the order of the contract.
    values: BTreeMap<String, Versioned>,
}

#[derive(Debug)]
struct Versioned {
    value: Vec<u8>,
    version: u64,
}

impl MemorySpace {
    /// Returns a key's value.
    pub fn get(&self, key: &str) -> Option<StoredValue> {
        self.values.get_key_value(key).map(stored_value)
    }

    /// Returns values in the byte order of their keys.
    pub fn list(&self, page: StoragePage<'_>) -> Vec<StoredValue> {
        let start = match page.start_after {
            Some(after) if after >= page.prefix => Bound::Excluded(after),
            _ => Bound::Included(page.prefix),
        };
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut bytes = 0;
        self.values
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(page.prefix))
            .take(limit)
            .take_while(|(key, stored)| {
                let is_first = bytes == 0;
                bytes += bytes_of(key) + bytes_of(&stored.value);
                is_first || bytes <= page.max_bytes
            })
            .map(stored_value)
            .collect()
    }

    /// Makes all changes in their order or none, and none unless every expected key has its version, 0 for a key that does
    /// not exist. The quota holds for the end result, so one change may make room for another.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] for the first other version, [`StorageError::Quota`]. The space stays as it was, and no
    /// version is used up.
    pub fn commit(
        &mut self,
        quota: Quota,
        expected: &[(String, u64)],
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError> {
        for (key, version) in expected {
            let found = self.values.get(key).map_or(0, |stored| stored.version);
            if found != *version {
                return Err(version_conflict(key, *version, found));
            }
        }
        let before = (self.sequence, self.usage);
        let mut undo = Vec::with_capacity(changes.len());
        let mut applied = Vec::with_capacity(changes.len());
        for change in changes {
            let key = change.key().to_owned();
            let previous = self.remove(&key);
            applied.push(match change {
                Change::Put(_, value) => Applied::Put(self.insert(key.clone(), value)),
                Change::Delete(_) => Applied::Deleted(previous.is_some()),
            });
            undo.push((key, previous));
        }
        let Err(error) = quota.check(before.1, self.usage) else { return Ok(applied) };
        for (key, previous) in undo.into_iter().rev() {
            self.values.remove(&key);
            self.values.extend(previous.map(|stored| (key, stored)));
        }
        (self.sequence, self.usage) = before;
        Err(error)
    }

    /// Gives a key a new version, as another writer would who leaves its value as it was, and returns that version.
    pub fn touch(&mut self, key: &str) -> u64 {
        self.sequence += 1;
        if let Some(stored) = self.values.get_mut(key) {
            stored.version = self.sequence;
        }
        self.sequence
    }

    fn insert(&mut self, key: String, value: Vec<u8>) -> u64 {
        self.sequence += 1;
        self.usage.bytes += bytes_of(&key) + bytes_of(&value);
        self.usage.keys += 1;
        self.values.insert(key, Versioned { value, version: self.sequence });
        self.sequence
    }

    fn remove(&mut self, key: &str) -> Option<Versioned> {
        let stored = self.values.remove(key)?;
        self.usage.bytes -= bytes_of(key) + bytes_of(&stored.value);
        self.usage.keys -= 1;
        Some(stored)
    }
}

fn stored_value((key, stored): (&String, &Versioned)) -> StoredValue {
    StoredValue { key: key.clone(), value: stored.value.clone(), version: stored.version }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { bytes: 10, keys: 3 };

    fn put(key: &str, bytes: usize) -> Change {
        Change::Put(key.into(), vec![0; bytes])
    }

    fn all(space: &MemorySpace) -> Vec<(String, u64)> {
        let page = StoragePage { prefix: "", start_after: None, limit: 100, max_bytes: u64::MAX };
        space.list(page).into_iter().map(|stored| (stored.key, stored.version)).collect()
    }

    #[test]
    fn a_refused_commit_leaves_values_usage_and_sequence_as_they_were() {
        let mut space = MemorySpace::default();
        space.commit(QUOTA, &[], vec![put("a", 1), put("b", 1)]).expect("fits");
        let before = (all(&space), space.usage, space.sequence);
        let delete = |key: &str| Change::Delete(key.into());
        for changes in [
            vec![put("a", 9)],
            vec![delete("a"), put("a", 2), put("a", 3), put("c", 5)],
            vec![delete("b"), delete("b"), put("c", 0), put("d", 0), put("e", 0)],
        ] {
            assert!(matches!(space.commit(QUOTA, &[], changes.clone()), Err(StorageError::Quota(_))), "{changes:?}");
            assert_eq!((all(&space), space.usage, space.sequence), before, "{changes:?}");
        }
        assert_eq!(space.commit(QUOTA, &[], vec![put("c", 1)]), Ok(vec![Applied::Put(3)]), "no version was used up");
    }

    #[test]
    fn a_touched_key_conflicts_with_its_old_version() {
        let mut space = MemorySpace::default();
        space.commit(QUOTA, &[], vec![put("a", 1)]).expect("fits");
        assert_eq!(space.touch("a"), 2);
        assert_eq!(space.commit(QUOTA, &[("a".into(), 1)], vec![]), Err(version_conflict("a", 1, 2)));
        assert_eq!(space.touch("absent"), 3);
        assert_eq!(space.get("absent"), None);
    }
}
