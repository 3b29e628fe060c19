//! Accounts that the calling user connected. The token stays in the host, which puts it on the
//! requests that ask for it; it comes in here only with the `reveal-token` permission.

use std::fmt;

use crate::host::{ConnectionCalls, Handle};

/// Why a connection could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OAuthError {
    /// The user has not connected this provider.
    NotConnected {
        /// The provider asked for.
        provider: String,
    },
    /// Revoked, or expired beyond refresh.
    NeedsReconnect {
        /// The provider asked for.
        provider: String,
        /// What the host knows about it.
        reason: String,
    },
    /// The user granted less than is needed.
    MissingScopes {
        /// The provider asked for.
        provider: String,
        /// What is missing, as the provider spells it.
        scopes: Vec<String>,
    },
    /// The integration did not ask for this provider, or was not granted it.
    Denied {
        /// The provider asked for.
        provider: String,
        /// What the host knows about it.
        reason: String,
    },
    /// The provider's token endpoint could not be reached.
    Transient {
        /// The provider asked for.
        provider: String,
        /// What the host knows about it.
        reason: String,
    },
}

impl fmt::Display for OAuthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected { provider } => {
                write!(formatter, "no {provider} account is connected")
            }
            Self::NeedsReconnect { provider, reason } => {
                write!(formatter, "the {provider} account must be connected again: {reason}")
            }
            Self::MissingScopes { provider, scopes } => {
                write!(formatter, "the {provider} account lacks scopes: {}", scopes.join(", "))
            }
            Self::Denied { provider, reason } => {
                write!(formatter, "access to {provider} denied: {reason}")
            }
            Self::Transient { provider, reason } => {
                write!(formatter, "{provider} cannot be reached: {reason}")
            }
        }
    }
}

impl std::error::Error for OAuthError {}

/// One account that the calling user connected, from
/// [`Context::connection`](crate::Context::connection).
///
/// ```
/// use workway_sdk::{Context, Result};
///
/// fn who_am_i(ctx: &Context) -> Result<String> {
///     let github = ctx.connection("github")?;
///     ctx.get("https://api.github.com/user").auth(&github).send()?.text()
/// }
/// ```
#[derive(Debug)]
pub struct Connection {
    provider: String,
    handle: Handle,
}

impl Connection {
    pub(crate) fn new(provider: &str, handle: Handle) -> Self {
        Self { provider: provider.to_owned(), handle }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The provider that was asked for.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// A stable label of the account: an e-mail address, a workspace name.
    #[must_use]
    pub fn account(&self) -> String {
        self.handle.account()
    }

    /// The scopes that the user granted.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        self.handle.scopes()
    }

    /// When the access token expires, in Unix seconds, if it does.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.handle.expires_at()
    }

    /// What the account's addresses depend on, where they do: `instance` of Salesforce, `shop` of
    /// Shopify. The provider's entry in the host's catalogue names them.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        self.handle.variable(name)
    }

    /// The access token as text. Needs the `reveal-token` permission; a request with
    /// [`auth`](crate::Request::auth) does not.
    ///
    /// # Errors
    ///
    /// [`OAuthError::Denied`] without the permission, and the other kinds when there is no valid
    /// token to give.
    pub fn access_token(&self) -> Result<AccessToken, OAuthError> {
        self.handle.access_token().map(AccessToken)
    }

    /// Gets a new access token now. Requests do this by themselves on expiry and on a 401.
    ///
    /// # Errors
    ///
    /// [`OAuthError::NeedsReconnect`] when the provider refuses, [`OAuthError::Transient`] when it
    /// cannot be reached.
    pub fn refresh(&self) -> Result<(), OAuthError> {
        self.handle.refresh()
    }
}

/// An access token. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token's text. Keep it out of logs, answers and storage.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_print_itself() {
        let token = AccessToken("s3cret".into());
        assert!(!format!("{token:?}").contains("s3cret"));
        assert_eq!(token.reveal(), "s3cret");
    }

    #[test]
    fn an_error_names_the_provider_and_what_is_missing() {
        let scopes = vec!["repo".into(), "user".into()];
        let error = OAuthError::MissingScopes { provider: "github".into(), scopes };
        assert_eq!(error.to_string(), "the github account lacks scopes: repo, user");
    }
}
