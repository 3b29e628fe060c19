//! A guest that answers with as many bytes as it is told to: the output limit has to stop it.

use workway_sdk::prelude::*;

/// The quotes around a JSON string.
const QUOTES: usize = 2;

integration! {
    id: "big-output",
    name: "Big output",
    version: "1.0.0",
    description: "",
    actions: [produce],
}

#[derive(Deserialize, JsonSchema)]
struct Produce {
    /// How many bytes, quotes included.
    bytes: usize,
}

/// Answers a JSON string whose text has so many bytes.
#[action]
fn produce(_context: &Context, input: Produce) -> Result<String> {
    Ok("x".repeat(input.bytes.saturating_sub(QUOTES)))
}
