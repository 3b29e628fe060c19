//! Connected accounts without a provider: tokens expire on the virtual clock, are renewed as the host renews them, and
//! every call is counted. Whether an integration may have a connection is decided elsewhere.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use workway_policy::oauth;

use super::clock::MockClock;
use super::contract::oauth_error;
use super::tokens::{MockTokens, TOKEN_LIFETIME};
use crate::OAuthError;

/// The accounts that users have connected. Clones are one manager.
///
/// Absent tokens are not connected; expired ones are renewed where they can be, and need to be
/// connected again where they cannot. A renewal makes a new access token, the first one's name with
/// `-2`, `-3` and so on, valid for an hour.
///
/// ```
/// use workway_sdk::OAuthError;
/// use workway_sdk::testing::{MockOAuthManager, create_mock_tokens};
///
/// let manager = MockOAuthManager::new();
/// manager.set_tokens("ann", "slack", create_mock_tokens());
/// assert_eq!(manager.get_tokens("ann", "slack").unwrap().access_token, "mock-access-token");
/// assert_eq!(manager.refresh_tokens("ann", "slack").unwrap().access_token, "mock-access-token-2");
///
/// let slack = || "slack".to_owned();
/// assert_eq!(manager.get_tokens("bob", "slack"), Err(OAuthError::NotConnected { provider: slack() }));
/// manager.fail_next(OAuthError::Transient { provider: slack(), reason: "down".to_owned() });
/// assert!(matches!(manager.get_tokens("ann", "slack"), Err(OAuthError::Transient { .. })));
/// assert_eq!(manager.calls().get_tokens, 3);
/// ```
#[derive(Debug, Clone, Default)]
pub struct MockOAuthManager {
    clock: MockClock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<(String, String), Account>,
    calls: OAuthCalls,
    failures: VecDeque<OAuthError>,
    refresh_failures: VecDeque<OAuthError>,
    /// Given to every stored change, so that no two are the same.
    versions: u64,
}

#[derive(Debug)]
struct Account {
    tokens: MockTokens,
    /// What the names of later tokens begin with.
    first_token: FirstToken,
    generation: u32,
    version: u64,
}

/// A token's text, which Debug must not show.
struct FirstToken(String);

impl std::fmt::Debug for FirstToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("…")
    }
}

/// How often a [`MockOAuthManager`] was asked for what, failures included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OAuthCalls {
    /// [`get_tokens`](MockOAuthManager::get_tokens), and every opened connection.
    pub get_tokens: usize,
    /// Renewals that a provider was asked for: [`refresh_tokens`](MockOAuthManager::refresh_tokens),
    /// tokens that had expired, and answers of 401.
    pub refresh_tokens: usize,
    /// [`set_tokens`](MockOAuthManager::set_tokens).
    pub set_tokens: usize,
    /// [`remove_tokens`](MockOAuthManager::remove_tokens).
    pub remove_tokens: usize,
}

/// An account as a call holds it, with the version by which an older one is told.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) tokens: MockTokens,
    version: u64,
}

impl MockOAuthManager {
    /// Nobody has connected anything; a clock of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nobody has connected anything; tokens expire on this clock.
    #[must_use]
    pub fn with_clock(clock: &MockClock) -> Self {
        Self { clock: clock.clone(), ..Self::default() }
    }

    /// The clock on which tokens expire.
    #[must_use]
    pub fn clock(&self) -> &MockClock {
        &self.clock
    }

    /// The user's tokens, renewed first where they have expired.
    ///
    /// # Errors
    ///
    /// [`OAuthError::NotConnected`], [`OAuthError::NeedsReconnect`], or what the test asked for.
    pub fn get_tokens(&self, user: &str, provider: &str) -> Result<MockTokens, OAuthError> {
        let opened = self.open(user, provider)?;
        Ok(self.keep_fresh(user, provider, opened)?.tokens)
    }

    /// New tokens in the place of the user's, expired or not.
    ///
    /// # Errors
    ///
    /// [`OAuthError::NotConnected`]; [`OAuthError::NeedsReconnect`] without a refresh token; or what
    /// the test asked for.
    pub fn refresh_tokens(&self, user: &str, provider: &str) -> Result<MockTokens, OAuthError> {
        let version = self.account(user, provider)?.version;
        let renewed = self.renew(user, provider, version)?;
        Ok(renewed.ok_or_else(|| not_renewable(provider))?.tokens)
    }

    /// Connects the account, or puts other tokens in its place.
    pub fn set_tokens(&self, user: &str, provider: &str, tokens: MockTokens) {
        self.state().calls.set_tokens += 1;
        self.insert(user, provider, tokens);
    }

    /// Ends the connection; whether there was one.
    pub fn remove_tokens(&self, user: &str, provider: &str) -> bool {
        let mut state = self.state();
        state.calls.remove_tokens += 1;
        state.accounts.remove(&key(user, provider)).is_some()
    }

    /// The next [`get_tokens`](Self::get_tokens), or the next opened connection, fails with this.
    /// Several wait in a line.
    pub fn fail_next(&self, error: OAuthError) {
        self.state().failures.push_back(error);
    }

    /// The next renewal that a provider is asked for fails with this. Several wait in a line.
    pub fn fail_next_refresh(&self, error: OAuthError) {
        self.state().refresh_failures.push_back(error);
    }

    /// How often it was asked for what.
    #[must_use]
    pub fn calls(&self) -> OAuthCalls {
        self.state().calls
    }

    /// Tokens that were there before the test began: not counted.
    pub(super) fn insert(&self, user: &str, provider: &str, tokens: MockTokens) {
        let mut state = self.state();
        state.versions += 1;
        let first_token = FirstToken(tokens.access_token.clone());
        let account = Account { tokens, first_token, generation: 1, version: state.versions };
        state.accounts.insert(key(user, provider), account);
    }

    /// The account as it is, expired or not.
    pub(super) fn open(&self, user: &str, provider: &str) -> Result<Opened, OAuthError> {
        {
            let mut state = self.state();
            state.calls.get_tokens += 1;
            if let Some(error) = state.failures.pop_front() {
                return Err(error);
            }
        }
        self.account(user, provider)
    }

    /// The account if there is time left on it, or else a newer one.
    pub(super) fn keep_fresh(&self, user: &str, provider: &str, opened: Opened) -> Result<Opened, OAuthError> {
        if !opened.tokens.is_expired(self.clock.unix_seconds()) {
            return Ok(opened);
        }
        let renewed = self.replace(user, provider, &opened)?;
        renewed.ok_or_else(|| oauth_error(provider, oauth::OAuthError::expired()))
    }

    /// A newer account in the place of one whose token is of no use. None where there is no other.
    pub(super) fn replace(&self, user: &str, provider: &str, stale: &Opened) -> Result<Option<Opened>, OAuthError> {
        let renewed = self.renew(user, provider, stale.version)?;
        // Somebody else's newer tokens may have expired as well.
        Ok(renewed.filter(|renewed| !renewed.tokens.is_expired(self.clock.unix_seconds())))
    }

    fn account(&self, user: &str, provider: &str) -> Result<Opened, OAuthError> {
        let state = self.state();
        let account = state.accounts.get(&key(user, provider)).ok_or_else(|| not_connected(provider))?;
        Ok(Opened { tokens: account.tokens.clone(), version: account.version })
    }

    /// Where there is something newer than `stale` already, no provider is asked.
    fn renew(&self, user: &str, provider: &str, stale: u64) -> Result<Option<Opened>, OAuthError> {
        let now = self.clock.unix_seconds();
        let mut guard = self.state();
        let state = &mut *guard;
        let account = state.accounts.get_mut(&key(user, provider)).ok_or_else(|| not_connected(provider))?;
        if account.version == stale {
            if account.tokens.refresh_token.is_none() {
                return Ok(None);
            }
            state.calls.refresh_tokens += 1;
            if let Some(error) = state.refresh_failures.pop_front() {
                return Err(error);
            }
            state.versions += 1;
            account.version = state.versions;
            account.generation += 1;
            account.tokens.access_token = format!("{}-{}", account.first_token.0, account.generation);
            account.tokens.expires_at = Some(now + TOKEN_LIFETIME);
        }
        Ok(Some(Opened { tokens: account.tokens.clone(), version: account.version }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(user: &str, provider: &str) -> (String, String) {
    (user.to_owned(), provider.to_owned())
}

fn not_connected(provider: &str) -> OAuthError {
    OAuthError::NotConnected { provider: provider.to_owned() }
}

pub(super) fn not_renewable(provider: &str) -> OAuthError {
    oauth_error(provider, oauth::OAuthError::not_renewable())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{MOCK_EPOCH, create_expired_tokens, create_mock_tokens};

    fn manager(tokens: MockTokens) -> MockOAuthManager {
        let manager = MockOAuthManager::new();
        manager.insert("ann", "slack", tokens);
        manager
    }

    #[test]
    fn tokens_expire_on_the_clock_and_are_renewed_once() {
        let manager = manager(create_mock_tokens());
        assert_eq!(manager.get_tokens("ann", "slack"), Ok(create_mock_tokens()));
        manager.clock().advance(Duration::from_secs(TOKEN_LIFETIME));
        for _ in 0..2 {
            let renewed = manager.get_tokens("ann", "slack").expect("renewed");
            assert_eq!(renewed.access_token, "mock-access-token-2");
            assert_eq!(renewed.expires_at, Some(MOCK_EPOCH + 2 * TOKEN_LIFETIME));
        }
        let third = manager.refresh_tokens("ann", "slack").expect("renewed");
        assert_eq!(third.access_token, "mock-access-token-3");
        let calls = OAuthCalls { get_tokens: 3, refresh_tokens: 2, ..OAuthCalls::default() };
        assert_eq!(manager.calls(), calls);
    }

    #[test]
    fn what_cannot_be_renewed_must_be_connected_again() {
        let manager = manager(create_expired_tokens().without_refresh_token());
        let lost = |answer| matches!(answer, Err(OAuthError::NeedsReconnect { .. }));
        assert!(lost(manager.get_tokens("ann", "slack")));
        assert!(lost(manager.refresh_tokens("ann", "slack")));
        assert_eq!(manager.calls().refresh_tokens, 0, "no provider was asked");
    }

    #[test]
    fn accounts_belong_to_a_user_and_a_provider() {
        let manager = manager(create_mock_tokens());
        for (user, provider) in [("bob", "slack"), ("ann", "github")] {
            let absent = OAuthError::NotConnected { provider: provider.to_owned() };
            assert_eq!(manager.get_tokens(user, provider), Err(absent.clone()));
            assert_eq!(manager.refresh_tokens(user, provider), Err(absent));
        }
        assert!(manager.remove_tokens("ann", "slack"));
        assert!(!manager.remove_tokens("ann", "slack"));
        assert!(manager.get_tokens("ann", "slack").is_err());
    }

    #[test]
    fn failures_on_demand_come_in_their_order_and_end() {
        let manager = manager(create_expired_tokens());
        let down = |reason: &str| OAuthError::Transient { provider: "slack".to_owned(), reason: reason.to_owned() };
        manager.fail_next(down("one"));
        manager.fail_next(down("two"));
        manager.fail_next_refresh(down("three"));
        for reason in ["one", "two", "three"] {
            assert_eq!(manager.get_tokens("ann", "slack"), Err(down(reason)));
        }
        assert!(manager.get_tokens("ann", "slack").is_ok());
    }

    #[test]
    fn a_newer_token_is_taken_without_asking_the_provider() {
        let manager = manager(create_mock_tokens());
        let opened = manager.open("ann", "slack").expect("connected");
        manager.refresh_tokens("ann", "slack").expect("renewed");
        let replaced = manager.replace("ann", "slack", &opened).expect("connected").expect("a newer one");
        assert_eq!(replaced.tokens.access_token, "mock-access-token-2");
        assert_eq!(manager.calls().refresh_tokens, 1);
    }

    #[test]
    fn nothing_prints_a_token() {
        let manager = manager(create_mock_tokens());
        manager.refresh_tokens("ann", "slack").expect("renewed");
        let text = format!("{manager:?} {:?}", manager.open("ann", "slack"));
        assert!(!text.contains("mock-access-token") && !text.contains("mock-refresh-token"), "{text}");
    }
}
