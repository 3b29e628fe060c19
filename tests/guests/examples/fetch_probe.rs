//! A guest that fetches whatever it is told to and says exactly what came of it.

use std::time::Duration;

use serde_json::Value;
use workway_sdk::Request;
use workway_sdk::prelude::*;
use workway_test_guests::outcome;

integration! {
    id: "fetch-probe",
    name: "Fetch probe",
    version: "1.0.0",
    description: "",
    hosts: ["*.example.com", "api.example.org", "https://api.example.com:8443"],
    connections: [ConnectionNeed::optional("example")],
    actions: [fetch, fetch_all],
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Fetch {
    url: String,
    /// `GET` unless given.
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout_ms: Option<u64>,
    /// Whether the connection's credential goes on the request.
    #[serde(default)]
    auth: bool,
}

/// Sends one request.
#[action]
fn fetch(context: &Context, input: Fetch) -> Result<Value> {
    let connection = if input.auth {
        match context.connection("example") {
            Ok(connection) => Some(connection),
            Err(error) => return Ok(outcome::oauth_error(error)),
        }
    } else {
        None
    };
    let mut request: Request<'_> = context.fetch(input.method.as_deref().unwrap_or("GET"), &input.url);
    for (name, value) in &input.headers {
        request = request.header(name, value);
    }
    if let Some(body) = input.body {
        request = request.body(body);
    }
    if let Some(milliseconds) = input.timeout_ms {
        request = request.timeout(Duration::from_millis(milliseconds));
    }
    if let Some(connection) = &connection {
        request = request.auth(connection);
    }
    Ok(outcome::fetched(request.send()))
}

#[derive(Deserialize, JsonSchema)]
struct FetchAll {
    urls: Vec<String>,
}

/// Sends requests together.
#[action]
fn fetch_all(context: &Context, input: FetchAll) -> Result<Vec<Value>> {
    let answers = context.send_all(input.urls.iter().map(|url| context.get(url)));
    Ok(answers.into_iter().map(outcome::fetched).collect())
}
