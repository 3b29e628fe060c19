//! The host's part in a test: every call of a [`Context`] is checked against what was granted and then handed to the
//! mock that plays the part. It keeps nothing itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::clock::MockClock;
use super::fetch::MockFetch;
use super::grants::Grants;
use super::logs::Logs;
use super::oauth::{MockOAuthManager, Opened, not_renewable};
use super::send;
use super::storage::{MOCK_USER, MockStorage};
use crate::context::Call;
use crate::fetch::RequestParts;
use crate::host::{ConnectionCalls, HostCalls};
use crate::log::Level;
use crate::storage::Change;
use crate::{Context, Entry, FetchError, OAuthError, Response, StorageError};

/// What one context reaches.
#[derive(Debug, Clone)]
pub(crate) struct MockHost {
    pub(super) grants: Arc<Grants>,
    pub(super) user: Arc<str>,
    pub(super) oauth: MockOAuthManager,
    /// As the user sees it, and denied where it was not granted.
    pub(super) storage: MockStorage,
    pub(super) fetch: MockFetch,
    pub(super) clock: MockClock,
    pub(super) logs: Logs,
}

/// An open connection, as the call holds it.
#[derive(Debug)]
pub(crate) struct MockHandle {
    provider: String,
    user: Arc<str>,
    grants: Arc<Grants>,
    oauth: MockOAuthManager,
    opened: Mutex<Opened>,
}

impl MockHost {
    /// A host that has nothing but a storage.
    pub(super) fn of_storage(storage: MockStorage) -> Self {
        Self {
            grants: Arc::default(),
            user: MOCK_USER.into(),
            oauth: MockOAuthManager::default(),
            storage,
            fetch: MockFetch::default(),
            clock: MockClock::default(),
            logs: Logs::default(),
        }
    }

    /// A context of no particular call.
    pub(super) fn into_context(self) -> Context {
        let call = Call {
            user_id: self.user.to_string(),
            run_id: "run-1".to_owned(),
            step_id: None,
            attempt: 1,
            idempotency_key: "run-1".to_owned(),
        };
        Context::new(call, self)
    }
}

impl HostCalls for MockHost {
    type Handle = MockHandle;

    fn connect(&self, provider: &str) -> Result<MockHandle, OAuthError> {
        self.grants.scopes(provider)?;
        let opened = self.oauth.open(&self.user, provider)?;
        // Before a provider is asked for anything: a new token would lack them too.
        self.grants.check_scopes(provider, &opened.tokens)?;
        let handle = MockHandle {
            provider: provider.to_owned(),
            user: self.user.clone(),
            grants: self.grants.clone(),
            oauth: self.oauth.clone(),
            opened: Mutex::new(opened),
        };
        handle.keep_fresh()?;
        Ok(handle)
    }

    #[track_caller]
    fn send(&self, request: RequestParts, auth: Option<&MockHandle>) -> Result<Response, FetchError> {
        send::send(self, request, auth)
    }

    #[track_caller]
    fn send_all(&self, requests: Vec<RequestParts>, auth: Option<&MockHandle>) -> Vec<Result<Response, FetchError>> {
        send::send_all(self, requests, auth)
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, StorageError> {
        self.storage.entry(key)
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<u64, StorageError> {
        self.storage.put_bytes(key, value)
    }

    fn delete(&self, key: &str) -> Result<bool, StorageError> {
        self.storage.delete(key)
    }

    fn list(&self, prefix: &str, start_after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StorageError> {
        self.storage.list(prefix, start_after, limit)
    }

    fn commit(&self, expected: &[(String, u64)], changes: &[Change]) -> Result<(), StorageError> {
        self.storage.commit_changes(expected, changes)
    }

    fn write_log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        self.logs.write(level, message, fields);
    }

    fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

impl MockHandle {
    /// The token, with time left on it.
    pub(super) fn keep_fresh(&self) -> Result<String, OAuthError> {
        let mut opened = self.opened();
        *opened = self.oauth.keep_fresh(&self.user, &self.provider, opened.clone())?;
        self.grants.check_scopes(&self.provider, &opened.tokens)?;
        Ok(opened.tokens.access_token.clone())
    }

    /// A newer token in the place of one that was refused. None where there is no other.
    pub(super) fn replace_refused(&self) -> Result<Option<String>, OAuthError> {
        let mut opened = self.opened();
        let Some(renewed) = self.oauth.replace(&self.user, &self.provider, &opened)? else { return Ok(None) };
        self.grants.check_scopes(&self.provider, &renewed.tokens)?;
        *opened = renewed;
        Ok(Some(opened.tokens.access_token.clone()))
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionCalls for MockHandle {
    fn account(&self) -> String {
        self.opened().tokens.account.clone()
    }

    fn scopes(&self) -> Vec<String> {
        let granted = self.opened().tokens.scopes.clone();
        let declared = || self.grants.scopes(&self.provider).into_iter().flatten().cloned().collect();
        granted.unwrap_or_else(declared)
    }

    fn expires_at(&self) -> Option<u64> {
        self.opened().tokens.expires_at
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.opened().tokens.variables.get(name).cloned()
    }

    fn access_token(&self) -> Result<String, OAuthError> {
        self.grants.check_reveal(&self.provider)?;
        Ok(self.opened().tokens.access_token.clone())
    }

    fn refresh(&self) -> Result<(), OAuthError> {
        self.replace_refused()?.ok_or_else(|| not_renewable(&self.provider)).map(drop)
    }
}
