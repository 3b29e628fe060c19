//! A guest whose action never ends: the deadline has to stop it.

use std::hint::black_box;

use workway_sdk::prelude::*;
use workway_test_guests::ping;

integration! {
    id: "endless-loop",
    name: "Endless loop",
    version: "1.0.0",
    description: "",
    actions: [spin, ping::ping],
}

/// Never answers.
#[action]
fn spin(_context: &Context, _input: Empty) -> Result<Empty> {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}
