//! Why an action failed, in the terms that the host acts on. Every error of this crate turns into
//! one of these with `?`; none of them carries a token.

use std::fmt;
use std::time::Duration;

use crate::bindings::workway::integration::types;
use crate::{FetchError, OAuthError, StorageError};

/// What an action answers: its output, or a [`Failure`].
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why an action failed. The host retries [`RateLimited`](Failure::RateLimited) and
/// [`Transient`](Failure::Transient), and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The input breaks a rule that its schema cannot express.
    InvalidInput(String),
    /// The account's owner must connect it again.
    AuthRequired(String),
    /// The upstream refused: a scope or a right is missing.
    PermissionDenied(String),
    /// What the input names does not exist, or not for this account.
    NotFound(String),
    /// The upstream's state does not allow it now.
    Conflict(String),
    /// The upstream asked to slow down.
    RateLimited {
        /// What the upstream said.
        message: String,
        /// How long to wait before the next attempt, where the upstream said so.
        retry_after: Option<Duration>,
    },
    /// Worth another attempt: network, 5xx, timeout.
    Transient(String),
    /// Another attempt would fail the same way.
    Permanent(String),
    /// Nothing to do: ends the run without failing it.
    Halt(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, message) = match self {
            Self::InvalidInput(message) => ("invalid input", message),
            Self::AuthRequired(message) => ("authorisation required", message),
            Self::PermissionDenied(message) => ("permission denied", message),
            Self::NotFound(message) => ("not found", message),
            Self::Conflict(message) => ("conflict", message),
            Self::RateLimited { message, .. } => ("rate limited", message),
            Self::Transient(message) => ("transient failure", message),
            Self::Permanent(message) => ("permanent failure", message),
            Self::Halt(message) => ("halted", message),
        };
        write!(formatter, "{kind}: {message}")
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidInput(message) => Self::InvalidInput(message),
            Failure::AuthRequired(message) => Self::AuthRequired(message),
            Failure::PermissionDenied(message) => Self::PermissionDenied(message),
            Failure::NotFound(message) => Self::NotFound(message),
            Failure::Conflict(message) => Self::Conflict(message),
            Failure::RateLimited { message, retry_after } => Self::RateLimited(types::RateLimit {
                message,
                retry_after_ms: retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            }),
            Failure::Transient(message) => Self::Transient(message),
            Failure::Permanent(message) => Self::Permanent(message),
            Failure::Halt(message) => Self::Halt(message),
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let message = error.to_string();
        match error {
            FetchError::Dns(_) | FetchError::Connect(_) | FetchError::Timeout | FetchError::Io(_) => {
                Self::Transient(message)
            }
            FetchError::Denied(_) => Self::PermissionDenied(message),
            FetchError::Auth(_) => Self::AuthRequired(message),
            FetchError::InvalidRequest(_) | FetchError::Tls(_) | FetchError::TooLarge(_) => Self::Permanent(message),
        }
    }
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        let message = error.to_string();
        match error {
            OAuthError::NotConnected { .. } | OAuthError::NeedsReconnect { .. } => Self::AuthRequired(message),
            OAuthError::MissingScopes { .. } | OAuthError::Denied { .. } => Self::PermissionDenied(message),
            OAuthError::Transient { .. } => Self::Transient(message),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let message = error.to_string();
        match error {
            StorageError::Denied => Self::PermissionDenied(message),
            StorageError::Conflict(_) => Self::Conflict(message),
            StorageError::Unavailable(_) => Self::Transient(message),
            StorageError::TooLarge(_) | StorageError::Quota(_) | StorageError::Json(_) => Self::Permanent(message),
        }
    }
}

/// JSON that could not be read or written is the integration's or the upstream's mistake, and the
/// same the next time: [`Failure::Permanent`].
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Permanent(format!("unexpected JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_errors_are_worth_another_attempt_and_refusals_are_not() {
        assert!(matches!(Failure::from(FetchError::Timeout), Failure::Transient(_)));
        assert!(matches!(
            Failure::from(FetchError::Denied("evil.example".into())),
            Failure::PermissionDenied(message) if message.contains("evil.example")
        ));
    }

    #[test]
    fn a_lost_connection_asks_to_connect_again() {
        let error = OAuthError::NotConnected { provider: "github".into() };
        assert!(matches!(Failure::from(error), Failure::AuthRequired(message) if message.contains("github")));
    }

    #[test]
    fn a_wait_too_long_for_the_contract_is_cut_not_wrapped() {
        let failure = Failure::RateLimited { message: String::new(), retry_after: Some(Duration::MAX) };
        let types::Failure::RateLimited(limit) = failure.into() else {
            panic!("the kind changed");
        };
        assert_eq!(limit.retry_after_ms, Some(u64::MAX));
    }
}
