//! A guest that calls itself without end: the stack limit has to stop it.

use workway_sdk::prelude::*;
use workway_test_guests::ping;

integration! {
    id: "stack-overflow",
    name: "Stack overflow",
    version: "1.0.0",
    description: "",
    actions: [recurse, ping::ping],
}

#[derive(Serialize, JsonSchema)]
struct Depth {
    depth: u64,
}

/// Calls itself until it dies.
#[action]
fn recurse(context: &Context, _input: Empty) -> Result<Depth> {
    Ok(Depth { depth: descend(u64::from(context.attempt()), 1) })
}

/// The inner call is no tail call, so no compiler turns it into a loop.
fn descend(depth: u64, salt: u64) -> u64 {
    if depth == u64::MAX {
        return salt;
    }
    let inner = descend(depth + 1, salt.rotate_left(7) ^ depth);
    descend(depth + 1, inner ^ salt)
}
