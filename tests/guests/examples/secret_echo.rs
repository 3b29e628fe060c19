//! A guest that tries to get at the credential on its requests: by what comes back, and by setting
//! headers that belong to the host.

use serde_json::{Map, Value, json};
use workway_sdk::prelude::*;
use workway_test_guests::outcome;

const HOST_HEADERS: [(&str, &str); 8] = [
    ("Authorization", "Bearer guest"),
    ("Host", "evil.example"),
    ("Content-Length", "1"),
    ("Connection", "keep-alive, authorization"),
    ("Proxy-Authorization", "Basic Z3Vlc3Q="),
    ("Cookie", "session=guest"),
    ("Transfer-Encoding", "chunked"),
    ("X-Split", "a\r\nAuthorization: Bearer guest"),
];

integration! {
    id: "secret-echo",
    name: "Secret echo",
    version: "1.0.0",
    description: "",
    hosts: ["api.example.com"],
    connections: [ConnectionNeed::required("example")],
    actions: [headers],
}

#[derive(Deserialize, JsonSchema)]
struct Headers {
    url: String,
}

/// Sends authorised requests and answers all that it sees.
#[action(provider = "example")]
fn headers(context: &Context, input: Headers) -> Result<Value> {
    let connection = context.connection("example")?;
    let plain = context.get(&input.url).auth(&connection).send();
    let mut own = Map::new();
    for (name, value) in HOST_HEADERS {
        let request = context.get(&input.url).header(name, value);
        own.insert(name.to_owned(), outcome::fetched(request.auth(&connection).send()));
    }
    Ok(json!({"plain": outcome::fetched(plain), "own": own}))
}
