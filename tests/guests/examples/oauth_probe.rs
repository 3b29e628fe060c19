//! A guest that uses connections without the right to read their tokens.

use serde_json::{Value, json};
use workway_sdk::prelude::*;
use workway_test_guests::outcome;

integration! {
    id: "oauth-probe",
    name: "OAuth probe",
    version: "1.0.0",
    description: "",
    hosts: ["api.example.com"],
    connections: [ConnectionNeed::required("example").scopes(&["read"])],
    actions: [connect, token, refresh, call, plain, handles],
}

#[derive(Deserialize, JsonSchema)]
struct Provider {
    provider: String,
}

/// Says what a connection says.
#[action]
fn connect(context: &Context, input: Provider) -> Result<Value> {
    Ok(match context.connection(&input.provider) {
        Ok(connection) => json!({
            "account": connection.account(),
            "scopes": connection.scopes(),
            "expiresAt": connection.expires_at(),
        }),
        Err(error) => outcome::oauth_error(error),
    })
}

/// Tries to read the access token.
#[action]
fn token(context: &Context, input: Provider) -> Result<Value> {
    let token = context.connection(&input.provider).and_then(|connection| connection.access_token());
    Ok(match token {
        Ok(token) => json!({"token": token.reveal()}),
        Err(error) => outcome::oauth_error(error),
    })
}

/// Refreshes the access token.
#[action]
fn refresh(context: &Context, input: Provider) -> Result<Value> {
    let refreshed = context.connection(&input.provider).and_then(|connection| connection.refresh());
    Ok(match refreshed {
        Ok(()) => json!({"ok": null}),
        Err(error) => outcome::oauth_error(error),
    })
}

#[derive(Deserialize, JsonSchema)]
struct Call {
    provider: String,
    url: String,
}

/// Sends an authorised request.
#[action]
fn call(context: &Context, input: Call) -> Result<Value> {
    Ok(match context.connection(&input.provider) {
        Ok(connection) => outcome::fetched(context.get(&input.url).auth(&connection).send()),
        Err(error) => outcome::oauth_error(error),
    })
}

/// Sends the same request without a connection.
#[action]
fn plain(context: &Context, input: Call) -> Result<Value> {
    Ok(outcome::fetched(context.get(&input.url).send()))
}

#[derive(Deserialize, JsonSchema)]
struct Handles {
    provider: String,
    count: usize,
}

/// Keeps many connections open.
#[action]
fn handles(context: &Context, input: Handles) -> Result<Value> {
    let mut open = Vec::new();
    while open.len() < input.count {
        match context.connection(&input.provider) {
            Ok(connection) => open.push(connection),
            Err(error) => {
                let mut answer = outcome::oauth_error(error);
                answer["opened"] = json!(open.len());
                return Ok(answer);
            }
        }
    }
    Ok(json!({"opened": open.len()}))
}
