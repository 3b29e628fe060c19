//! Why an action failed, in the terms that the host acts on. Every error of this crate turns into
//! one of these with `?`; none of them carries a token.

use std::fmt;
use std::time::Duration;

use crate::{FetchError, OAuthError, StorageError};

/// What an action answers: its output, or a [`Failure`].
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why an action failed. [`RateLimited`](Failure::RateLimited) and
/// [`Transient`](Failure::Transient) alone are worth another attempt, which is the host's to make.
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

/// Which [`Failure`] it is, as the contract spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// `invalid-input`
    InvalidInput,
    /// `auth-required`
    AuthRequired,
    /// `permission-denied`
    PermissionDenied,
    /// `not-found`
    NotFound,
    /// `conflict`
    Conflict,
    /// `rate-limited`
    RateLimited,
    /// `transient`
    Transient,
    /// `permanent`
    Permanent,
    /// `halt`
    Halt,
}

impl FailureKind {
    /// The contract's name, such as `auth-required`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::AuthRequired => "auth-required",
            Self::PermissionDenied => "permission-denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate-limited",
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Halt => "halt",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Failure {
    /// Which of the failures it is.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::InvalidInput(_) => FailureKind::InvalidInput,
            Self::AuthRequired(_) => FailureKind::AuthRequired,
            Self::PermissionDenied(_) => FailureKind::PermissionDenied,
            Self::NotFound(_) => FailureKind::NotFound,
            Self::Conflict(_) => FailureKind::Conflict,
            Self::RateLimited { .. } => FailureKind::RateLimited,
            Self::Transient(_) => FailureKind::Transient,
            Self::Permanent(_) => FailureKind::Permanent,
            Self::Halt(_) => FailureKind::Halt,
        }
    }

    /// What went wrong, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::InvalidInput(message)
            | Self::AuthRequired(message)
            | Self::PermissionDenied(message)
            | Self::NotFound(message)
            | Self::Conflict(message)
            | Self::RateLimited { message, .. }
            | Self::Transient(message)
            | Self::Permanent(message)
            | Self::Halt(message) => message,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind(), self.message())
    }
}

impl std::error::Error for Failure {}

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
}
