//! A guest that calls itself without end: the stack limit has to stop it.

use workway_sdk::prelude::*;
use workway_test_guests::ping;

struct StackOverflow;

impl Integration for StackOverflow {
    fn definition() -> Definition {
        Definition::new("stack-overflow", "Stack overflow", "1.0.0")
            .action(Action::new("recurse", recurse).description("Calls itself until it dies."))
            .action(ping::action())
    }
}

workway_sdk::export!(StackOverflow);

#[derive(Serialize, JsonSchema)]
struct Depth {
    depth: u64,
}

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
