//! The action by which a hostile guest shows that it still answers.

use schemars::JsonSchema;
use serde::Serialize;
use workway_sdk::{Context, Empty, Result, action};

/// What `ping` answers: `{"ok":true}`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pong {
    ok: bool,
}

/// Answers that the integration is well.
///
/// # Errors
///
/// Never; an action has to say so.
#[action(idempotent)]
pub fn ping(_context: &Context, _input: Empty) -> Result<Pong> {
    Ok(Pong { ok: true })
}
