//! The user and the scopes of a valid token. It holds no secret.

use workway_model::{Timestamp, UserId};

use super::{id::TokenId, scope::Scopes};

/// A user by one of the user's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub token: TokenId,
    pub scopes: Scopes,
    /// When the token expires.
    pub expires_at: Timestamp,
}
