//! Accounts of the calling user: the providers that there are, connecting one in a browser or by hand, and what is
//! connected. No answer ever holds a token.

pub(in crate::http) mod authorize;
pub(in crate::http) mod callback;
mod cookie;
pub(in crate::http) mod create_connection;
pub(in crate::http) mod delete_connection;
pub(in crate::http) mod get_connection;
pub(in crate::http) mod list_connections;
pub(in crate::http) mod list_providers;
mod page;
pub(in crate::http) mod update_connection;
mod wire;
