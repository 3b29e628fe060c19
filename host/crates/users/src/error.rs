//! Why a request about users, tokens or developers failed. No message quotes a password, a token or an address.

use workway_vault::VaultError;

use super::{
    attempt_limiter::TooOften,
    hasher::Overloaded,
    scope::{Scope, Scopes},
    store::StoreError,
};

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} {message}")]
pub struct Problem {
    /// The field, as a JSON pointer (RFC 6901).
    pub pointer: &'static str,
    /// The rule that it breaks, to be read after the field's name.
    pub message: String,
}

impl Problem {
    pub(super) fn new(pointer: &'static str, message: impl Into<String>) -> Self {
        Self { pointer, message: message.into() }
    }
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The caller's mistakes, all of them.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
    /// The same for an unknown address and for a wrong password.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    #[error("this token cannot create one with the scope \"{asked}\": it has the scopes \"{has}\"")]
    MoreScopes { has: Scopes, asked: Scope },
    #[error("a user can have at most {0} active tokens: revoke one first")]
    TooManyTokens(u32),
    #[error("this user already has a developer profile: change it with PATCH /developers/me")]
    AlreadyDeveloper,
    #[error("the slug is already taken: choose another one")]
    SlugTaken,
    #[error("this user has no developer profile: create one with POST /developers")]
    NoDeveloper,
    #[error(transparent)]
    TooOften(#[from] TooOften),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error("{0}")]
    Unavailable(String),
    /// The host's fault; the text is for its log.
    #[error("{0}")]
    Host(String),
}

impl From<StoreError> for UserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SlugTaken => Self::SlugTaken,
            StoreError::AlreadyDeveloper => Self::AlreadyDeveloper,
            StoreError::TooManyTokens(most) => Self::TooManyTokens(most),
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            StoreError::StaleKey => Self::Host(error.to_string()),
        }
    }
}

impl From<VaultError> for UserError {
    fn from(error: VaultError) -> Self {
        Self::Host(format!("payout details: {error}"))
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
