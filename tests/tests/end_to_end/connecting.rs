//! Accounts connected at an OpenID provider that nobody here wrote (`tests/oidc`): the way there and back in a browser,
//! what is refused on it, and what becomes of a connection afterwards.
//!
//! The host is known to its browsers as `https://localhost`: in development it answers to local names alone, and a
//! cookie whose name begins with `__Host-` needs https.

mod accounts;
mod api_keys;
mod flow;
mod refusals;
mod renewing;
mod revoking;
mod support;

pub(crate) use flow::account_probe;
