//! Connected accounts of the calling user: providers, the authorization flow, and connections. No answer contains a token.

pub(in crate::http) mod connections;
mod cookie;
pub(in crate::http) mod create_connection;
pub(in crate::http) mod flow;
mod page;
pub(in crate::http) mod providers;
