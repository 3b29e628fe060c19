//! A guest that takes memory, and touches it, until it gets no more: the memory limit has to stop it.

use std::hint::black_box;

use workway_sdk::prelude::*;
use workway_test_guests::ping;

const STEP_BYTES: usize = 1 << 20;

integration! {
    id: "memory-bomb",
    name: "Memory bomb",
    version: "1.0.0",
    description: "",
    actions: [grow, ping::ping],
}

/// Takes memory until it dies.
#[action]
fn grow(_context: &Context, _input: Empty) -> Result<Empty> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        // Not zero: pages that are only reserved would not count.
        taken.push(black_box(vec![0xAB; STEP_BYTES]));
    }
}
