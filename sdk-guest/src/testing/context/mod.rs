//! A [`Context`] with mocks behind it, and how one is made. What it may do is what its integration declares, and nothing
//! where there is none.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::clock::MockClock;
use super::fetch::MockFetch;
use super::grants::Grants;
use super::host::MockHost;
use super::logs::{LogLine, Logs};
use super::oauth::MockOAuthManager;
use super::storage::{MOCK_USER, MockStorage};
use super::tokens::MockTokens;
use crate::context::Call;
use crate::{Context, Integration};

/// A context for tests: hand `&ctx` to whatever takes a [`Context`]. It has the permissions that its
/// integration declares; see [`builder`](MockContext::builder).
///
/// ```
/// use workway_sdk::testing::{MockContext, MockResponse, create_mock_fetch, create_mock_tokens};
/// use workway_sdk::{Context, Result};
///
/// fn who_am_i(ctx: &Context) -> Result<String> {
///     let github = ctx.connection("github")?;
///     ctx.get("https://api.github.com/user").auth(&github).send()?.text()
/// }
///
/// let fetch = create_mock_fetch();
/// fetch.on("GET", "https://api.github.com/user").unauthorized_then(MockResponse::text(200, "ann"));
/// let ctx = MockContext::builder()
///     .grant_host("api.github.com")
///     .grant_connection("github")
///     .tokens("github", create_mock_tokens())
///     .fetch(fetch)
///     .build();
///
/// assert_eq!(who_am_i(&ctx).as_deref(), Ok("ann"));
/// let tokens: Vec<_> = ctx.fetch_mock().requests().iter().map(|sent| sent.header("authorization").map(str::to_owned)).collect();
/// assert_eq!(tokens, [Some("Bearer mock-access-token".into()), Some("Bearer mock-access-token-2".into())]);
/// ```
#[derive(Debug)]
pub struct MockContext {
    context: Context,
    integration: Option<&'static Integration>,
    storages: Storages,
}

/// The storages of the integrations that contexts made of one another are for, by id.
type Storages = Arc<Mutex<BTreeMap<&'static str, MockStorage>>>;

impl Deref for MockContext {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl MockContext {
    /// A context that may do nothing yet.
    pub fn builder() -> MockContextBuilder {
        MockContextBuilder::default()
    }

    /// The connected accounts.
    #[must_use]
    pub fn oauth(&self) -> &MockOAuthManager {
        &self.context.host().oauth
    }

    /// The storage as the context's user sees it, whether granted or not.
    #[must_use]
    pub fn storage_mock(&self) -> MockStorage {
        self.context.host().storage.with_grant(true)
    }

    /// The network.
    #[must_use]
    pub fn fetch_mock(&self) -> &MockFetch {
        &self.context.host().fetch
    }

    /// The clock, on which tokens expire too.
    #[must_use]
    pub fn clock(&self) -> &MockClock {
        &self.context.host().clock
    }

    /// The lines that were logged so far.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.context.host().logs.lines()
    }

    /// The integration whose permissions hold.
    #[must_use]
    pub fn integration(&self) -> Option<&'static Integration> {
        self.integration
    }

    /// The same user, run, accounts, network, clock and log for another integration: with that one's
    /// permissions and with a storage of its own, which is the same whenever it is asked for again.
    ///
    /// # Panics
    ///
    /// One of its hosts is not a pattern.
    #[must_use]
    #[track_caller]
    pub fn for_integration(&self, integration: &'static Integration) -> Self {
        if self.integration.is_some_and(|own| own.id == integration.id) {
            return self.again(self.context.host().clone(), self.integration, self.context.step_id());
        }
        let grants = Grants::of(integration);
        let mut storages = self.storages.lock().unwrap_or_else(PoisonError::into_inner);
        let storage = storages.entry(integration.id).or_default().for_user(self.user_id()).with_grant(grants.storage);
        drop(storages);
        let host = MockHost { grants: Arc::new(grants), storage, ..self.context.host().clone() };
        self.again(host, Some(integration), self.context.step_id())
    }

    /// The same for one step of a workflow.
    pub(super) fn for_step(&self, step: &str) -> Self {
        self.again(self.context.host().clone(), self.integration, Some(step))
    }

    fn again(&self, host: MockHost, integration: Option<&'static Integration>, step: Option<&str>) -> Self {
        let idempotency_key = match step {
            Some(step) if self.step_id() != Some(step) => format!("{}/{step}", self.run_id()),
            _ => self.idempotency_key().to_owned(),
        };
        let call = Call {
            user_id: self.user_id().to_owned(),
            run_id: self.run_id().to_owned(),
            step_id: step.map(str::to_owned),
            attempt: self.attempt(),
            idempotency_key,
        };
        Self { context: Context::new(call, host), integration, storages: self.storages.clone() }
    }
}

/// What a [`MockContext`] is made of.
#[derive(Debug)]
#[must_use = "there is no context until `build`"]
pub struct MockContextBuilder {
    integration: Option<&'static Integration>,
    grants: Vec<Grant>,
    user: String,
    run_id: String,
    step_id: Option<String>,
    attempt: u32,
    idempotency_key: Option<String>,
    tokens: Vec<(String, MockTokens)>,
    oauth: Option<MockOAuthManager>,
    storage: MockStorage,
    fetch: MockFetch,
    clock: Option<MockClock>,
}

/// What is granted without an integration that declares it.
#[derive(Debug)]
enum Grant {
    Host(String),
    Connection(String),
    Storage,
    RevealToken,
}

impl Default for MockContextBuilder {
    fn default() -> Self {
        Self {
            integration: None,
            grants: Vec::new(),
            user: MOCK_USER.to_owned(),
            run_id: "run-1".to_owned(),
            step_id: None,
            attempt: 1,
            idempotency_key: None,
            tokens: Vec::new(),
            oauth: None,
            storage: MockStorage::new(),
            fetch: MockFetch::new(),
            clock: None,
        }
    }
}

impl MockContextBuilder {
    /// Grants what this integration declares, and lets the context run its actions by id.
    pub fn integration(self, integration: &'static Integration) -> Self {
        Self { integration: Some(integration), ..self }
    }

    /// Who calls; [`MOCK_USER`] unless said. The context sees this user's part of the storage.
    pub fn user(self, user: impl Into<String>) -> Self {
        Self { user: user.into(), ..self }
    }

    /// The run that the call belongs to; `run-1` unless said.
    pub fn run_id(self, run_id: impl Into<String>) -> Self {
        Self { run_id: run_id.into(), ..self }
    }

    /// The workflow's step; none unless said.
    pub fn step_id(self, step_id: impl Into<String>) -> Self {
        Self { step_id: Some(step_id.into()), ..self }
    }

    /// Which attempt it is, from 1.
    pub fn attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// The key for upstreams; the run's id, and the step's where there is one, unless said.
    pub fn idempotency_key(self, key: impl Into<String>) -> Self {
        Self { idempotency_key: Some(key.into()), ..self }
    }

    /// Connects an account of the context's user.
    pub fn tokens(mut self, provider: impl Into<String>, tokens: MockTokens) -> Self {
        self.tokens.push((provider.into(), tokens));
        self
    }

    /// Takes the connected accounts from here, and the clock too.
    pub fn oauth(self, oauth: MockOAuthManager) -> Self {
        Self { oauth: Some(oauth), ..self }
    }

    /// Keeps things here, in the part of the context's user.
    pub fn storage(self, storage: MockStorage) -> Self {
        Self { storage, ..self }
    }

    /// Sends requests here.
    pub fn fetch(self, fetch: MockFetch) -> Self {
        Self { fetch, ..self }
    }

    /// Reads the time here.
    pub fn clock(self, clock: MockClock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Grants requests to a host, written as an integration declares it: `api.example.com`,
    /// `*.example.com`. For tests of single functions, without an integration.
    pub fn grant_host(mut self, pattern: impl Into<String>) -> Self {
        self.grants.push(Grant::Host(pattern.into()));
        self
    }

    /// Grants connections of a provider, whatever their scopes.
    pub fn grant_connection(mut self, provider: impl Into<String>) -> Self {
        self.grants.push(Grant::Connection(provider.into()));
        self
    }

    /// Grants storage.
    pub fn grant_storage(mut self) -> Self {
        self.grants.push(Grant::Storage);
        self
    }

    /// Grants reading tokens as text, and credentials of the integration's own on requests.
    pub fn grant_reveal_token(mut self) -> Self {
        self.grants.push(Grant::RevealToken);
        self
    }

    /// The context.
    ///
    /// # Panics
    ///
    /// A host is not a pattern, or the accounts' clock is another one than the context's.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> MockContext {
        let mut grants = self.integration.map_or_else(Grants::default, Grants::of);
        for grant in &self.grants {
            match grant {
                Grant::Host(pattern) => grants.add_host(pattern),
                Grant::Connection(provider) => grants.add_connection(provider, []),
                Grant::Storage => grants.add_storage(),
                Grant::RevealToken => grants.add_reveal_token(),
            }
        }
        let (oauth, clock) = match (self.oauth, self.clock) {
            (Some(oauth), None) => (oauth.clone(), oauth.clock().clone()),
            (Some(oauth), Some(clock)) => {
                let is_one = oauth.clock().is(&clock);
                assert!(
                    is_one,
                    "the accounts have another clock: make them with `MockOAuthManager::with_clock(&clock)`"
                );
                (oauth, clock)
            }
            (None, clock) => {
                let clock = clock.unwrap_or_default();
                (MockOAuthManager::with_clock(&clock), clock)
            }
        };
        for (provider, tokens) in self.tokens {
            oauth.insert(&self.user, &provider, tokens);
        }
        let own = self.integration.map(|integration| (integration.id, self.storage.clone()));
        let host = MockHost {
            storage: self.storage.for_user(&self.user).with_grant(grants.storage),
            grants: Arc::new(grants),
            user: self.user.as_str().into(),
            oauth,
            fetch: self.fetch,
            clock,
            logs: Logs::default(),
        };
        let default_key = || match &self.step_id {
            Some(step) => format!("{}/{step}", self.run_id),
            None => self.run_id.clone(),
        };
        let call = Call {
            idempotency_key: self.idempotency_key.unwrap_or_else(default_key),
            user_id: self.user,
            run_id: self.run_id,
            step_id: self.step_id,
            attempt: self.attempt,
        };
        MockContext {
            context: Context::new(call, host),
            integration: self.integration,
            storages: Arc::new(Mutex::new(own.into_iter().collect())),
        }
    }
}

/// What [`create_mock_context`] makes a context of.
#[derive(Debug)]
pub struct MockContextOptions {
    /// The integration whose permissions hold; without one nothing is granted.
    pub integration: Option<&'static Integration>,
    /// Who calls: [`MOCK_USER`] by default.
    pub user_id: String,
    /// The user's accounts, by provider.
    pub tokens: Vec<(&'static str, MockTokens)>,
    /// What is kept between calls.
    pub storage: MockStorage,
    /// The network.
    pub fetch: MockFetch,
    /// The time.
    pub clock: MockClock,
}

impl Default for MockContextOptions {
    fn default() -> Self {
        Self {
            integration: None,
            user_id: MOCK_USER.to_owned(),
            tokens: Vec::new(),
            storage: MockStorage::new(),
            fetch: MockFetch::new(),
            clock: MockClock::new(),
        }
    }
}

/// A context of named parts: what [`MockContext::builder`] does, by a struct.
///
/// ```
/// use workway_sdk::testing::{MockContextOptions, create_mock_context, create_mock_tokens};
///
/// let ctx = create_mock_context(MockContextOptions {
///     user_id: "ann".into(),
///     tokens: vec![("slack", create_mock_tokens())],
///     ..Default::default()
/// });
/// assert_eq!(ctx.user_id(), "ann");
/// assert!(ctx.connection("slack").is_err(), "no integration, no permissions");
/// ```
///
/// # Panics
///
/// As [`MockContextBuilder::build`].
#[must_use]
#[track_caller]
pub fn create_mock_context(options: MockContextOptions) -> MockContext {
    let MockContextOptions { integration, user_id, tokens, storage, fetch, clock } = options;
    let mut builder = MockContext::builder().user(user_id).storage(storage).fetch(fetch).clock(clock);
    builder.integration = integration;
    builder.tokens = tokens.into_iter().map(|(provider, tokens)| (provider.to_owned(), tokens)).collect();
    builder.build()
}

#[cfg(test)]
mod tests;
