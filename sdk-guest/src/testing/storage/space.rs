//! What is kept for one user, and what a change makes of it: versions, quota and the order of a commit. The grant and the
//! sizes are checked before.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{MAX_KEYS, MAX_LIST_BYTES, QUOTA_BYTES};
use crate::storage::Change;
use crate::{Entry, StorageError};

/// What is kept for one user.
#[derive(Debug, Default)]
pub(super) struct Space {
    sequence: u64,
    bytes: u64,
    // A String orders by its bytes, which is the order of the contract.
    entries: BTreeMap<String, Stored>,
}

#[derive(Debug)]
struct Stored {
    value: Vec<u8>,
    version: u64,
}

/// What became of one change.
pub(super) enum Applied {
    Put(u64),
    Deleted(bool),
}

impl Space {
    pub(super) fn get(&self, key: &str) -> Option<Entry> {
        self.entries.get_key_value(key).map(entry)
    }

    pub(super) fn commit(
        &mut self,
        expected: &[(String, u64)],
        changes: &[Change],
    ) -> Result<Vec<Applied>, StorageError> {
        for (key, version) in expected {
            let found = self.entries.get(key).map_or(0, |stored| stored.version);
            if found != *version {
                return Err(version_conflict(key, *version, found));
            }
        }
        let before = (self.sequence, self.bytes, self.entries.len());
        let mut undo = Vec::with_capacity(changes.len());
        let mut applied = Vec::with_capacity(changes.len());
        for change in changes {
            let (Change::Put(key, _) | Change::Delete(key)) = change;
            let previous = self.entries.remove(key);
            let existed = previous.is_some();
            if let Some(stored) = &previous {
                self.bytes -= bytes_of(key) + bytes_of(&stored.value);
            }
            undo.push((key, previous));
            applied.push(match change {
                Change::Put(key, value) => {
                    self.sequence += 1;
                    self.bytes += bytes_of(key) + bytes_of(value);
                    self.entries.insert(key.clone(), Stored { value: value.clone(), version: self.sequence });
                    Applied::Put(self.sequence)
                }
                Change::Delete(_) => Applied::Deleted(existed),
            });
        }
        let refused = self.over_quota(before.1, before.2);
        let Some(error) = refused else { return Ok(applied) };
        for (key, previous) in undo.into_iter().rev() {
            self.entries.remove(key);
            self.entries.extend(previous.map(|stored| (key.clone(), stored)));
        }
        (self.sequence, self.bytes) = (before.0, before.1);
        Err(error)
    }

    /// Held against the end result, so that a change may make room for another.
    fn over_quota(&self, bytes_before: u64, keys_before: usize) -> Option<StorageError> {
        let keys = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        if self.bytes > QUOTA_BYTES && self.bytes > bytes_before {
            return Some(StorageError::Quota(QUOTA_BYTES));
        }
        (keys > MAX_KEYS && self.entries.len() > keys_before).then_some(StorageError::Quota(MAX_KEYS))
    }

    /// Somebody's write that leaves things as they are, absent ones too; its version.
    pub(super) fn touch(&mut self, key: &str) -> u64 {
        self.sequence += 1;
        if let Some(stored) = self.entries.get_mut(key) {
            stored.version = self.sequence;
        }
        self.sequence
    }

    pub(super) fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Vec<Entry> {
        let start = match start_after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut bytes = 0;
        self.entries
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .take_while(|(key, stored)| {
                let first = bytes == 0;
                bytes += bytes_of(key) + bytes_of(&stored.value);
                first || bytes <= MAX_LIST_BYTES
            })
            .map(entry)
            .collect()
    }
}

fn entry((key, stored): (&String, &Stored)) -> Entry {
    Entry { key: key.clone(), value: stored.value.clone(), version: stored.version }
}

pub(super) fn bytes_of(slice: impl AsRef<[u8]>) -> u64 {
    u64::try_from(slice.as_ref().len()).unwrap_or(u64::MAX)
}

/// In the host's words.
pub(super) fn version_conflict(key: &str, expected: u64, found: u64) -> StorageError {
    let state = |version| if version == 0 { "absent".to_owned() } else { format!("version {version}") };
    StorageError::Conflict(format!("{key:?} is {}, not {}", state(found), state(expected)))
}
