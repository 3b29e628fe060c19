//! Limits of a connection's fields. Requests, providers' answers and stored rows have the same limits, so that
//! everything that is accepted can be stored.

/// The longest access or refresh token.
pub(super) const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The longest label of an account, in characters, and the longest label and id that a provider gives one, in bytes.
pub(super) const MAX_ACCOUNT_CHARS: usize = 256;
/// The most scopes of a connection.
pub(super) const MAX_SCOPES: usize = 200;
/// The longest scope, in characters; in bytes, where a provider says it.
pub(super) const MAX_SCOPE_CHARS: usize = 256;
