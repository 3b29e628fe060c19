//! The first version of an integration whose second version asks for more.

use workway_sdk::prelude::*;

integration! {
    id: "upgrade",
    name: "Upgrade",
    version: "1.0.0",
    description: "",
    hosts: ["api.example.com"],
    actions: [version],
}

/// Says which version answers.
#[action]
fn version(_context: &Context, _input: Empty) -> Result<String> {
    Ok("1".to_owned())
}
