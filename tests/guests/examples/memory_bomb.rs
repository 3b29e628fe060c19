//! A guest that takes memory, and touches it, until it gets no more: the memory limit has to stop it.

use std::hint::black_box;

use workway_sdk::prelude::*;
use workway_test_guests::ping;

const STEP_BYTES: usize = 1 << 20;

struct MemoryBomb;

impl Integration for MemoryBomb {
    fn definition() -> Definition {
        Definition::new("memory-bomb", "Memory bomb", "1.0.0")
            .action(Action::new("grow", grow).description("Takes memory until it dies."))
            .action(ping::action())
    }
}

workway_sdk::export!(MemoryBomb);

fn grow(_context: &Context, _input: Empty) -> Result<Empty> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        // Not zero: pages that are only reserved would not count.
        taken.push(black_box(vec![0xAB; STEP_BYTES]));
    }
}
