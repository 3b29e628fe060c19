//! Whether a host runs in development or in production.

use serde::Deserialize;

/// Whether the host trusts everybody who can reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Loopback only; a caller without a token is the user `dev`; an integration is granted what it declares.
    Development,
    /// Calls need a token; the operator grants what an integration declares.
    Production,
}
