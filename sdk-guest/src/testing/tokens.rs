//! Made-up tokens of a connected account. They never print themselves, so that a test's output looks as the host's does.

use std::collections::BTreeMap;
use std::fmt;

use super::clock::MOCK_EPOCH;

/// How long a new token is valid, in seconds.
pub(super) const TOKEN_LIFETIME: u64 = 3_600;

/// What a user's connected account has: made up, for [`MockOAuthManager`](super::MockOAuthManager).
///
/// ```
/// use workway_sdk::testing::{MOCK_EPOCH, create_mock_tokens};
///
/// let tokens = create_mock_tokens().scopes(["chat:write"]).account("acme").expires_at(MOCK_EPOCH + 60);
/// assert_eq!(tokens.account, "acme");
/// assert!(!format!("{tokens:?}").contains(&tokens.access_token));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MockTokens {
    /// What requests with [`auth`](crate::Request::auth) carry: `authorization: Bearer …`.
    pub access_token: String,
    /// What a new access token is had with; without it an expired account must be connected again.
    pub refresh_token: Option<String>,
    /// Unix seconds; never, where it is nothing.
    pub expires_at: Option<u64>,
    /// What the user granted. Nothing stands for whatever the integration declares.
    pub scopes: Option<Vec<String>>,
    /// The account's label.
    pub account: String,
    /// What the account's addresses depend on: `instance`, `shop`.
    pub variables: BTreeMap<String, String>,
}

impl MockTokens {
    /// An access token that never expires and cannot be renewed, as an API key is.
    #[must_use]
    pub fn new(access_token: impl Into<String>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            expires_at: None,
            scopes: None,
            account: "mock-account".to_owned(),
            variables: BTreeMap::new(),
        }
    }

    /// Another access token.
    #[must_use]
    pub fn access_token(self, token: impl Into<String>) -> Self {
        Self { access_token: token.into(), ..self }
    }

    /// With a refresh token.
    #[must_use]
    pub fn refresh_token(self, token: impl Into<String>) -> Self {
        Self { refresh_token: Some(token.into()), ..self }
    }

    /// Without a refresh token: when it has expired, the user must connect again.
    #[must_use]
    pub fn without_refresh_token(self) -> Self {
        Self { refresh_token: None, ..self }
    }

    /// Ends at this time, in Unix seconds.
    #[must_use]
    pub fn expires_at(self, unix_seconds: u64) -> Self {
        Self { expires_at: Some(unix_seconds), ..self }
    }

    /// Never ends.
    #[must_use]
    pub fn never_expires(self) -> Self {
        Self { expires_at: None, ..self }
    }

    /// The user granted these scopes and no others.
    #[must_use]
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        Self { scopes: Some(scopes.into_iter().map(Into::into).collect()), ..self }
    }

    /// The account's label.
    #[must_use]
    pub fn account(self, account: impl Into<String>) -> Self {
        Self { account: account.into(), ..self }
    }

    /// One of the things that the account's addresses depend on.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl fmt::Debug for MockTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MockTokens")
            .field("account", &self.account)
            .field("can_be_renewed", &self.refresh_token.is_some())
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("variables", &self.variables)
            .finish_non_exhaustive()
    }
}

/// Tokens that are valid for an hour from [`MOCK_EPOCH`], with a refresh token.
///
/// ```
/// use workway_sdk::testing::{MOCK_EPOCH, create_mock_tokens};
///
/// assert_eq!(create_mock_tokens().expires_at, Some(MOCK_EPOCH + 3_600));
/// ```
#[must_use]
pub fn create_mock_tokens() -> MockTokens {
    MockTokens::new("mock-access-token").refresh_token("mock-refresh-token").expires_at(MOCK_EPOCH + TOKEN_LIFETIME)
}

/// Tokens that expired an hour before [`MOCK_EPOCH`], with a refresh token: the first use renews
/// them. [`without_refresh_token`](MockTokens::without_refresh_token) leaves the user to connect again.
///
/// ```
/// use workway_sdk::OAuthError;
/// use workway_sdk::testing::{MockOAuthManager, create_expired_tokens};
///
/// let manager = MockOAuthManager::new();
/// manager.set_tokens("ann", "slack", create_expired_tokens());
/// assert!(manager.get_tokens("ann", "slack").is_ok());
/// assert_eq!(manager.calls().refresh_tokens, 1);
///
/// manager.set_tokens("ann", "slack", create_expired_tokens().without_refresh_token());
/// assert!(matches!(manager.get_tokens("ann", "slack"), Err(OAuthError::NeedsReconnect { .. })));
/// ```
#[must_use]
pub fn create_expired_tokens() -> MockTokens {
    create_mock_tokens().expires_at(MOCK_EPOCH - TOKEN_LIFETIME)
}
