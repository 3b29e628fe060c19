//! Tokens in hosts that are processes: what is left of them when one is killed, when two share a folder, and when the keys
//! that they are sealed under change. The provider is `oidc-provider`, which ends a whole grant when a refresh token
//! comes twice.

mod audit;
mod client;
mod key_file;
mod kill;
mod proxy;
mod rotate;
mod rotate_kill;
mod takeover;
mod two_hosts;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use workway_tests::{OidcProvider, guest};

use crate::{
    EVERYTHING,
    process::{Running, Workway},
};

/// A host that reaches the provider at `origin`, and logs all that it can.
fn host_of(origin: &str) -> Workway {
    let config =
        format!("[oauth]\nproviders_file = \"providers.toml\"\n[upstreams]\n\"id.example.test\" = \"{origin}\"\n");
    Workway::development()
        .component(&guest("account-probe").expect("account-probe is built"))
        .file("providers.toml", OidcProvider::ENTRY)
        .file("workway.toml", config)
        .env("WORKWAY_CLIENT_ID_IDP", client::ID)
        .env("WORKWAY_CLIENT_SECRET_IDP", client::SECRET)
        .env("WORKWAY_LOG", log_filter())
}

/// What the host's own lines are under, besides those of its modules.
fn log_filter() -> String {
    format!("{EVERYTHING},workway=trace")
}

/// Connects the account with tokens of which the host believes that the access token has ended. Answers the connection.
async fn connect_expired(running: &Running, tokens: &client::Tokens) -> Value {
    let body = json!({
        "provider": "idp",
        "accessToken": tokens.access,
        "refreshToken": tokens.refresh,
        "account": client::ACCOUNT,
        "scopes": client::SCOPES,
        "expiresAt": "1970-01-01T00:00:01Z",
    });
    let (status, answer) = answer(running.request(Method::POST, "/oauth/connections").json(&body)).await;
    assert!(matches!(status, 200 | 201), "{status}: {answer:#}");
    answer
}

/// The one connection that there is.
async fn the_connection(running: &Running) -> Value {
    let (status, answer) = answer(running.request(Method::GET, "/oauth/connections")).await;
    assert_eq!(status, 200, "{answer:#}");
    let items = answer["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{answer:#}");
    items[0].clone()
}

/// A call that asks the provider whose account it is, by way of a guest.
fn whose_account(running: &Running) -> RequestBuilder {
    running.request(Method::POST, "/registry/actions/account-probe.me/execute").json(&json!({ "input": {} }))
}

/// Whether an answer to [`whose_account`] has what the provider says to a token that it honours.
fn is_ours(status: u16, answer: &Value) -> bool {
    status == 200 && answer["output"].to_string().contains(client::ACCOUNT)
}

async fn assert_works(running: &Running, when: &str) {
    let (status, answer) = answer(whose_account(running)).await;
    assert!(is_ours(status, &answer), "{when}: {status} {answer:#}");
}

/// How many calls a host is running.
async fn in_flight(running: &Running) -> usize {
    let (_, stats) = answer(running.request(Method::GET, "/registry/stats")).await;
    let count = stats.pointer("/calls/inFlight").and_then(Value::as_u64).expect("a number");
    usize::try_from(count).expect("few calls")
}

/// Status and body; a body that is no JSON is a text.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("the answer is complete");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
