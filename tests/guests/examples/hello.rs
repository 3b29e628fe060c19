//! The well-behaved guest: the smallest useful integration, and the one that the benches call.

use workway_sdk::prelude::*;

integration! {
    id: "hello",
    name: "Hello",
    version: "1.0.0",
    description: "Says hello.",
    categories: ["examples"],
    actions: [echo, greet],
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Echo {
    /// What to say back.
    message: String,
}

/// Answers the message that it was given.
#[action(idempotent)]
fn echo(_context: &Context, input: Echo) -> Result<Echo> {
    Ok(input)
}

#[derive(Deserialize, JsonSchema)]
struct Greet {
    /// Who to greet.
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Greeting {
    greeting: String,
}

/// Greets somebody by name.
#[action(idempotent)]
fn greet(_context: &Context, input: Greet) -> Result<Greeting> {
    let greeting = format!("Hello, {}!", input.name);
    Ok(Greeting { greeting })
}
