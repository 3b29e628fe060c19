//! A guest that uses connections without the right to read their tokens.

use serde_json::{Value, json};
use workway_sdk::prelude::*;
use workway_test_guests::outcome;

struct OAuthProbe;

impl Integration for OAuthProbe {
    fn definition() -> Definition {
        Definition::new("oauth-probe", "OAuth probe", "1.0.0")
            .host("api.example.com")
            .connection(ConnectionNeed::required("example").scopes(["read"]))
            .action(Action::new("connect", connect).description("Says what a connection says."))
            .action(Action::new("token", token).description("Tries to read the access token."))
            .action(Action::new("refresh", refresh).description("Refreshes the access token."))
            .action(Action::new("call", call).description("Sends an authorised request."))
            .action(Action::new("plain", plain).description("Sends the same request without a connection."))
            .action(Action::new("handles", handles).description("Keeps many connections open."))
    }
}

workway_sdk::export!(OAuthProbe);

#[derive(Deserialize, JsonSchema)]
struct Provider {
    provider: String,
}

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

fn token(context: &Context, input: Provider) -> Result<Value> {
    let token = context.connection(&input.provider).and_then(|connection| connection.access_token());
    Ok(match token {
        Ok(token) => json!({"token": token.reveal()}),
        Err(error) => outcome::oauth_error(error),
    })
}

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

fn call(context: &Context, input: Call) -> Result<Value> {
    Ok(match context.connection(&input.provider) {
        Ok(connection) => outcome::fetched(context.get(&input.url).auth(&connection).send()),
        Err(error) => outcome::oauth_error(error),
    })
}

fn plain(context: &Context, input: Call) -> Result<Value> {
    Ok(outcome::fetched(context.get(&input.url).send()))
}

#[derive(Deserialize, JsonSchema)]
struct Handles {
    provider: String,
    count: usize,
}

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
