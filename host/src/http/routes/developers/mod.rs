//! Developers: public profiles, and each developer's own. No answer ever holds an e-mail address or payout details.

pub(in crate::http) mod create_developer;
pub(in crate::http) mod get_developer;
pub(in crate::http) mod update_developer;
mod wire;
