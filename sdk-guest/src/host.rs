//! What a [`Context`](crate::Context) asks of the host, in plain Rust: one trait, with the component's implementation
//! on WebAssembly and the mocks of [`testing`](crate::testing) natively. It decides nothing.

use std::time::SystemTime;

use crate::fetch::RequestParts;
use crate::log::Level;
use crate::storage::Change;
use crate::{Entry, FetchError, OAuthError, Response, StorageError};

#[cfg(target_family = "wasm")]
pub(crate) use crate::component::host::{ComponentHost as Host, Handle};
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::host::{MockHandle as Handle, MockHost as Host};

/// The contract's imports.
pub(crate) trait HostCalls {
    /// What stands for an open connection.
    type Handle: ConnectionCalls;

    /// The interface `oauth`.
    fn connect(&self, provider: &str) -> Result<Self::Handle, OAuthError>;

    /// The interface `fetch`.
    fn send(&self, request: RequestParts, auth: Option<&Self::Handle>) -> Result<Response, FetchError>;
    fn send_all(&self, requests: Vec<RequestParts>, auth: Option<&Self::Handle>) -> Vec<Result<Response, FetchError>>;

    /// The interface `storage`.
    fn get(&self, key: &str) -> Result<Option<Entry>, StorageError>;
    fn put(&self, key: &str, value: &[u8]) -> Result<u64, StorageError>;
    fn delete(&self, key: &str) -> Result<bool, StorageError>;
    fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StorageError>;
    fn commit(&self, expected: &[(String, u64)], changes: &[Change]) -> Result<(), StorageError>;

    /// The interface `log`.
    fn write_log(&self, level: Level, message: &str, fields: &[(&str, &str)]);

    /// The clock on the wall.
    fn now(&self) -> SystemTime;
}

/// What the resource `connection` answers.
pub(crate) trait ConnectionCalls {
    fn account(&self) -> String;
    fn scopes(&self) -> Vec<String>;
    fn expires_at(&self) -> Option<u64>;
    fn variable(&self, name: &str) -> Option<String>;
    fn access_token(&self) -> Result<String, OAuthError>;
    fn refresh(&self) -> Result<(), OAuthError>;
}
