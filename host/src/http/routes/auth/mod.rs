//! Accounts of users: registering, tokens, and who a token speaks for. No answer says whether somebody else has an account,
//! and none but that to its making holds a token.

pub(in crate::http) mod create_token;
pub(in crate::http) mod list_tokens;
pub(in crate::http) mod register;
pub(in crate::http) mod revoke_token;
pub(in crate::http) mod who_am_i;
mod wire;
