//! {{words}}: the declaration of the integration.
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
