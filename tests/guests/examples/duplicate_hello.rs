//! A guest that claims the id of another: `hello`, in a later version.

use workway_sdk::prelude::*;
use workway_test_guests::ping;

integration! {
    id: "hello",
    name: "Hello again",
    version: "9.9.9",
    description: "",
    actions: [ping::ping],
}
