//! Why storage refused, one variant for each case of the contract's `storage-error`.

/// The contract's `storage-error`. Every text is meant for the guest: no path, no SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The integration was not granted storage.
    #[error("storage was not granted to this integration: declare it in its permissions")]
    Denied,
    /// A key, a value, or the number of changes is over this limit, in bytes or changes.
    #[error("larger than the limit of {0}")]
    TooLarge(u64),
    /// The space would go over this limit, in bytes or keys.
    #[error("over the quota of {0}")]
    Quota(u64),
    /// A key has another version than expected, or is empty.
    #[error("{0}")]
    Conflict(String),
    /// The backend does not answer; another attempt may succeed.
    #[error("{0}")]
    Unavailable(String),
}

/// The error of every backend for a key whose version is not the expected one. Version 0 means that the key does not exist.
pub fn version_conflict(key: &str, expected: u64, found: u64) -> StorageError {
    let found = match found {
        0 => "does not exist".to_owned(),
        version => format!("has version {version}"),
    };
    let expected = match expected {
        0 => "no such key".to_owned(),
        version => format!("version {version}"),
    };
    StorageError::Conflict(format!("key {key:?} {found}, but the commit expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::version_conflict;

    #[test]
    fn a_conflict_names_both_versions_on_one_line() {
        for (key, expected, found, text) in [
            ("k\n", 0, 1, r#"key "k\n" has version 1, but the commit expected no such key"#),
            ("k", 7, 1, r#"key "k" has version 1, but the commit expected version 7"#),
            ("gone", 7, 0, r#"key "gone" does not exist, but the commit expected version 7"#),
        ] {
            assert_eq!(version_conflict(key, expected, found).to_string(), text);
        }
    }
}
