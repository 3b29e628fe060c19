//! What a host call came to, as JSON: `{"ok": …}` or `{"err": {"kind": …, "detail": …}}`. The kinds
//! are spelt as in the contract, so that a test sees every one of them.

use serde_json::{Value, json};
use workway_sdk::{FetchError, OAuthError, RequestError, Response, StorageError};

/// What a fetch came to.
#[must_use]
pub fn fetched(result: Result<Response, RequestError>) -> Value {
    match result {
        Ok(response) | Err(RequestError::Status(response)) => json!({"ok": {
            "status": response.status(),
            "headers": response.headers(),
            "body": String::from_utf8_lossy(response.bytes()),
            "url": response.url(),
        }}),
        Err(RequestError::Fetch(error)) => match error {
            FetchError::InvalidRequest(detail) => err("invalid-request", detail),
            FetchError::Denied(detail) => err("denied", detail),
            FetchError::Dns(detail) => err("dns", detail),
            FetchError::Connect(detail) => err("connect", detail),
            FetchError::Tls(detail) => err("tls", detail),
            FetchError::Timeout => err("timeout", Value::Null),
            FetchError::TooLarge(limit) => err("too-large", limit),
            FetchError::Io(detail) => err("io", detail),
            FetchError::Auth(detail) => err("auth", detail),
        },
    }
}

/// What a connection refused.
#[must_use]
pub fn oauth_error(error: OAuthError) -> Value {
    match error {
        OAuthError::NotConnected { .. } => err("not-connected", Value::Null),
        OAuthError::NeedsReconnect { reason, .. } => err("needs-reconnect", reason),
        OAuthError::MissingScopes { scopes, .. } => err("missing-scopes", scopes),
        OAuthError::Denied { reason, .. } => err("denied", reason),
        OAuthError::Transient { reason, .. } => err("transient", reason),
    }
}

/// What a storage call came to.
#[must_use]
pub fn stored<T: Into<Value>>(result: Result<T, StorageError>) -> Value {
    match result {
        Ok(value) => json!({"ok": value.into()}),
        Err(error) => match error {
            StorageError::Denied => err("denied", Value::Null),
            StorageError::TooLarge(limit) => err("too-large", limit),
            StorageError::Quota(limit) => err("quota", limit),
            StorageError::Conflict(key) => err("conflict", key),
            StorageError::Unavailable(detail) => err("unavailable", detail),
            StorageError::Json(detail) => err("json", detail),
        },
    }
}

fn err(kind: &str, detail: impl Into<Value>) -> Value {
    json!({"err": {"kind": kind, "detail": detail.into()}})
}
