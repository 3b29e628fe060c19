//! A guest with effects: each call of an action is an entry at an upstream, with the call's idempotency key, step and attempt.

use workway_sdk::prelude::*;

integration! {
    id: "ledger",
    name: "Ledger",
    version: "1.0.0",
    description: "",
    hosts: ["ledger.example.com"],
    actions: [note, pay],
}

#[derive(Deserialize, JsonSchema)]
struct Entry {
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Entered {
    /// What the upstream answered.
    answer: String,
}

/// Enters a text. The upstream knows entries by their keys.
#[action(idempotent)]
fn note(context: &Context, input: Entry) -> Result<Entered> {
    enter(context, "note", input.text)
}

/// Enters a text each time that it is called.
#[action]
fn pay(context: &Context, input: Entry) -> Result<Entered> {
    enter(context, "pay", input.text)
}

fn enter(context: &Context, action: &str, text: String) -> Result<Entered> {
    let entered = context
        .post(format!("https://ledger.example.com/{action}"))
        .header("x-key", context.idempotency_key())
        .header("x-step", context.step_id().unwrap_or("none"))
        .header("x-attempt", &context.attempt().to_string())
        .body(text)
        .send()?;
    Ok(Entered { answer: entered.text()? })
}
