//! Whoever a token speaks for, once it was found. It holds nothing that is secret.

use workway_model::UserId;

use super::{id::TokenId, scope::Scopes};

/// A user by one of the user's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub token: TokenId,
    pub scopes: Scopes,
    /// Unix seconds: when the token ends.
    pub expires_at: u64,
}
