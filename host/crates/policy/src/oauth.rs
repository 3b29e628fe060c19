//! The rules of connections: who may use one, and what a guest reads when it may not. Knows no token.

use std::collections::BTreeSet;

use crate::fetch::FetchError;

/// The contract's `oauth-error`. Every text is meant for the guest: no token, no path, no SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The user has no account at the provider.
    #[error("the user has not connected this provider")]
    NotConnected,
    /// Only the user can help.
    #[error("the account must be connected again: {0}")]
    NeedsReconnect(String),
    /// The user granted less than the integration needs.
    #[error("the connection lacks scopes: {}", .0.join(", "))]
    MissingScopes(Vec<String>),
    /// The integration was not granted this.
    #[error("{0}")]
    Denied(String),
    /// The provider or the store does not answer; another attempt may succeed.
    #[error("{0}")]
    Transient(String),
}

impl OAuthError {
    /// The integration was granted no connections of this provider.
    pub fn provider_not_granted(provider: &str) -> Self {
        Self::Denied(format!("connections of {provider} were not granted to this integration"))
    }

    /// The integration may use tokens but not read them.
    pub fn reveal_not_granted() -> Self {
        Self::Denied("reading access tokens needs the reveal-token permission".to_owned())
    }

    /// The token has expired and no newer one could be had.
    pub fn expired() -> Self {
        Self::NeedsReconnect("the access token has expired".to_owned())
    }

    /// The provider gave nothing to renew the token with, as for API keys.
    pub fn not_renewable() -> Self {
        Self::NeedsReconnect("its access token cannot be renewed".to_owned())
    }
}

/// A request whose connection cannot be used.
impl From<OAuthError> for FetchError {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::Transient(text) => Self::Io(text),
            error => Self::Auth(error.to_string()),
        }
    }
}

/// Checks that a connection has every scope that the integration was granted. `granted` is `None` where the provider has
/// no scopes, as for API keys: then none is missing.
///
/// # Errors
/// [`OAuthError::MissingScopes`] with the missing ones, in order.
pub fn check_scopes(needed: &BTreeSet<String>, granted: Option<&BTreeSet<String>>) -> Result<(), OAuthError> {
    let Some(granted) = granted else { return Ok(()) };
    let missing: Vec<String> = needed.difference(granted).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(OAuthError::MissingScopes(missing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lists_the_scopes_that_are_missing() {
        let needed = scopes(&["users:read", "chat:write"]);
        for (granted, missing) in [
            (scopes(&[]), &["chat:write", "users:read"][..]),
            (scopes(&["chat:write", "other"]), &["users:read"]),
            (scopes(&["chat:writer", "USERS:READ", "chat:write users:read"]), &["chat:write", "users:read"]),
        ] {
            let missing = missing.iter().map(ToString::to_string).collect();
            assert_eq!(check_scopes(&needed, Some(&granted)), Err(OAuthError::MissingScopes(missing)), "{granted:?}");
        }
        assert_eq!(check_scopes(&needed, Some(&scopes(&["chat:write", "users:read", "more"]))), Ok(()));
        assert_eq!(check_scopes(&needed, None), Ok(()), "a provider without scopes lacks none");
    }

    #[test]
    fn only_a_transient_error_invites_another_attempt() {
        assert_eq!(FetchError::from(OAuthError::Transient("down".into())), FetchError::Io("down".into()));
        for error in [OAuthError::NotConnected, OAuthError::expired(), OAuthError::reveal_not_granted()] {
            assert_eq!(FetchError::from(error.clone()), FetchError::Auth(error.to_string()));
        }
    }
}
