//! The table of credentials. Its order counts: of several kinds that a text has, the message names the first, so the vendors
//! come before what any vendor uses. An entry knows the shape of a token and never whether it is valid.
//!
//! The lengths in patterns are a little below the vendors', so that a token that was cut is found too.

mod ai;
mod business;
mod chat;
mod cloud;
mod development;
mod general;

use super::kind::Kind;

/// Documents the tokens of vendors whose own pages do not show what they look like.
const SCANNING: &str =
    "https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns";

/// Every kind, in order.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    let tables = [chat::KINDS, development::KINDS, cloud::KINDS, business::KINDS, ai::KINDS, general::KINDS];
    tables.into_iter().flatten()
}
