//! The rules of storage: what a space may hold, what a commit does, and the errors that a guest sees.
//!
//! A space is what one integration keeps for one user. [`StorageLimits`] checks every size before a backend is asked;
//! [`MemorySpace`] is a space in memory, and the reference for backends that keep theirs in a database.

mod error;
mod limits;
mod space;

pub use error::{StorageError, version_conflict};
pub use limits::{Quota, StorageLimits, Usage, bytes_of};
pub use space::MemorySpace;

/// A key's value and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    /// The key.
    pub key: String,
    /// The bytes under it.
    pub value: Vec<u8>,
    /// From a sequence of the space's own, starting at 1: it rises with every write to any key and never repeats, not even
    /// for a key that was deleted and written again.
    pub version: u64,
}

/// One write of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Sets a key to a value.
    Put(String, Vec<u8>),
    /// Removes a key, if it exists.
    Delete(String),
}

impl Change {
    /// Returns the key that changes.
    pub fn key(&self) -> &str {
        match self {
            Self::Put(key, _) | Self::Delete(key) => key,
        }
    }
}

/// The result of one [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The key's new version.
    Put(u64),
    /// Whether the key existed.
    Deleted(bool),
}

/// A part of a listing, within the limits. [`StorageLimits::page`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoragePage<'a> {
    /// Only keys that begin with this.
    pub prefix: &'a str,
    /// Only keys after this one, in byte order.
    pub start_after: Option<&'a str>,
    /// The most values to return.
    pub limit: u32,
    /// The most bytes of keys and values together. The first value is returned even if it is larger.
    pub max_bytes: u64,
}
