//! How much an integration may keep for one user, and move in one call.

use super::{Change, StorageError, StoragePage};

/// The limits of one space. A key and a value count with their own bytes, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageLimits {
    /// The longest key, and the longest prefix or start of a listing.
    pub max_key_bytes: u64,
    /// The longest value.
    pub max_value_bytes: u64,
    /// All keys and values of a space together.
    pub quota_bytes: u64,
    /// The number of keys in a space.
    pub max_keys: u64,
    /// Values that one `list` returns; a guest that asks for more gets this many.
    pub max_list: u32,
    /// Keys and values that one `list` returns, in bytes. The first value is returned whatever its size, so that a listing
    /// always makes progress.
    pub max_list_bytes: u64,
    /// Changes in one `commit`, and expectations in one `commit`.
    pub max_changes: u64,
}

impl Default for StorageLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl StorageLimits {
    /// What every host and the SDK's mocks enforce.
    pub const DEFAULT: Self = Self {
        max_key_bytes: 512,
        max_value_bytes: 256 * 1024,
        quota_bytes: 10 * 1024 * 1024,
        max_keys: 10_000,
        max_list: 1_000,
        max_list_bytes: 4 * 1024 * 1024,
        max_changes: 100,
    };

    /// Returns the part that only a backend can check, because it depends on what the space holds.
    pub fn quota(&self) -> Quota {
        Quota { bytes: self.quota_bytes, keys: self.max_keys }
    }

    /// Checks one key.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] with the limit; [`StorageError::Conflict`] for an empty key.
    pub fn check_key(&self, key: &str) -> Result<(), StorageError> {
        if key.is_empty() {
            // The contract has no case for a malformed key. `conflict` is the nearest: `unavailable` would invite another
            // attempt, `too-large` and `quota` would send the developer after a number.
            return Err(StorageError::Conflict("a key must not be empty".into()));
        }
        within(bytes_of(key), self.max_key_bytes)
    }

    /// Checks a listing and cuts its limit to the largest.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] for a prefix or a start that is longer than any key.
    pub fn page<'a>(
        &self,
        prefix: &'a str,
        start_after: Option<&'a str>,
        limit: u32,
    ) -> Result<StoragePage<'a>, StorageError> {
        for text in [Some(prefix), start_after].into_iter().flatten() {
            within(bytes_of(text), self.max_key_bytes)?;
        }
        Ok(StoragePage { prefix, start_after, limit: limit.min(self.max_list), max_bytes: self.max_list_bytes })
    }

    /// Checks a commit: first its counts, then the expected keys, then the changes in their order.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] with the limit; [`StorageError::Conflict`] for an empty key.
    pub fn check_commit(&self, expected: &[(String, u64)], changes: &[Change]) -> Result<(), StorageError> {
        for count in [expected.len(), changes.len()] {
            within(u64::try_from(count).unwrap_or(u64::MAX), self.max_changes)?;
        }
        for (key, _) in expected {
            self.check_key(key)?;
        }
        for change in changes {
            self.check_key(change.key())?;
            if let Change::Put(_, value) = change {
                within(bytes_of(value), self.max_value_bytes)?;
            }
        }
        Ok(())
    }
}

/// The most that a space may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of keys and values together.
    pub bytes: u64,
    /// The number of keys.
    pub keys: u64,
}

/// What a space holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of keys and values together.
    pub bytes: u64,
    /// The number of keys.
    pub keys: u64,
}

impl Quota {
    /// Checks a change of a space from `before` to `after`. A space may be over its quota already, because the operator
    /// lowered it: then it may shrink or stay, so that its guest can clean up step by step.
    ///
    /// # Errors
    /// [`StorageError::Quota`] with the limit that the space would go over.
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

fn within(size: u64, limit: u64) -> Result<(), StorageError> {
    if size > limit { Err(StorageError::TooLarge(limit)) } else { Ok(()) }
}

/// Returns a length as the contract counts it.
pub fn bytes_of(slice: impl AsRef<[u8]>) -> u64 {
    u64::try_from(slice.as_ref().len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Change, Quota, StorageError, StorageLimits, Usage};

    const LIMITS: StorageLimits =
        StorageLimits { max_key_bytes: 4, max_value_bytes: 8, max_list: 2, max_changes: 3, ..StorageLimits::DEFAULT };

    #[test]
    fn keys_are_bounded_in_bytes_and_never_empty() {
        let empty = Err(StorageError::Conflict("a key must not be empty".into()));
        for (key, answer) in [
            ("a", Ok(())),
            ("\0", Ok(())),
            ("\u{e4}\u{f6}", Ok(())),
            ("12345", Err(StorageError::TooLarge(4))),
            ("\u{e4}\u{f6}a", Err(StorageError::TooLarge(4))),
            ("", empty),
        ] {
            assert_eq!(LIMITS.check_key(key), answer, "{key:?}");
        }
    }

    #[test]
    fn a_listing_is_cut_to_the_limit_and_its_texts_are_bounded() {
        for (limit, cut) in [(0, 0), (2, 2), (3, 2), (u32::MAX, 2)] {
            assert_eq!(LIMITS.page("", None, limit).map(|page| page.limit), Ok(cut));
        }
        assert_eq!(LIMITS.page("12345", None, 1), Err(StorageError::TooLarge(4)));
        assert_eq!(LIMITS.page("", Some("12345"), 1), Err(StorageError::TooLarge(4)));
        assert!(LIMITS.page("1234", Some(""), 1).is_ok(), "an empty start is one");
    }

    #[test]
    fn a_commit_is_checked_in_a_fixed_order() {
        let delete = |key: &str| Change::Delete(key.into());
        let put = |key: &str, bytes| Change::Put(key.into(), vec![0; bytes]);
        let expect = |key: &str| (key.to_owned(), 0);
        let too_large = |limit| Err(StorageError::TooLarge(limit));
        let empty = || Err(StorageError::Conflict("a key must not be empty".into()));
        for (expected, changes, answer) in [
            (vec![], vec![], Ok(())),
            (vec![expect("k"); 3], vec![put("1234", 8); 3], Ok(())),
            (vec![expect(""); 4], vec![], too_large(3)),
            (vec![expect("")], vec![delete(""); 4], too_large(3)),
            (vec![expect("")], vec![put("k", 9)], empty()),
            (vec![expect("12345")], vec![delete("")], too_large(4)),
            (vec![], vec![put("k", 9), delete("")], too_large(8)),
            (vec![], vec![delete(""), put("k", 9)], empty()),
            (vec![], vec![put("12345", 9)], too_large(4)),
        ] {
            assert_eq!(LIMITS.check_commit(&expected, &changes), answer, "{expected:?} {changes:?}");
        }
    }

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
