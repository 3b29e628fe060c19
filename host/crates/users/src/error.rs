//! Why an account was not made, changed or let in. No text of these quotes a password, a token or an address.

use super::{
    doors::TooOften,
    hasher::Overloaded,
    scope::{Scope, Scopes},
    store::StoreError,
};

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} {message}")]
pub struct Problem {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: &'static str,
    /// What is wrong and what is possible, to be read after the field's name.
    pub message: String,
}

impl Problem {
    pub(super) fn new(pointer: &'static str, message: impl Into<String>) -> Self {
        Self { pointer, message: message.into() }
    }
}

/// Why something about accounts was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The caller's mistakes, all of them.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
    /// One answer for an address that nobody has and for a wrong password.
    #[error("e-mail address and password belong to no account")]
    InvalidCredentials,
    #[error("this token has the scopes {has}: it cannot make one with {asked}")]
    MoreScopes { has: Scopes, asked: Scope },
    #[error("there are {0} tokens of this account already: revoke one first")]
    TooManyTokens(u32),
    #[error("this account has a developer profile already: change it with PATCH /developers/me")]
    AlreadyDeveloper,
    #[error("the slug is another developer's: choose another one")]
    SlugTaken,
    #[error("this account has no developer profile: make one with POST /developers")]
    NoDeveloper,
    #[error(transparent)]
    TooOften(#[from] TooOften),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error("{0}")]
    Unavailable(String),
    /// The host's own fault; the text is for its log.
    #[error("{0}")]
    Host(String),
}

impl From<StoreError> for AccountError {
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

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
