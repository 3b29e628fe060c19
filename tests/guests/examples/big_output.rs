//! A guest that answers with as many bytes as it is told to: the output limit has to stop it.

use workway_sdk::prelude::*;

/// The quotes around a JSON string.
const QUOTES: usize = 2;

struct BigOutput;

impl Integration for BigOutput {
    fn definition() -> Definition {
        Definition::new("big-output", "Big output", "1.0.0")
            .action(Action::new("produce", produce).description("Answers a JSON string whose text has so many bytes."))
    }
}

workway_sdk::export!(BigOutput);

#[derive(Deserialize, JsonSchema)]
struct Produce {
    /// How many bytes, quotes included.
    bytes: usize,
}

fn produce(_context: &Context, input: Produce) -> Result<String> {
    Ok("x".repeat(input.bytes.saturating_sub(QUOTES)))
}
