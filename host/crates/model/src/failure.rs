//! Why a guest says that a call failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest message that is kept of a guest's failure, in characters.
const MAX_MESSAGE: usize = 2_000;

/// A typed failure, as the contract's `failure` variant has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// The guest's own words, at most 2,000 characters.
    pub message: String,
    /// How long to wait before another attempt; only with [`FailureKind::RateLimited`].
    pub retry_after: Option<Duration>,
}

/// See `variant failure` in `wit/integration.wit` for what each one means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    InvalidInput,
    AuthRequired,
    PermissionDenied,
    NotFound,
    Conflict,
    RateLimited,
    Transient,
    Permanent,
    Halt,
}

impl Failure {
    pub fn new(kind: FailureKind, message: &str) -> Self {
        Self { kind, message: message.chars().take(MAX_MESSAGE).collect(), retry_after: None }
    }
}

impl FailureKind {
    /// The contract's name: `auth-required`.
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
