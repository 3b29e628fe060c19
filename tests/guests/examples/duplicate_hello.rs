//! A guest that claims the id of another: `hello`, in a later version.

use workway_sdk::prelude::*;
use workway_test_guests::ping;

struct DuplicateHello;

impl Integration for DuplicateHello {
    fn definition() -> Definition {
        Definition::new("hello", "Hello again", "9.9.9").action(ping::action())
    }
}

workway_sdk::export!(DuplicateHello);
