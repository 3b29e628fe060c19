//! A guest for workflows: tells an upstream of each call, under the key that is the same for all attempts of a step.

use workway_sdk::prelude::*;

integration! {
    id: "run-probe",
    name: "Run probe",
    version: "1.0.0",
    description: "",
    hosts: ["runs.example.com"],
    actions: [note, risk, echo],
}

#[derive(Deserialize, JsonSchema)]
struct Note {
    #[serde(default)]
    text: String,
}

#[derive(Serialize, JsonSchema)]
struct Noted {
    text: String,
    key: String,
}

/// Notes something, as often as it is asked to: the upstream tells repeated calls by their key.
#[action(idempotent)]
fn note(context: &Context, input: Note) -> Result<Noted> {
    send(context, "note", input)
}

/// The same, of which every call counts.
#[action]
fn risk(context: &Context, input: Note) -> Result<Noted> {
    send(context, "risk", input)
}

/// Answers its input, and asks nobody.
#[action(idempotent)]
fn echo(_: &Context, input: Note) -> Result<Noted> {
    Ok(Noted { text: input.text, key: String::new() })
}

fn send(context: &Context, what: &str, input: Note) -> Result<Noted> {
    let key = context.idempotency_key().to_owned();
    let url = format!("https://runs.example.com/{what}");
    let request = context
        .fetch("POST", &url)
        .header("idempotency-key", &key)
        .header("x-step", context.step_id().unwrap_or("none"))
        .header("x-attempt", &context.attempt().to_string())
        .body(input.text.clone());
    request.send()?.error_for_status()?;
    Ok(Noted { text: input.text, key })
}
