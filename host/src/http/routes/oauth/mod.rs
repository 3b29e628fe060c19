//! Accounts that the calling user connected. No answer ever holds a token.

pub(in crate::http) mod delete_connection;
pub(in crate::http) mod list_connections;
pub(in crate::http) mod put_connection;
mod wire;
