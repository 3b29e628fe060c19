//! A guest that uses an account at an OpenID provider in every way that makes the host renew its token, and an API key
//! that goes into a header of its own. It says what came back, and tries to get hold of what was sent.

use serde_json::{Value, json};
use workway_sdk::prelude::*;
use workway_test_guests::outcome;

const PROVIDER: &str = "idp";
/// Where the provider says whose access token it is.
const ME: &str = "https://id.example.test/me";
const KEYED: &str = "keyed";
/// The header that the API of [`KEYED`] takes its keys in.
const KEY_HEADER: &str = "x-test-key";

integration! {
    id: "account-probe",
    name: "Account probe",
    version: "1.0.0",
    description: "",
    hosts: ["id.example.test", "api.example.com"],
    connections: [ConnectionNeed::required(PROVIDER).scopes(&["openid"]), ConnectionNeed::optional(KEYED)],
    actions: [connect, me, me_twice, many, refresh, keyed, own_header],
}

/// Says what the connection says.
#[action]
fn connect(context: &Context, _input: Empty) -> Result<Value> {
    let connection = context.connection(PROVIDER)?;
    let token = match connection.access_token() {
        Ok(token) => json!({"ok": token.reveal()}),
        Err(error) => outcome::oauth_error(error),
    };
    Ok(json!({
        "account": connection.account(),
        "scopes": connection.scopes(),
        "expiresAt": connection.expires_at(),
        "token": token,
    }))
}

/// Asks the provider whose account it is.
#[action]
fn me(context: &Context, _input: Empty) -> Result<Value> {
    let connection = context.connection(PROVIDER)?;
    ask(context, &connection)
}

/// Asks it twice, one after the other.
#[action]
fn me_twice(context: &Context, _input: Empty) -> Result<Vec<Value>> {
    let connection = context.connection(PROVIDER)?;
    (0..2).map(|_| ask(context, &connection)).collect()
}

#[derive(Deserialize, JsonSchema)]
struct Many {
    count: u32,
}

/// Asks it so many times together.
#[action]
fn many(context: &Context, input: Many) -> Result<Vec<Value>> {
    let connection = context.connection(PROVIDER)?;
    let answers = context.send_all((0..input.count).map(|_| context.get(ME).any_status().auth(&connection)));
    answers.into_iter().map(|answer| Ok(seen(&answer?))).collect()
}

/// Has the access token renewed, and asks with it.
#[action]
fn refresh(context: &Context, _input: Empty) -> Result<Value> {
    let connection = context.connection(PROVIDER)?;
    let refreshed = match connection.refresh() {
        Ok(()) => json!({"ok": null}),
        Err(error) => outcome::oauth_error(error),
    };
    Ok(json!({"refreshed": refreshed, "me": ask(context, &connection)?}))
}

/// Sends a request with the API key.
#[action]
fn keyed(context: &Context, _input: Empty) -> Result<Value> {
    let connection = context.connection(KEYED)?;
    Ok(seen(&context.get("https://api.example.com/keyed").any_status().auth(&connection).send()?))
}

#[derive(Deserialize, JsonSchema)]
struct OwnHeader {
    url: String,
    /// Whether the connection's own key goes along.
    #[serde(default)]
    auth: bool,
}

/// Sets the header of the API key itself.
#[action]
fn own_header(context: &Context, input: OwnHeader) -> Result<Value> {
    let request = context.get(&input.url).header(KEY_HEADER, "of-the-guest");
    if !input.auth {
        return Ok(outcome::fetched(request.send()));
    }
    let connection = context.connection(KEYED)?;
    Ok(outcome::fetched(request.auth(&connection).send()))
}

fn ask(context: &Context, connection: &Connection) -> Result<Value> {
    Ok(seen(&context.get(ME).any_status().auth(connection).send()?))
}

fn seen(response: &Response) -> Value {
    let text = || Value::String(String::from_utf8_lossy(response.bytes()).into_owned());
    json!({"status": response.status(), "body": response.json().unwrap_or_else(|_| text())})
}
