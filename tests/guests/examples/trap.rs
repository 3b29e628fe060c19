//! A guest that dies at once, by an abort and by a panic that says why on standard error.

use workway_sdk::prelude::*;
use workway_test_guests::ping;

struct Trap;

impl Integration for Trap {
    fn definition() -> Definition {
        Definition::new("trap", "Trap", "1.0.0")
            .action(Action::new("crash", crash).description("Aborts."))
            .action(Action::new("panic", panic).description("Panics with a message."))
            .action(ping::action())
    }
}

workway_sdk::export!(Trap);

fn crash(_context: &Context, _input: Empty) -> Result<Empty> {
    std::process::abort()
}

fn panic(_context: &Context, _input: Empty) -> Result<Empty> {
    panic!("the guest panics on purpose")
}
