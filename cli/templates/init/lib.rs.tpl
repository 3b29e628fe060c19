//! {{words}}: what this integration is, offers and asks for.
#![forbid(unsafe_code)]

mod actions;

use workway_sdk::prelude::*;

integration! {
    id: "{{name}}",
    name: "{{words}}",
    categories: ["examples"],
    hosts: ["api.example.com"],
    actions: [
        actions::greet::greet,
    ],
}
