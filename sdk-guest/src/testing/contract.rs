//! The contract's errors: from the rules' types to those that an integration sees, and back.

use workway_policy::{fetch, oauth, storage};

use crate::{FetchError, OAuthError, StorageError};

pub(super) fn fetch_error(error: fetch::FetchError) -> FetchError {
    match error {
        fetch::FetchError::InvalidRequest(reason) => FetchError::InvalidRequest(reason),
        fetch::FetchError::Denied(reason) => FetchError::Denied(reason),
        fetch::FetchError::Dns(reason) => FetchError::Dns(reason),
        fetch::FetchError::Connect(reason) => FetchError::Connect(reason),
        fetch::FetchError::Tls(reason) => FetchError::Tls(reason),
        fetch::FetchError::Timeout => FetchError::Timeout,
        fetch::FetchError::TooLarge(limit) => FetchError::TooLarge(limit),
        fetch::FetchError::Io(reason) => FetchError::Io(reason),
        fetch::FetchError::Auth(reason) => FetchError::Auth(reason),
    }
}

/// The SDK's error names the provider, which the contract's does not.
pub(super) fn oauth_error(provider: &str, error: oauth::OAuthError) -> OAuthError {
    let provider = provider.to_owned();
    match error {
        oauth::OAuthError::NotConnected => OAuthError::NotConnected { provider },
        oauth::OAuthError::NeedsReconnect(reason) => OAuthError::NeedsReconnect { provider, reason },
        oauth::OAuthError::MissingScopes(scopes) => OAuthError::MissingScopes { provider, scopes },
        oauth::OAuthError::Denied(reason) => OAuthError::Denied { provider, reason },
        oauth::OAuthError::Transient(reason) => OAuthError::Transient { provider, reason },
    }
}

/// Returns the error of a request whose connection cannot be used.
pub(super) fn unusable_connection(error: OAuthError) -> FetchError {
    let error = match error {
        OAuthError::NotConnected { .. } => oauth::OAuthError::NotConnected,
        OAuthError::NeedsReconnect { reason, .. } => oauth::OAuthError::NeedsReconnect(reason),
        OAuthError::MissingScopes { scopes, .. } => oauth::OAuthError::MissingScopes(scopes),
        OAuthError::Denied { reason, .. } => oauth::OAuthError::Denied(reason),
        OAuthError::Transient { reason, .. } => oauth::OAuthError::Transient(reason),
    };
    fetch_error(error.into())
}

pub(super) fn storage_error(error: storage::StorageError) -> StorageError {
    match error {
        storage::StorageError::Denied => StorageError::Denied,
        storage::StorageError::TooLarge(limit) => StorageError::TooLarge(limit),
        storage::StorageError::Quota(limit) => StorageError::Quota(limit),
        storage::StorageError::Conflict(reason) => StorageError::Conflict(reason),
        storage::StorageError::Unavailable(reason) => StorageError::Unavailable(reason),
    }
}
