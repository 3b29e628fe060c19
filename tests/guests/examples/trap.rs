//! A guest that dies at once, by an abort and by a panic that says why on standard error.

use workway_sdk::prelude::*;
use workway_test_guests::ping;

integration! {
    id: "trap",
    name: "Trap",
    version: "1.0.0",
    description: "",
    actions: [crash, panic, ping::ping],
}

/// Aborts.
#[action]
fn crash(_context: &Context, _input: Empty) -> Result<Empty> {
    std::process::abort()
}

/// Panics with a message.
#[action]
fn panic(_context: &Context, _input: Empty) -> Result<Empty> {
    panic!("the guest panics on purpose")
}
