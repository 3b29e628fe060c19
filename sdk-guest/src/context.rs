//! What an action is given: who calls, in which run, and the way to every capability.

use std::time::SystemTime;

use crate::fetch::{self, Request};
use crate::host::{Host, HostCalls};
use crate::{Connection, Log, OAuthError, RequestError, Response, Storage};

/// One call, as the contract's `actions.context` has it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) user_id: String,
    pub(crate) run_id: String,
    pub(crate) step_id: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) idempotency_key: String,
}

/// Who calls, in which run, and the way to every capability. It lives for one call. In a component
/// the host makes it, in a test [`MockContext`](crate::testing::MockContext).
#[derive(Debug)]
pub struct Context {
    call: Call,
    host: Host,
}

impl Context {
    pub(crate) fn new(call: Call, host: Host) -> Self {
        Self { call, host }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The user whose connections and storage this call sees.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.call.user_id
    }

    /// The run that the call belongs to.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.call.run_id
    }

    /// The workflow's step, when a workflow calls.
    #[must_use]
    pub fn step_id(&self) -> Option<&str> {
        self.call.step_id.as_deref()
    }

    /// Which attempt at the call this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.call.attempt
    }

    /// The same for every attempt at one step. Hand it to upstreams that take such a key.
    #[must_use]
    pub fn idempotency_key(&self) -> &str {
        &self.call.idempotency_key
    }

    /// The time, which a test can set.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.host.now()
    }

    /// A request with any method.
    #[must_use]
    pub fn fetch(&self, method: &str, url: impl Into<String>) -> Request<'_> {
        Request::new(self, method, url.into())
    }

    /// A GET request.
    #[must_use]
    pub fn get(&self, url: impl Into<String>) -> Request<'_> {
        self.fetch("GET", url)
    }

    /// A POST request.
    #[must_use]
    pub fn post(&self, url: impl Into<String>) -> Request<'_> {
        self.fetch("POST", url)
    }

    /// A PUT request.
    #[must_use]
    pub fn put(&self, url: impl Into<String>) -> Request<'_> {
        self.fetch("PUT", url)
    }

    /// A PATCH request.
    #[must_use]
    pub fn patch(&self, url: impl Into<String>) -> Request<'_> {
        self.fetch("PATCH", url)
    }

    /// A DELETE request.
    #[must_use]
    pub fn delete(&self, url: impl Into<String>) -> Request<'_> {
        self.fetch("DELETE", url)
    }

    /// Sends several requests and answers in their order. Those with the same connection (or with
    /// none) go out at the same time; one connection's requests follow another's. The host takes 100
    /// requests at once, and bounds the bodies of all answers together.
    #[track_caller]
    pub fn send_all<'a>(
        &'a self,
        requests: impl IntoIterator<Item = Request<'a>>,
    ) -> Vec<Result<Response, RequestError>> {
        fetch::send_all(self, requests.into_iter().collect())
    }

    /// The calling user's connection to a provider.
    ///
    /// # Errors
    ///
    /// [`OAuthError`]: not connected, to be connected again, scopes missing, the integration did
    /// not ask for this provider, or the provider cannot be reached. Which of them is which
    /// [`Failure`](crate::Failure) is decided by `?`.
    pub fn connection(&self, provider: &str) -> Result<Connection, OAuthError> {
        Ok(Connection::new(provider, self.host.connect(provider)?))
    }

    /// The key-value store of this integration and user.
    #[must_use]
    pub fn storage(&self) -> Storage<'_> {
        Storage::new(self)
    }

    /// The integration's log.
    #[must_use]
    pub fn log(&self) -> Log<'_> {
        Log::new(self)
    }
}
