//! The second version of an integration: it asks for one host more than the first.

use workway_sdk::prelude::*;

integration! {
    id: "upgrade",
    name: "Upgrade",
    version: "2.0.0",
    description: "",
    hosts: ["api.example.com", "files.example.com"],
    actions: [version],
}

/// Says which version answers.
#[action]
fn version(_context: &Context, _input: Empty) -> Result<String> {
    Ok("2".to_owned())
}
