//! The action by which a hostile guest shows that it still answers.

use schemars::JsonSchema;
use serde::Serialize;
use workway_sdk::{Action, Context, Empty, Result};

/// What `ping` answers: `{"ok":true}`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pong {
    ok: bool,
}

/// The action `ping`.
#[must_use]
pub fn action() -> Action {
    Action::new("ping", ping).description("Answers that the integration is well.").idempotent()
}

fn ping(_context: &Context, _input: Empty) -> Result<Pong> {
    Ok(Pong { ok: true })
}
