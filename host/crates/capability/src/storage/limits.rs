//! How much an integration may keep for one user, and move in one call. Numbers and one comparison: nothing here
//! counts or stores.

use super::StorageError;

/// The bounds of one [`Space`](super::Space). A key and a value count with their own bytes, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageLimits {
    /// The longest key, and the longest prefix or start of a listing.
    pub max_key_bytes: u64,
    pub max_value_bytes: u64,
    /// All keys and values of a space together.
    pub quota_bytes: u64,
    /// The number of keys in a space.
    pub max_keys: u64,
    /// Entries that one `list` answers with; a guest that asks for more gets this many.
    pub max_list: u32,
    /// Keys and values that one `list` answers with, in bytes. The first entry is answered whatever its size, so that
    /// a listing always gets on.
    pub max_list_bytes: u64,
    /// Changes in one `commit`, and expectations in one `commit`.
    pub max_changes: u64,
}

impl Default for StorageLimits {
    fn default() -> Self {
        Self {
            max_key_bytes: 512,
            max_value_bytes: 256 * 1024,
            quota_bytes: 10 * 1024 * 1024,
            max_keys: 10_000,
            max_list: 1_000,
            max_list_bytes: 4 * 1024 * 1024,
            max_changes: 100,
        }
    }
}

impl StorageLimits {
    /// The part that only the backend can check, as it alone knows what is there already.
    pub fn quota(&self) -> Quota {
        Quota { bytes: self.quota_bytes, keys: self.max_keys }
    }
}

/// What a space may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub bytes: u64,
    pub keys: u64,
}

/// What a space holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub bytes: u64,
    pub keys: u64,
}

impl Quota {
    /// Whether a space may go from `before` to `after`. One that is over its quota already, because the operator lowered
    /// it, may shrink or stay: otherwise its guest could not clean up step by step.
    ///
    /// # Errors
    /// [`StorageError::Quota`] with the bound that was gone over.
    pub fn check(self, before: Usage, after: Usage) -> Result<(), StorageError> {
        if after.bytes > self.bytes && after.bytes > before.bytes {
            return Err(StorageError::Quota(self.bytes));
        }
        if after.keys > self.keys && after.keys > before.keys {
            return Err(StorageError::Quota(self.keys));
        }
        Ok(())
    }
}

/// A length as the contract counts it.
pub fn bytes_of(slice: impl AsRef<[u8]>) -> u64 {
    u64::try_from(slice.as_ref().len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Quota, StorageError, Usage};

    #[test]
    fn only_growth_over_the_quota_is_refused() {
        let quota = Quota { bytes: 10, keys: 2 };
        let usage = |bytes, keys| Usage { bytes, keys };
        assert_eq!(quota.check(usage(0, 0), usage(10, 2)), Ok(()));
        assert_eq!(quota.check(usage(10, 2), usage(11, 2)), Err(StorageError::Quota(10)));
        assert_eq!(quota.check(usage(2, 2), usage(3, 3)), Err(StorageError::Quota(2)));
        assert_eq!(quota.check(usage(20, 5), usage(19, 4)), Ok(()), "a space over its quota may shrink");
        assert_eq!(quota.check(usage(20, 5), usage(20, 5)), Ok(()), "and stay");
    }
}
