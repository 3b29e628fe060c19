//! A guest that asks for the right to read access tokens as text.

use workway_sdk::prelude::*;

struct OAuthReveal;

impl Integration for OAuthReveal {
    fn definition() -> Definition {
        Definition::new("oauth-reveal", "OAuth reveal", "1.0.0")
            .host("api.example.com")
            .connection(ConnectionNeed::required("example").scopes(["read"]))
            .reveal_token()
            .action(Action::new("token", token).description("Reads the access token.").provider("example"))
    }
}

workway_sdk::export!(OAuthReveal);

#[derive(Serialize, JsonSchema)]
struct Token {
    token: String,
}

fn token(context: &Context, _input: Empty) -> Result<Token> {
    let token = context.connection("example")?.access_token()?;
    Ok(Token { token: token.reveal().to_owned() })
}
