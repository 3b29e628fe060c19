//! A guest whose action never ends: the deadline has to stop it.

use std::hint::black_box;

use workway_sdk::prelude::*;
use workway_test_guests::ping;

struct EndlessLoop;

impl Integration for EndlessLoop {
    fn definition() -> Definition {
        Definition::new("endless-loop", "Endless loop", "1.0.0")
            .action(Action::new("spin", spin).description("Never answers."))
            .action(ping::action())
    }
}

workway_sdk::export!(EndlessLoop);

fn spin(_context: &Context, _input: Empty) -> Result<Empty> {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}
