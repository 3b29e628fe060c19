//! Users and their tokens. No answer says whether an address is registered, and only the answer that creates a token
//! contains it.

pub(in crate::http) mod caller;
pub(in crate::http) mod registration;
pub(in crate::http) mod tokens;
