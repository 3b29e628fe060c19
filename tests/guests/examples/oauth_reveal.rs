//! A guest that asks for the right to read access tokens as text.

use workway_sdk::prelude::*;

integration! {
    id: "oauth-reveal",
    name: "OAuth reveal",
    version: "1.0.0",
    description: "",
    hosts: ["api.example.com"],
    connections: [ConnectionNeed::required("example").scopes(&["read"])],
    reveal_token: true,
    actions: [token],
}

#[derive(Serialize, JsonSchema)]
struct Token {
    token: String,
}

/// Reads the access token.
#[action(provider = "example")]
fn token(context: &Context, _input: Empty) -> Result<Token> {
    let token = context.connection("example")?.access_token()?;
    Ok(Token { token: token.reveal().to_owned() })
}
