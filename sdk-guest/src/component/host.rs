//! The host's functions, called through the bindings. Translates and decides nothing.

use std::time::SystemTime;

use super::bindings::integration::workway::integration::{fetch, log, oauth, storage};
use crate::fetch::RequestParts;
use crate::host::{ConnectionCalls, HostCalls};
use crate::log::Level;
use crate::storage::Change;
use crate::{Entry, FetchError, OAuthError, Response, StorageError};

/// The host that runs this component.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ComponentHost;

/// An open connection, as the host knows it.
#[derive(Debug)]
pub(crate) struct Handle {
    provider: String,
    connection: oauth::Connection,
}

impl HostCalls for ComponentHost {
    type Handle = Handle;

    fn connect(&self, provider: &str) -> Result<Handle, OAuthError> {
        match oauth::connect(provider) {
            Ok(connection) => Ok(Handle { provider: provider.to_owned(), connection }),
            Err(error) => Err(refusal(provider, error)),
        }
    }

    fn send(&self, request: RequestParts, auth: Option<&Handle>) -> Result<Response, FetchError> {
        fetch::send(&request.into(), auth.map(|handle| &handle.connection))
            .map(Response::from)
            .map_err(FetchError::from)
    }

    fn send_all(&self, requests: Vec<RequestParts>, auth: Option<&Handle>) -> Vec<Result<Response, FetchError>> {
        let requests: Vec<fetch::Request> = requests.into_iter().map(Into::into).collect();
        let answers = fetch::send_all(&requests, auth.map(|handle| &handle.connection));
        answers.into_iter().map(|answer| answer.map(Response::from).map_err(FetchError::from)).collect()
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, StorageError> {
        Ok(storage::get(key)?.map(Entry::from))
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<u64, StorageError> {
        Ok(storage::put(key, value)?)
    }

    fn delete(&self, key: &str) -> Result<bool, StorageError> {
        Ok(storage::delete(key)?)
    }

    fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StorageError> {
        Ok(storage::list(prefix, start_after, limit)?.into_iter().map(Entry::from).collect())
    }

    fn commit(&self, expected: &[(String, u64)], changes: &[Change]) -> Result<(), StorageError> {
        let changes: Vec<storage::Change> = changes.iter().cloned().map(Into::into).collect();
        Ok(storage::commit(expected, &changes)?)
    }

    fn write_log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let level = match level {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        log::write(level, message, &fields);
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl ConnectionCalls for Handle {
    fn account(&self) -> String {
        self.connection.account()
    }

    fn scopes(&self) -> Vec<String> {
        self.connection.scopes()
    }

    fn expires_at(&self) -> Option<u64> {
        self.connection.expires_at()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.connection.variable(name)
    }

    fn access_token(&self) -> Result<String, OAuthError> {
        self.connection.access_token().map_err(|error| refusal(&self.provider, error))
    }

    fn refresh(&self) -> Result<(), OAuthError> {
        self.connection.refresh().map_err(|error| refusal(&self.provider, error))
    }
}

fn refusal(provider: &str, error: oauth::OauthError) -> OAuthError {
    let provider = provider.to_owned();
    match error {
        oauth::OauthError::NotConnected => OAuthError::NotConnected { provider },
        oauth::OauthError::NeedsReconnect(reason) => OAuthError::NeedsReconnect { provider, reason },
        oauth::OauthError::MissingScopes(scopes) => OAuthError::MissingScopes { provider, scopes },
        oauth::OauthError::Denied(reason) => OAuthError::Denied { provider, reason },
        oauth::OauthError::Transient(reason) => OAuthError::Transient { provider, reason },
    }
}

impl From<RequestParts> for fetch::Request {
    fn from(parts: RequestParts) -> Self {
        let RequestParts { method, url, headers, body, timeout_ms } = parts;
        Self { method, url, headers, body, timeout_ms }
    }
}

impl From<fetch::Response> for Response {
    fn from(response: fetch::Response) -> Self {
        Self::from_parts(response.status, response.headers, response.body, response.url)
    }
}

impl From<fetch::FetchError> for FetchError {
    fn from(error: fetch::FetchError) -> Self {
        match error {
            fetch::FetchError::InvalidRequest(reason) => Self::InvalidRequest(reason),
            fetch::FetchError::Denied(reason) => Self::Denied(reason),
            fetch::FetchError::Dns(reason) => Self::Dns(reason),
            fetch::FetchError::Connect(reason) => Self::Connect(reason),
            fetch::FetchError::Tls(reason) => Self::Tls(reason),
            fetch::FetchError::Timeout => Self::Timeout,
            fetch::FetchError::TooLarge(limit) => Self::TooLarge(limit),
            fetch::FetchError::Io(reason) => Self::Io(reason),
            fetch::FetchError::Auth(reason) => Self::Auth(reason),
        }
    }
}

impl From<storage::Entry> for Entry {
    fn from(entry: storage::Entry) -> Self {
        Self { key: entry.key, value: entry.value, version: entry.version }
    }
}

impl From<Change> for storage::Change {
    fn from(change: Change) -> Self {
        match change {
            Change::Put(key, value) => Self::Put((key, value)),
            Change::Delete(key) => Self::Delete(key),
        }
    }
}

impl From<storage::StorageError> for StorageError {
    fn from(error: storage::StorageError) -> Self {
        match error {
            storage::StorageError::Denied => Self::Denied,
            storage::StorageError::TooLarge(limit) => Self::TooLarge(limit),
            storage::StorageError::Quota(limit) => Self::Quota(limit),
            storage::StorageError::Conflict(text) => Self::Conflict(text),
            storage::StorageError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}
