//! The well-behaved guest: the smallest useful integration, and the one that the benches call.

use workway_sdk::prelude::*;

struct Hello;

impl Integration for Hello {
    fn definition() -> Definition {
        Definition::new("hello", "Hello", "1.0.0")
            .description("Says hello.")
            .category("examples")
            .action(
                Action::new("echo", echo)
                    .name("Echo")
                    .description("Answers the message that it was given.")
                    .idempotent(),
            )
            .action(Action::new("greet", greet).name("Greet").description("Greets somebody by name.").idempotent())
    }
}

workway_sdk::export!(Hello);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Echo {
    /// What to say back.
    message: String,
}

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

fn greet(_context: &Context, input: Greet) -> Result<Greeting> {
    let greeting = format!("Hello, {}!", input.name);
    Ok(Greeting { greeting })
}
